"""
What a mailbox signs in with: its password, or what access tokens are fetched with (RFC 6749, 6). Nobody is shown it
again: it is kept sealed, for its row only.
"""

import ipaddress
import json
import re
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from models import firm_key
from models.errors import ErrorCode, Faults, Refusal
from models.mailbox.ports import must_be_token_port

LONGEST_PASSWORD = 1000
LONGEST_TOKEN = 8000
"""Characters of a refresh token, client id or client secret: some are signed documents."""
LONGEST_URL = 1000


class SecretKind(StrEnum):
    PASSWORD = "PASSWORD"  # noqa: S105 - a kind, not a secret
    OAUTH = "OAUTH"


@dataclass(frozen=True, slots=True)
class OAuth:
    """`token_url`: where access tokens are fetched. `client_secret` None: of a public client (RFC 6749, 2.1)."""

    token_url: str = field(repr=False)
    client_id: str = field(repr=False)
    refresh_token: str = field(repr=False)
    client_secret: str | None = field(default=None, repr=False)


Secret = str | OAuth
"""A password, or the means of OAuth."""


def clean(secret: Secret) -> Secret:
    """The secret without blanks around what was pasted. Raises INVALID for all faults at once."""
    return _clean_oauth(secret) if isinstance(secret, OAuth) else _sayable(secret)


async def sealed(firm_id: UUID, mailbox_id: UUID, secret: Secret) -> dict[str, Any]:
    """The columns that keep it. Raises INVALID for what no server can be told."""
    kind, text = _as_text(clean(secret))
    key = await firm_key.of(firm_id)
    return {"secret": key.seal(text, firm_id, mailbox_id, _PLACES[kind]), "secret_kind": kind}


async def unsealed(firm_id: UUID, mailbox_id: UUID, columns: Any) -> Secret:
    """From a row with those columns. Raises keys.WrongKey."""
    kind = SecretKind(columns["secret_kind"])
    text = (await firm_key.of(firm_id)).unseal(columns["secret"], firm_id, mailbox_id, _PLACES[kind])
    return OAuth(**json.loads(text)) if kind is SecretKind.OAUTH else text


async def signature(firm_id: UUID, secret: Secret) -> dict[str, str]:
    """By which one idempotency key's inputs are compared (R31), without the secret itself."""
    kind, text = _as_text(clean(secret))
    name = _PLACES[kind]
    return {name: (await firm_key.of(firm_id)).signature(f"mailbox {name}", text)}


_PLACES = {SecretKind.PASSWORD: "password", SecretKind.OAUTH: "oauth"}


def _as_text(secret: Secret) -> tuple[SecretKind, str]:
    if isinstance(secret, OAuth):
        return SecretKind.OAUTH, json.dumps(asdict(secret), sort_keys=True)
    return SecretKind.PASSWORD, secret


def _sayable(password: str) -> str:
    """RFC 3501 has no NUL, CR or LF in a string."""
    if not 1 <= len(password) <= LONGEST_PASSWORD or _UNSPEAKABLE.search(password):
        message = f"The password must have 1 to {LONGEST_PASSWORD} characters and no line breaks."
        raise Refusal(ErrorCode.INVALID, message, "secret", "password")
    return password


_UNSPEAKABLE = re.compile("[\0\r\n\ud800-\udfff]")


def _clean_oauth(oauth: OAuth) -> OAuth:
    parts: dict[str, Any] = {}
    faults = Faults()
    for name, check in (
        ("token_url", partial(_token_url, oauth.token_url)),
        ("client_id", partial(_plain, oauth.client_id, "clientId", "The id of the client")),
        ("refresh_token", partial(_plain, oauth.refresh_token, "refreshToken", "The refresh token")),
        ("client_secret", partial(_plain_or_none, oauth.client_secret)),
    ):
        with faults:
            parts[name] = check()
    faults.must_be_none()
    return OAuth(**parts)


def _plain_or_none(secret: str | None) -> str | None:
    return _plain(secret, "clientSecret", "The secret of the client") if secret else None


def _plain(typed: str, name: str, label: str) -> str:
    """RFC 6749, appendix A: visible characters of ASCII, and blanks."""
    text = typed.strip()
    if not 1 <= len(text) <= LONGEST_TOKEN or not _VISIBLE.fullmatch(text):
        message = f"{label} must have 1 to {LONGEST_TOKEN} characters, all of them plain ASCII."
        raise Refusal(ErrorCode.INVALID, message, "secret", "oauth", name)
    return text


_VISIBLE = re.compile("[\x20-\x7e]+")


def _token_url(url: str) -> str:
    """RFC 6749, 3.2: by TLS, a query if need be, no fragment. Plain http on the loopback of a demo only."""
    url = url.strip()
    if len(url) > LONGEST_URL or not _WITHOUT_BLANKS.fullmatch(url):
        _refuse_url(f"The token URL must have 1 to {LONGEST_URL} characters, without blanks.")
    host, port, parts = _split(url)
    if not host or parts.scheme not in {"https", "http"} or "@" in parts.netloc or "#" in url:
        _refuse_url("The token URL must be like https://accounts.example/token, without a name, a password or a #.")
    if parts.scheme == "http" and not is_loopback(host):
        _refuse_url("Without TLS the refresh token would be readable on the way. The token URL begins with https.")
    must_be_token_port(port or (443 if parts.scheme == "https" else 80), "secret", "oauth", "tokenUrl")
    return url


_WITHOUT_BLANKS = re.compile(r"[^\s\0-\x20\x7f\\\ud800-\udfff]+")


def _split(url: str) -> tuple[str, int | None, SplitResult]:
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port, parts
    except ValueError:  # no number as a port, a bracket too many
        _refuse_url("The token URL cannot be read. It is like https://accounts.example/token.")


def _refuse_url(message: str) -> NoReturn:
    raise Refusal(ErrorCode.INVALID, message, "secret", "oauth", "tokenUrl")


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
