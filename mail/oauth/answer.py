"""What a token server answers (RFC 6749, 5): a stranger's text, of which only what fits is taken."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from mail.oauth.errors import Denied, NotNow, TokenError
from models.ground import clock
from models.mailbox.secret import LONGEST_TOKEN, OAuth

LONGEST_ACCESS_TOKEN = 16_000
USUAL, LONGEST = timedelta(hours=1), timedelta(days=1)
"""How long an access token is good where its server does not say so, and at most."""


@dataclass(frozen=True, slots=True)
class Granted:
    """`lasts`: from now on; zero: for one sign-in. `refresh_token`: a new one, in place of the one that was sent."""

    access_token: str = field(repr=False)
    lasts: timedelta
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def granted(answer: Answer, oauth: OAuth, host: str) -> Granted:
    """Raises TokenError."""
    if answer.status != 200:
        raise _no(answer, oauth, host)
    members = _members(answer)
    token = _printable(members.get("access_token"), LONGEST_ACCESS_TOKEN)
    rotated = members.get("refresh_token") or None
    bearer = str(members.get("token_type", "bearer")).lower() == "bearer"
    if token is None or not bearer or (rotated is not None and _printable(rotated, LONGEST_TOKEN) is None):
        raise NotNow(f"What {host} gave is no access token. Look at the token URL.")
    return Granted(token, _lifetime(members.get("expires_in")), rotated)


def _no(answer: Answer, oauth: OAuth, host: str) -> TokenError:
    if 300 <= answer.status < 400:
        return NotNow(f"{host} leads elsewhere, and nothing is sent after it. Name the URL where the token itself is.")
    if answer.status == 429 or answer.status >= 500:
        wait = _retry_after(answer.headers.get("Retry-After", ""))
        return NotNow(f"{host} gives no access tokens at the moment ({answer.status}).", wait=wait)
    match error_of(answer):
        case "invalid_grant" | "interaction_required" | "consent_required":
            return Denied(
                f"The consent to read this mailbox has ended: {host} does not take the refresh token any more. It was"
                " withdrawn, or the next token was lost on its way here. Give the consent again there, and enter the"
                " new refresh token here.",
                part="refreshToken",
            )
        case "invalid_client":
            return Denied(
                f"{host} does not take the id of the client with its secret. Enter both as they stand there.",
                part="clientSecret" if oauth.client_secret else "clientId",
            )
        case "unauthorized_client":
            return Denied(
                f"{host} does not let this client fetch access tokens. Allow it there, or enter another client.",
                part="clientId",
            )
        case "invalid_request" | "invalid_scope" | "unsupported_grant_type" | "access_denied" as error:
            return NotNow(f"{host} gives no access token ({error}). It is asked again by itself.")
    return NotNow(f"{host} gives no access token ({answer.status}). Look at the token URL.")


def error_of(answer: Answer) -> str | None:
    """RFC 6749, 5.2. None where the status is that of no such refusal, whatever the page says."""
    error = _members(answer).get("error") if answer.status in {400, 401, 403} else None
    return error if isinstance(error, str) else None


def _members(answer: Answer) -> dict[str, Any]:
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _printable(token: object, longest: int) -> str | None:
    """RFC 6749, appendix A: whatever else stood in it might end a line or a field of the sign-in."""
    fits = isinstance(token, str) and len(token) <= longest and _VISIBLE.fullmatch(token)
    return str(token) if fits else None


_VISIBLE = re.compile("[\x20-\x7e]+")


def _lifetime(seconds: object) -> timedelta:
    if isinstance(seconds, str) and len(seconds) < 20 and seconds.isascii() and seconds.isdecimal():
        seconds = int(seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return USUAL
    return timedelta(seconds=min(max(seconds, 0), LONGEST.total_seconds()))


def _retry_after(header: str) -> float:
    """Seconds, or a date."""
    text = header.strip()[:40]
    try:
        if text.isascii() and text.isdecimal():
            seconds = float(text)
        else:
            date = parsedate_to_datetime(text)
            seconds = ((date if date.tzinfo else date.replace(tzinfo=UTC)) - clock.now()).total_seconds()
    except (ValueError, OverflowError):
        return 0.0
    return min(max(seconds, 0.0), LONGEST.total_seconds())
