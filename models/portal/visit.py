from collections.abc import Sequence
from uuid import UUID

from tortoise import Model, fields
from uuid_utils.compat import uuid7

from models.ground import clock, store


class PortalVisit(Model):
    """When a client last worked in an account: what came since waits there (R36)."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    user_id = fields.UUIDField()
    account_id = fields.UUIDField()
    last_at = fields.DatetimeField()

    class Meta:
        table = "portal_visit"
        unique_together = (("firm_id", "user_id", "account_id"),)


async def visited(firm_id: UUID, user_id: UUID, account_ids: Sequence[UUID]) -> None:
    """The client works there now, or did until now: what comes from now on waits (R36)."""
    in_order = sorted(account_ids)
    await store.execute(_VISITED, firm_id, user_id, clock.now(), [uuid7() for _ in in_order], in_order)


_VISITED = """
INSERT INTO portal_visit (id, firm_id, user_id, account_id, last_at)
SELECT n.id, $1, $2, n.account_id, $3 FROM unnest($4::uuid[], $5::uuid[]) AS n(id, account_id)
ON CONFLICT (firm_id, user_id, account_id) DO UPDATE SET last_at = excluded.last_at
"""
