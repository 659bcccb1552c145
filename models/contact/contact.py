from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tortoise import Model, fields
from tortoise.contrib.postgres.fields import ArrayField

from models.ground import store
from models.text import words


class Contact(Model):
    """`words` are what a search finds: those of the name and of all addresses."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    name = fields.CharField(200)
    sort_key = fields.CharField(400)
    words: Any = ArrayField("text")
    created_at = fields.DatetimeField()
    version = fields.IntField(default=1)

    class Meta:
        table = "contact"
        unique_together = (("firm_id", "id"),)


class ContactEmailRow(Model):
    """One address in one field of one contact."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    contact_id = fields.UUIDField()
    field_id = fields.UUIDField()
    address_id = fields.UUIDField()

    class Meta:
        table = "contact_email"
        unique_together = (("firm_id", "contact_id", "field_id"), ("firm_id", "contact_id", "address_id"))


async def find_by(firm_id: UUID, contact_id: UUID, name: str, addresses: Sequence[str]) -> None:
    """Writes `words` anew."""
    query = "UPDATE contact SET words = $3 WHERE firm_id = $1 AND id = $2"
    await store.execute(query, firm_id, contact_id, words(name, *addresses))
