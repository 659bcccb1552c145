"""Which ports a mail server may be on: else a mailbox could reach any service of the internet in our name."""

from models.errors import ErrorCode, Refusal
from models.ground import store
from models.ground.settings import Settings

USUAL = frozenset({25, 143, 465, 587, 993})
HTTPS = 443
_allowed: frozenset[int] | None = None


def limit_ports(settings: Settings) -> None:
    """Sets the ports that this installation allows; in development any."""
    global _allowed
    _allowed = None if settings.development else USUAL | frozenset(settings.mail_ports)


def must_be_mail_port(port: int, *path: str) -> None:
    """Raises INVALID."""
    if not 1 <= port <= 65_535:
        raise Refusal(ErrorCode.INVALID, "A port is a number from 1 to 65535.", *path)
    if why := why_not(port):
        raise Refusal(ErrorCode.INVALID, why, *path)


def why_not(port: int) -> str | None:
    """What is wrong with a port of a mail server, and what to do, in plain words; None: it may be called."""
    if _allowed is None or port in _allowed:
        return None
    *ports, last = sorted(_allowed)
    return (
        f"Mail servers are reached on the ports {', '.join(map(str, ports))} and {last} only, not on {port}. Name one"
        f" of these, or have whoever runs this installation add {port} to the setting SWITCHBOARD_MAIL_PORTS."
    )


def must_be_token_port(port: int, *path: str) -> None:
    """Raises INVALID."""
    if why := why_no_token_port(port):
        raise Refusal(ErrorCode.INVALID, why, *path)


def why_no_token_port(port: int) -> str | None:
    """The same for a port where access tokens are fetched."""
    if _allowed is None or port == HTTPS or port in _allowed - USUAL:
        return None
    return (
        f"Access tokens are fetched on port {HTTPS} only, not on {port}. Name a URL without a port, or have whoever"
        f" runs this installation add {port} to the setting SWITCHBOARD_MAIL_PORTS."
    )


async def take_up_ports() -> None:
    """Tries mailboxes again that stopped only because of a port which is allowed by now."""
    allowed = None if _allowed is None else list(_allowed)
    await store.execute(_TAKE_UP, allowed)
    await store.execute(_TAKE_UP_SENDING, allowed)


_TAKE_UP = """
UPDATE mailbox SET state = 'CHECKING', error_code = NULL, error_message = NULL, error_path = NULL, failures = 0
WHERE state = 'NEEDS_ATTENTION' AND error_path = 'imap.port' AND ($1::int[] IS NULL OR imap_port = ANY($1))
"""
_TAKE_UP_SENDING = """
UPDATE mailbox SET smtp_retry_at = NULL
WHERE smtp_error_path = 'smtp.port' AND ($1::int[] IS NULL OR smtp_port = ANY($1))
"""
