from typing import Any

from tortoise import Model, fields

from models.client_import.result import RowOutcome
from models.errors import ErrorCode


class ClientImportRow(Model):
    """
    A row of the file, `number` as people count it. `fault`: why the row as a whole could not be read. `turn`: the same
    for all rows of one account, found when the import begins, with the id of the account or whether it may be one of
    several. `cells`: as in the file; deleted once the row is done well.
    """

    id = fields.BigIntField(primary_key=True)
    firm_id = fields.UUIDField()
    run_id = fields.UUIDField()
    number = fields.IntField()
    cells: Any = fields.JSONField(null=True)
    fault = fields.TextField(default="", db_default="")
    turn = fields.IntField(null=True)
    account_id = fields.UUIDField(null=True)
    is_ambiguous = fields.BooleanField(default=False, db_default=False)
    outcome = fields.CharEnumField(RowOutcome, max_length=20, null=True)
    contact_id = fields.UUIDField(null=True)

    class Meta:
        table = "client_import_row"
        unique_together = (("firm_id", "run_id", "number"),)


class ClientImportError(Model):
    """What is wrong with a row. `header`: of the column; None: the row as a whole."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    run_id = fields.UUIDField()
    number = fields.IntField()
    header = fields.TextField(null=True)
    code = fields.CharEnumField(ErrorCode, max_length=40)
    message = fields.TextField()

    class Meta:
        table = "client_import_error"
        unique_together = (("firm_id", "id"),)
