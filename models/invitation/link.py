"""What the link of a letter leads to. Looking uses nothing up: mail scanners follow links (R7)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models import firm_key
from models.errors import DeadLinkReason
from models.ground import secret_link, store
from models.invitation.dead import dead_reason

PURPOSE = "invitation"


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
    row_id = secret_link.row_of(token)
    row = await store.row(_LINK, row_id) if row_id else None
    if row is None:
        return None
    if not secret_link.is_token(await firm_key.of(row["firm_id"]), token, PURPOSE, row["id"], row["seed"]):
        return None
    return Link(
        firm_id=row["firm_id"],
        firm_name=row["firm_name"],
        invitation_id=row["id"],
        address_id=row["address_id"],
        member_id=row["member_id"],
        member_name=row["member_name"],
        address=row["address"],
        account_names=tuple(row["account_names"]),
        expires_at=row["expires_at"],
        dead=dead_reason(row),
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
