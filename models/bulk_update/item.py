from enum import StrEnum
from typing import Any

from tortoise import Model, fields
from tortoise.contrib.postgres.fields import ArrayField

from models.errors import ErrorCode
from models.toggles import Switch


class BulkAction(StrEnum):
    DO_NOTHING = "DO_NOTHING"
    ENABLE_FOR_ALL = "ENABLE_FOR_ALL"
    DISABLE_FOR_ALL = "DISABLE_FOR_ALL"

    @property
    def wants(self) -> bool | None:
        """The wished position; None: leave it as it is."""
        return None if self is BulkAction.DO_NOTHING else self is BulkAction.ENABLE_FOR_ALL


class BulkOutcome(StrEnum):
    """INVITED: an invitation goes out, whether or not Login was on before; it does not also count as CHANGED."""

    CHANGED = "CHANGED"
    UNCHANGED = "UNCHANGED"
    INVITED = "INVITED"
    ERROR = "ERROR"


class BulkUpdateItem(Model):
    """
    One address on one account, or an account or contact without any, in the order of the report (`place`). Planned when
    the run begins, and done when its `turn` comes: a turn is all items of an address, at most 100.

    `held`: by a contact of the account when it was planned; else an unlinked email. `activated`: the address, at that
    time. Of each switch: its position before and after, the outcome, and the code of an error; NULL where nothing was
    asked of it. `muted_from`, `muted_to`: categories that are off, where some were named.
    """

    id = fields.BigIntField(primary_key=True)
    firm_id = fields.UUIDField()
    run_id = fields.UUIDField()
    place = fields.IntField()
    turn = fields.IntField()
    account_id = fields.UUIDField()
    address_id = fields.UUIDField(null=True)
    contact_id = fields.UUIDField(null=True)
    toggles_id = fields.UUIDField(null=True)
    held = fields.BooleanField(default=False, db_default=False)
    activated = fields.BooleanField(default=False, db_default=False)
    for switch in Switch:
        locals()[f"{switch}_from"] = fields.BooleanField(null=True)
        locals()[f"{switch}_to"] = fields.BooleanField(null=True)
        locals()[f"{switch}_outcome"] = fields.CharEnumField(BulkOutcome, max_length=20, null=True)
        locals()[f"{switch}_error"] = fields.CharEnumField(ErrorCode, max_length=40, null=True)
    del switch
    muted_from: Any = ArrayField("text", null=True)
    muted_to: Any = ArrayField("text", null=True)

    class Meta:
        table = "bulk_update_item"
        unique_together = (("firm_id", "run_id", "place"),)
