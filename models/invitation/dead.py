"""Why a link is dead, in code and in words (R9)."""

from asyncpg import Record

from models.errors import DeadLink, DeadLinkReason
from models.ground import clock

_ANEW = {DeadLinkReason.EXPIRED, DeadLinkReason.REVOKED, DeadLinkReason.SENT_AGAIN}
FOR_CLIENT = "You can ask for a new one."  # R42
FOR_COLLEAGUE = "Ask an owner or an admin of the firm for a new one."
WORDS = {
    DeadLinkReason.USED: "This invitation has been accepted already. Sign in with your password.",
    DeadLinkReason.EXPIRED: "This invitation has expired.",
    DeadLinkReason.REVOKED: "The firm has taken this invitation back.",
    DeadLinkReason.SENT_AGAIN: "A newer invitation has been sent. Open the link of the latest letter.",
    DeadLinkReason.LOGIN_OFF: "The firm has switched your access off. Ask the firm if you need it.",
    DeadLinkReason.ADDRESS_CHANGED: "The firm writes to you at another address now. Look for its letter there.",
    DeadLinkReason.UNLINKED: "The firm no longer keeps this address for its client. Ask the firm if you need access.",
}


def dead_reason(row: Record) -> DeadLinkReason | None:
    """Of a row with `end_reason` and `expires_at`; None: it opens."""
    if row["end_reason"] is not None:
        return DeadLinkReason(row["end_reason"])
    return DeadLinkReason.EXPIRED if row["expires_at"] <= clock.now() else None


def dead_link(reason: DeadLinkReason, *path: str | int, anew: str = "") -> DeadLink:
    """`anew`: how whoever holds the link comes by another one, where there may be one."""
    words = f"{WORDS[reason]} {anew}" if anew and reason in _ANEW else WORDS[reason]
    return DeadLink(words, *path, reason=reason)
