"""Attachments are saved to the Documents of accounts (R20)."""

from importlib import import_module

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.document.document import NotSavedReason

YOUNGEST: str = import_module("models.ground.migrations.0008_keys_that_are_found").YOUNGEST
TABLES = ", ".join(f"'{table}'::regclass" for table in ("email", "attachment", "account"))
REASONS = "'AUTO_SAVE_OFF', 'HISTORY', 'FILE_TYPE', 'TOO_LARGE', 'ALREADY_THERE', 'INLINE'"


class Migration(migrations.Migration):
    dependencies = [("models", "0044_mail_grows")]

    operations = [
        ops.CreateModel(
            name="Document",
            fields=[
                ("id", fields.UUIDField(primary_key=True)),
                ("firm_id", fields.UUIDField()),
                ("account_id", fields.UUIDField()),
                ("email_id", fields.UUIDField(null=True)),
                ("attachment_id", fields.UUIDField(null=True)),
                ("name", fields.TextField()),
                ("came_as", fields.TextField()),
                ("content_type", fields.CharField(max_length=255)),
                ("size", fields.BigIntField()),
                ("file", fields.CharField(max_length=100)),
                ("created_at", fields.DatetimeField()),
            ],
            options={"table": "document", "app": "models", "pk_attr": "id", "unique_together": (("firm_id", "id"),)},
            bases=["Model"],
        ),
        ops.AddField(model_name="Firm", name="auto_save_since", field=fields.DatetimeField(null=True)),
        ops.AddField(
            model_name="Firm",
            name="auto_save_attachments",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(model_name="Toggles", name="email_sync_since", field=fields.DatetimeField(null=True)),
        ops.AddField(
            model_name="Attachment",
            name="unfit",
            field=fields.CharEnumField(enum_type=NotSavedReason, max_length=40, null=True),
        ),
        ops.AddField(
            model_name="Attachment",
            name="not_saved",
            field=fields.CharEnumField(
                enum_type=NotSavedReason,
                max_length=40,
                null=True,
                default=NotSavedReason.AUTO_SAVE_OFF,
                db_default=NotSavedReason.AUTO_SAVE_OFF.value,
            ),
        ),
        ops.RunSQL(
            [
                "UPDATE toggles SET email_sync_since = now() WHERE email_sync",
                f"ALTER TABLE attachment ADD CHECK (unfit IN ({REASONS})), ADD CHECK (not_saved IN ({REASONS}))",
                "ALTER TABLE document ADD FOREIGN KEY (firm_id) REFERENCES firm (id)",
                "ALTER TABLE document ADD FOREIGN KEY (firm_id, account_id) REFERENCES account (firm_id, id)",
                "ALTER TABLE document ADD FOREIGN KEY (firm_id, email_id) REFERENCES email (firm_id, id)",
                "ALTER TABLE document ADD FOREIGN KEY (firm_id, attachment_id) REFERENCES attachment (firm_id, id)",
                "CREATE INDEX document_by_account ON document (firm_id, account_id, created_at, id)",
                "CREATE INDEX document_by_email ON document (firm_id, email_id) WHERE email_id IS NOT NULL",
                "CREATE INDEX document_by_attachment ON document (firm_id, attachment_id)"
                " WHERE attachment_id IS NOT NULL",
                "CREATE INDEX document_by_file ON document (firm_id, file)",
                YOUNGEST.replace("WHERE contype = 'u'", f"WHERE contype = 'u' AND conrelid IN ({TABLES})"),
            ]
        ),
    ]
