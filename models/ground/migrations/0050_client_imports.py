"""Imports of clients: the rows of the file, and what stands against them (R40)."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.client_import.result import RowOutcome
from models.errors import ErrorCode


class Migration(migrations.Migration):
    dependencies = [("models", "0049_references")]

    operations = [
        ops.CreateModel(
            name="ClientImportRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("firm_id", fields.UUIDField()),
                ("run_id", fields.UUIDField()),
                ("number", fields.IntField()),
                ("cells", fields.JSONField(null=True)),
                ("fault", fields.TextField(default="", db_default="")),
                ("turn", fields.IntField(null=True)),
                ("account_id", fields.UUIDField(null=True)),
                ("is_ambiguous", fields.BooleanField(default=False, db_default=False)),
                ("outcome", fields.CharEnumField(enum_type=RowOutcome, null=True, max_length=20)),
                ("contact_id", fields.UUIDField(null=True)),
            ],
            options={
                "table": "client_import_row",
                "app": "models",
                "unique_together": (("firm_id", "run_id", "number"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ClientImportError",
            fields=[
                ("id", fields.UUIDField(primary_key=True)),
                ("firm_id", fields.UUIDField()),
                ("run_id", fields.UUIDField()),
                ("number", fields.IntField()),
                ("header", fields.TextField(null=True)),
                ("code", fields.CharEnumField(enum_type=ErrorCode, max_length=40)),
                ("message", fields.TextField()),
            ],
            options={
                "table": "client_import_error",
                "app": "models",
                "unique_together": (("firm_id", "id"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE client_import_row ADD FOREIGN KEY (firm_id, run_id) REFERENCES run (firm_id, id)",
                "ALTER TABLE client_import_row ADD FOREIGN KEY (firm_id, account_id) REFERENCES account (firm_id, id)",
                "CREATE INDEX client_import_row_by_turn ON client_import_row (firm_id, run_id, turn, number)",
                # a contact may be deleted later (R48), so it is no key
                "CREATE INDEX client_import_row_by_contact ON client_import_row (firm_id, run_id, contact_id)"
                " WHERE contact_id IS NOT NULL",
                "CREATE INDEX client_import_row_bad ON client_import_row (firm_id, run_id, number)"
                " WHERE outcome = 'ERROR'",
                "ALTER TABLE client_import_error ADD FOREIGN KEY (firm_id, run_id) REFERENCES run (firm_id, id)",
                "CREATE INDEX client_import_error_by_row ON client_import_error (firm_id, run_id, number, id)",
            ]
        ),
    ]
