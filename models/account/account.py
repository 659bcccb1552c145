from enum import StrEnum
from typing import Any

from tortoise import Model, fields
from tortoise.contrib.postgres.fields import ArrayField


class AccountKind(StrEnum):
    COMPANY = "COMPANY"
    INDIVIDUAL = "INDIVIDUAL"
    OTHER = "OTHER"


class LoginStatus(StrEnum):
    """OFFLINE: no address has Login on. PENDING: at least one, none activated. ACTIVE: at least one activated (R11)."""

    OFFLINE = "OFFLINE"
    PENDING = "PENDING"
    ACTIVE = "ACTIVE"


class LoginIndicator(StrEnum):
    """GREEN for ACTIVE and PENDING, BEIGE for OFFLINE."""

    GREEN = "GREEN"
    BEIGE = "BEIGE"


class Account(Model):
    """`code_key`, `sort_key`: how lists sort, numbers by value, without accents. `words`: what a search finds."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    code = fields.CharField(30)
    code_key = fields.CharField(400)
    name = fields.CharField(200)
    sort_key = fields.CharField(400)
    kind = fields.CharEnumField(AccountKind, max_length=40)
    words: Any = ArrayField("text")
    archived_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    version = fields.IntField(default=1)

    class Meta:
        table = "account"
        unique_together = (("firm_id", "id"), ("firm_id", "code_key"))


class AccountContact(Model):
    """The link: accounts and contacts are many-to-many."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    account_id = fields.UUIDField()
    contact_id = fields.UUIDField()

    class Meta:
        table = "account_contact"
        unique_together = (("firm_id", "account_id", "contact_id"),)
