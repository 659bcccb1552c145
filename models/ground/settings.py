"""The only reader of the environment. Every setting has a default that works on one machine."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import idna
from email_validator import EmailNotValidError, validate_email
from pydantic import AliasChoices, Field, FilePath, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

UNNAMED = "switchboard.invalid"
LONGEST_LOCAL_PART, RETURN_TOKEN = 64, 45
"""Characters of an address before its `@` (RFC 5321, 4.5.3.1.1), and of what a return address says of its letter."""


class Settings(BaseSettings):
    """
    Read from the environment: `SWITCHBOARD_<NAME>`, and the three that every platform knows by name: `DATABASE_URL`,
    `HOST`, `PORT`.

    Raises pydantic.ValidationError with the name of the setting that is wrong.
    """

    model_config = SettingsConfigDict(
        env_prefix="SWITCHBOARD_", populate_by_name=True, extra="ignore", hide_input_in_errors=True
    )

    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    """PostgreSQL 16 or later. Absent: a server of our own under `var`."""
    host: str = Field(default="127.0.0.1", validation_alias="HOST")
    port: int = Field(default=8000, ge=0, le=65535, validation_alias="PORT")

    var: Path = Path("var")
    """Folder for all that the program keeps outside PostgreSQL."""
    key: SecretStr | None = None
    """The installation's key: 64 hexadecimal digits. Absent: made once, and kept in `var/key`."""
    old_key: SecretStr | None = None
    """The one before it: `switchboard rotate-key` alone reads it. Absent: `var/key.old`."""
    files_url: str | None = None
    """Where message sources and attachments are kept, such as `s3://bucket/prefix`. Absent: `var/files`."""
    wakeups_url: str | None = None
    """What carries wake-ups between processes. Absent: the database itself."""
    public_url: str | None = None
    """How browsers reach the server, as in signed links. Absent: `http://host:port`."""
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins of single-page apps that may use the cookie, apart from our own; separated by commas."""
    development: bool = True
    """GraphiQL, introspection, plain-http cookies and mail servers on private addresses. Off in production."""
    session_days: int = Field(default=30, ge=1)
    """How long a session lasts at most."""
    session_idle_days: int = Field(default=14, ge=1, le=3650)
    """How long it lasts unused."""
    pool_size: int = Field(default=10, ge=2)
    """Connections of one process to PostgreSQL."""
    documents: FilePath | None = None
    """A JSON object `{"<id or sha256>": "<document>"}`: only these documents run. Absent: any within the limits."""

    mail_ports: Annotated[tuple[int, ...], NoDecode] = ()
    """Outside development, where else mail servers of mailboxes may be than on 25, 143, 465, 587 and 993."""
    smtp_url: SecretStr | None = None
    """Where letters are handed over: `smtps://name:password@host:465` (TLS), `smtp://host:587` (STARTTLS; plain on the
    loopback only). Absent: letters wait."""
    smtp_connections: int = Field(default=20, ge=1, le=200)
    """Of one worker to that server, at once."""
    mail_from: str | None = None
    """The address that letters come from. Absent: letters wait."""
    return_path: str | None = None
    """Where reports on letters go: `bounces+{letter}@portal.example`, each letter with its signed id in that place.
    Absent: to `mail_from`."""
    return_mailbox: SecretStr | None = None
    """Where reports on the letters of all firms are read: `imaps://name:password@host:993/folder` (TLS),
    `imap://host:143` (STARTTLS; plain on the loopback only). Absent: in the firms' own mailboxes alone."""
    letters_per_hour: int = Field(default=20_000, ge=1)
    """Of one firm."""
    letters_per_recipient: int = Field(default=5, ge=1)
    """Of one firm to one address, in an hour."""
    notices_per_recipient: int = Field(default=30, ge=1)
    """Letters with notices of one firm to one address, in an hour."""
    emails_per_hour: int = Field(default=100, ge=1)
    """Regular e-mails that people send from one mailbox: a stolen session is no mailing list."""

    metrics: bool = False
    """`/metrics` for Prometheus, reached from this machine, or from anywhere with `metrics_token`."""
    metrics_token: SecretStr | None = None
    otel_endpoint: str | None = Field(
        default=None, validation_alias=AliasChoices("SWITCHBOARD_OTEL_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    )
    """An OpenTelemetry collector that takes OTLP over HTTP, as `http://host:4318`: told a span for each operation."""
    operations_at_once: int = Field(default=20, ge=1)
    """Queries and mutations of one session that may run at a time."""
    subscriptions_at_once: int = Field(default=200, ge=1)
    """Subscriptions of one session that may be open at a time."""
    operation_seconds: float = Field(default=30, gt=0)
    """How long a query or a mutation may take, with its SQL."""
    cost_per_person: int = Field(default=1_000_000, ge=1)
    """Nodes and fields that one person may ask for in a minute; see graph.process.budget.price."""
    cost_per_firm: int = Field(default=10_000_000, ge=1)
    cost_per_stranger: int = Field(default=6_000, ge=1)
    """What those who are not signed in may ask for in a minute from one network; graph.process.budget.price_unseen."""

    @field_validator("wakeups_url")
    @classmethod
    def _carries_wakeups(cls, value: str | None) -> str | None:
        scheme = (value or "postgres:").split(":")[0]
        if scheme not in {"postgres", "postgresql", "redis", "rediss", "unix"}:
            raise ValueError("say redis://host:6379/0, rediss:// (TLS), unix:///its/socket, or postgres://")
        if not scheme.startswith("postgres") and find_spec("redis") is None:
            raise ValueError("Redis needs one more package: pip install 'redis<8'")
        return value

    @field_validator("mail_ports", mode="before")
    @classmethod
    def _are_ports(cls, value: object) -> object:
        ports = _parts(value) if isinstance(value, str) else value
        if not isinstance(ports, tuple) or not all(_is_port(str(port)) for port in ports):
            raise ValueError("say the numbers, separated by commas, as in 1993,2525")
        return ports

    @field_validator("smtp_url")
    @classmethod
    def _takes_letters(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                parts = urlsplit(value.get_secret_value())
                good = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
            except ValueError:
                good = False
            if not good:
                raise ValueError("say smtps://name:password@host:465, or smtp://name:password@host:587 for STARTTLS")
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        try:
            return value and validate_email(value, check_deliverability=False, test_environment=True).normalized
        except EmailNotValidError:
            raise ValueError("say one address, as in portal@firm.example") from None

    @field_validator("return_path")
    @classmethod
    def _names_a_letter(cls, value: str | None) -> str | None:
        if not value:
            return None
        prefix, placed, rest = value.partition("{letter}")
        most = LONGEST_LOCAL_PART - RETURN_TOKEN
        named = prefix + "a" * RETURN_TOKEN + rest
        try:
            if not placed or not rest.startswith("@") or not named.isascii() or len(prefix) > most:
                raise EmailNotValidError
            validate_email(named, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            words = f"say bounces+{{letter}}@portal.example, with at most {most} characters before {{letter}}"
            raise ValueError(words) from None
        return value

    @field_validator("return_mailbox")
    @classmethod
    def _is_a_mailbox(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value():
            return None
        if value is not None:
            try:
                parts = urlsplit(value.get_secret_value())
                named = bool(parts.hostname and parts.username and parts.password)
                good = parts.scheme in {"imap", "imaps"} and named and parts.port != 0
            except ValueError:
                good = False
            if not good:
                raise ValueError(
                    "say imaps://name:password@host:993/folder, or imap:// for STARTTLS; in the name and the password"
                    " write @ as %40, / as %2F"
                )
        return value

    @field_validator("otel_endpoint")
    @classmethod
    def _takes_spans(cls, value: str | None) -> str | None:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("say http://host:4318 or https://")
        if value and find_spec("opentelemetry") is None:
            raise ValueError("OpenTelemetry needs more packages: pip install -e '.[otel]'")
        return value or None

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return _parts(value) if isinstance(value, str) else value

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        origins = [_origin(origin) for origin in value if re.fullmatch(r"[^/]+://[^/?#]+/?", origin)]
        if None in origins or len(origins) < len(value):
            raise ValueError("say each as browsers do, as in https://app.firm.example; `*` would be anybody's page")
        return tuple(origin for origin in origins if origin)

    @field_validator("public_url")
    @classmethod
    def _is_a_url(cls, value: str | None) -> str | None:
        if value and _origin(value) is None:
            raise ValueError("say it in full, as in https://portal.firm.example")
        return value or None

    @property
    def cookie(self) -> str:
        """Browsers send it to this host only, over TLS or to the loopback (RFC 6265bis)."""
        return "__Host-switchboard"

    @property
    def device_cookie(self) -> str:
        """So too; what a device keeps of those who have signed in there (models.session.marks)."""
        return "__Host-switchboard-device"

    @property
    def letters_wait(self) -> str | None:
        """Why, in plain words; None: they leave."""
        missing = [f"SWITCHBOARD_{name.upper()}" for name in ("smtp_url", "mail_from") if getattr(self, name) is None]
        return f"Letters wait until {' and '.join(missing)} say how they leave." if missing else None

    @property
    def mail_domain(self) -> str:
        """
        What our Message-IDs end in: the domain that letters come from, else the host of `public_url`. A bare label or
        an address of the network would look like spam (RFC 5322, 3.6.4).
        """
        hosts = ((self.mail_from or "").rpartition("@")[2], urlsplit(self.public_url or "").hostname or "")
        named = (host for host in hosts if "." in host and ":" not in host and not host.rpartition(".")[2].isdigit())
        host = next(named, UNNAMED)
        return host if host.isascii() else idna.encode(host, uts46=True).decode()

    @property
    def trusted_origins(self) -> tuple[str, ...]:
        """Whose pages may use the cookie, whatever `Host` a proxy makes of what browsers asked for."""
        own = _origin(self.base_url)
        return (*self.allowed_origins, *([own] if own else []))

    @property
    def base_url(self) -> str:
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


def _is_port(value: str) -> bool:
    return bool(re.fullmatch("[0-9]{1,5}", value)) and 1 <= int(value) <= 65_535


def _parts(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _origin(url: str) -> str | None:
    """As browsers send it: in lower case, without the port that goes without saying. None: it has none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or "*" in host or parts.username is not None:
        return None
    named = f"[{host}]" if ":" in host else host
    default = port is None or port == {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{named}" + ("" if default else f":{port}")
