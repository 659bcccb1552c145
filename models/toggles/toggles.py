"""How toggles lie in the database."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tortoise import Model, fields
from tortoise.contrib.postgres.fields import ArrayField
from uuid_utils.compat import uuid7

from models.ground import store
from models.toggles.switches import Switch
from models.viewer import Actor


class Toggles(Model):
    """
    Unique per (account, address); contacts who share an address on an account share the row. `muted`: the categories
    that are off, in the enum's order (R13). `email_sync_since`: when Email sync went on; None while it is off (R20).
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    account_id = fields.UUIDField()
    address_id = fields.UUIDField()
    locals().update({switch: fields.BooleanField(default=False) for switch in Switch})
    muted: Any = ArrayField("text", default=list, db_default=[])
    former_contact_id = fields.UUIDField(null=True)
    email_sync_since = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)

    class Meta:
        table = "toggles"
        unique_together = (("firm_id", "id"), ("firm_id", "account_id", "address_id"))


async def ensure(by: Actor, pairs: Sequence[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """
    A row for each (account, address), all off where it is new (R4); answers those that are. Runs inside a transaction.
    """
    in_order = sorted(set(pairs))
    made = await store.rows(
        _ENSURE,
        by.firm_id,
        [uuid7() for _ in in_order],
        [account_id for account_id, _ in in_order],
        [address_id for _, address_id in in_order],
    )
    return {(account_id, address_id) for account_id, address_id in made}


_ENSURE = f"""
INSERT INTO toggles (id, firm_id, account_id, address_id, {", ".join(Switch)}, version)
SELECT n.id, $1, n.account_id, n.address_id, {", ".join("false" for _ in Switch)}, 1
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[]) AS n(id, account_id, address_id)
ON CONFLICT (firm_id, account_id, address_id) DO NOTHING RETURNING account_id, address_id
"""
