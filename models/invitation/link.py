"""What the link of a letter leads to, or why it is dead. Looking uses nothing up, as scanners follow links (R7)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from models import firm_key
from models.errors import DeadLink, DeadLinkReason
from models.ground import clock, secret_link, store

PURPOSE = "invitation"
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


@dataclass(frozen=True, slots=True)
class Link:
    """
    `address_id` of a client's; `member_id` and `member_name` of a colleague's, which has no `account_names`. `dead`:
    why; None: it opens.
    """

    firm_id: UUID
    firm_name: str
    invitation_id: UUID
    address_id: UUID | None
    member_id: UUID | None
    member_name: str | None
    address: str
    account_names: tuple[str, ...]
    expires_at: datetime
    dead: DeadLinkReason | None


async def followed(token: str) -> Link | None:
    """None where there never was such a link."""
    invitation_id = secret_link.row_of(token)
    invitation = await store.row(_LINK, invitation_id) if invitation_id else None
    if invitation is None:
        return None
    key = await firm_key.of(invitation["firm_id"])
    if not secret_link.is_token(key, token, PURPOSE, invitation["id"], invitation["seed"]):
        return None
    return Link(
        firm_id=invitation["firm_id"],
        firm_name=invitation["firm_name"],
        invitation_id=invitation["id"],
        address_id=invitation["address_id"],
        member_id=invitation["member_id"],
        member_name=invitation["member_name"],
        address=invitation["address"],
        account_names=tuple(invitation["account_names"]),
        expires_at=invitation["expires_at"],
        dead=dead_reason(invitation),
    )


_LINK = """
SELECT i.id, i.firm_id, i.address_id, i.member_id, i.seed, i.expires_at, f.name AS firm_name,
  coalesce(e.address, m.email) AS address, m.name AS member_name,
  CASE WHEN i.ended_at IS NULL AND p.id IS NOT NULL THEN 'USED' ELSE i.end_reason END AS end_reason,
  ARRAY(SELECT a.name FROM invitation_account c JOIN account a ON a.firm_id = c.firm_id AND a.id = c.account_id
        WHERE c.firm_id = i.firm_id AND c.invitation_id = i.id AND c.left_at IS NULL ORDER BY a.sort_key, a.id
  ) AS account_names
FROM invitation i JOIN firm f ON f.id = i.firm_id
LEFT JOIN email_address e ON e.firm_id = i.firm_id AND e.id = i.address_id
LEFT JOIN portal_user p ON p.firm_id = i.firm_id AND p.address_id = i.address_id
LEFT JOIN team_member m ON m.firm_id = i.firm_id AND m.id = i.member_id
WHERE i.id = $1
"""


def dead_reason(invitation: Record) -> DeadLinkReason | None:
    """Of a row with `end_reason` and `expires_at`; None: it opens."""
    if invitation["end_reason"] is not None:
        return DeadLinkReason(invitation["end_reason"])
    return DeadLinkReason.EXPIRED if invitation["expires_at"] <= clock.now() else None


def dead_link(reason: DeadLinkReason, *path: str | int, anew: str = "") -> DeadLink:
    """`anew`: how to get another link, said only where there may be one."""
    words = f"{WORDS[reason]} {anew}" if anew and reason in _ANEW else WORDS[reason]
    return DeadLink(words, *path, reason=reason)
