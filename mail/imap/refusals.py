"""What a NO, a BAD or a BYE means: that nothing is wrong but the moment, that the session is over, or what was asked.

Codes are those of RFC 5530 and RFC 7889, THROTTLED and OVERQUOTA what Gmail says of too much traffic; the words are
those that servers without codes use.
"""

import json
import re
from base64 import b64decode

from mail.imap.answers import response_code, sentence
from mail.imap.errors import Busy, ImapError, Refused, SecretRefused, Unreachable

_BUSY_CODES = {"UNAVAILABLE", "INUSE", "LIMIT", "THROTTLED", "OVERQUOTA"}
_BUSY_WORDS = re.compile(
    rb"throttl|bandwidth limit|rate.?limit|too many (?:commands|connections|requests|simultaneous)"
    rb"|server (?:is )?(?:busy|overloaded|unavailable)",
    re.IGNORECASE,
)
_OVER_CODES = {"AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED"}
_OVER_WORDS = re.compile(
    rb"session (?:has )?(?:been )?(?:expired|invalidated|terminated|timed out)|token ?(?:has |is )?expired"
    rb"|not (?:authenticated|logged in|signed in)|authenticated but not connected|(?:log|sign) ?in (?:again|first)"
    rb"|(?:invalid|wrong) state|in this state",
    re.IGNORECASE,
)
# The name and the password were never looked at.
_NO_SIGN_IN_CODES = _BUSY_CODES | {"SERVERBUG", "CONTACTADMIN", "CANNOT"}
_NO_SIGN_IN_WORDS = re.compile(
    rb"too many|maximum number|temporar|try (?:again|later)|unavailable|not available|rate.?limit|throttl|timed? ?out"
    rb"|internal error|server error|server (?:is )?(?:busy|overloaded)|maintenance|bandwidth|system error|bad gateway"
    rb"|backend",
    re.IGNORECASE,
)
_APP_PASSWORD = re.compile(rb"application.specific|app.?(?:specific )?password|authorization code", re.IGNORECASE)
_CHALLENGE_LIMIT = 4_096


def refused(text: bytes) -> ImapError:
    """One command was refused on a line that is signed in. A password is not at fault there: it was right before."""
    code, reason = response_code(text), sentence(text)
    if code in _OVER_CODES or _OVER_WORDS.search(text):
        return Unreachable(f"The mail server ended the session: {reason}")
    if code in _BUSY_CODES or _BUSY_WORDS.search(text):
        return Busy(f"The mail server asks for patience: {reason}", response_code=code)
    return Refused(f"The mail server refused: {reason}", response_code=code)


def append_refused(text: bytes) -> ImapError:
    """What was to be put into a folder was not taken: there is no room, or no such folder (RFC 5530, RFC 3501, 7.1)."""
    code, reason = response_code(text), sentence(text)
    if code == "OVERQUOTA" and not _BUSY_WORDS.search(text):
        return Refused(f"The mailbox is full. Make room there; the mail server says: {reason}", response_code=code)
    if code in ("TRYCREATE", "NONEXISTENT"):
        return Refused(f"The mail server has no such folder: {reason}", response_code=code)
    return refused(text)


def sign_in_refused(result: str, text: bytes, *, challenge: bytes | None, goodbye: bytes, token: bool) -> ImapError:
    """
    `challenge`: what XOAUTH2 asked once more instead of an OK, base64 of JSON with a status as in HTTP. `goodbye`: the
    words of a BYE that came before. Nothing that the server said is repeated.
    """
    code, status = response_code(text), _status(challenge)
    looked_at = code in _OVER_CODES or response_code(goodbye) in _OVER_CODES
    if status.startswith("5") or status == "429" or (not looked_at and _is_no_sign_in(code, text + b" " + goodbye)):
        return Unreachable("The mail server takes no sign-in at the moment.")
    if code == "PRIVACYREQUIRED":
        return Refused("The mail server takes no password on this line. Try another kind of encryption.")
    if result == "BAD" and not looked_at and not status:
        return Refused("The mail server did not understand the sign-in.", response_code=code)
    return SecretRefused(_why(text, token=token))


def _is_no_sign_in(code: str, text: bytes) -> bool:
    return code in _NO_SIGN_IN_CODES or _NO_SIGN_IN_WORDS.search(text) is not None


def _why(text: bytes, *, token: bool) -> str:
    if token:
        return "The mail server refused the access that was granted: it has ended, was withdrawn, or covers no IMAP."
    if _APP_PASSWORD.search(text):
        return "The mail server wants a password made for apps, not the usual one. Make one in the provider's settings."
    return "The mail server refused the name or the password."


def _status(challenge: bytes | None) -> str:
    """ "400" of Gmail, "invalid_token" of Dovecot; empty where nothing was said."""
    try:
        details = json.loads(b64decode((challenge or b"")[:_CHALLENGE_LIMIT]))
    except (ValueError, RecursionError):
        return ""
    return str(details.get("status", "")) if isinstance(details, dict) else ""
