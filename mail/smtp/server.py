"""Where letters are handed over: `smtps://name:password@host:465` (TLS) or `smtp://…:587` (STARTTLS)."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from models.mailbox.server import MailSecurity

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The line is always secured, and plain on the loopback only. `access_token`: sign in by XOAUTH2 instead."""

    host: str
    port: int
    security: MailSecurity
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)

    @classmethod
    def of_url(cls, url: str) -> "SmtpServer":
        """Of a URL that the settings have checked."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "smtps":
            security, port = MailSecurity.TLS, 465
        elif host in LOOPBACK:
            security, port = MailSecurity.NONE, 25
        else:
            security, port = MailSecurity.STARTTLS, 587
        username = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        return cls(host, parts.port or port, security, username, password)
