"""
A mailbox can be disconnected: what it left goes in small steps, and its address is free at once. Files that nothing
names any more can be told from others without listing them.
"""

from importlib import import_module

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

YOUNGEST: str = import_module("models.ground.migrations.0008_keys_that_are_found").YOUNGEST
TABLES = ", ".join(f"'{table}'::regclass" for table in ("mailbox", "email", "attachment", "occurrence", "notification"))
FREE_ADDRESS = """
DO $$
DECLARE
  name text;
BEGIN
  SELECT conname INTO name FROM pg_constraint WHERE conrelid = 'mailbox'::regclass
    AND pg_get_constraintdef(oid) = 'UNIQUE (firm_id, address_key)';
  EXECUTE format('ALTER TABLE mailbox DROP CONSTRAINT %I', name);
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0036_runs_given_up")]

    operations = [
        ops.AddField(model_name="Mailbox", name="disconnected_at", field=fields.DatetimeField(null=True)),
        ops.AddField(model_name="Mailbox", name="forgets", field=fields.BooleanField(default=False, db_default=False)),
        ops.AddField(model_name="Mailbox", name="forgotten", field=fields.IntField(default=0, db_default=0)),
        ops.AlterModelOptions(
            name="Mailbox",
            options={"table": "mailbox", "app": "models", "pk_attr": "id", "unique_together": (("firm_id", "id"),)},
        ),
        ops.CreateModel(
            name="UnnamedFile",
            fields=[
                ("id", fields.UUIDField(primary_key=True)),
                ("firm_id", fields.UUIDField()),
                ("name", fields.CharField(max_length=100)),
                ("since", fields.DatetimeField()),
            ],
            options={
                "table": "unnamed_file",
                "app": "models",
                "pk_attr": "id",
                "unique_together": (("firm_id", "name"),),
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                FREE_ADDRESS,
                "CREATE UNIQUE INDEX mailbox_by_address ON mailbox (firm_id, address_key) WHERE disconnected_at IS NULL",
                "CREATE INDEX email_by_mailbox ON email (firm_id, mailbox_id)",
                "CREATE INDEX email_by_source ON email (firm_id, raw_file)",
                "CREATE INDEX attachment_by_file ON attachment (firm_id, file)",
                "CREATE INDEX occurrence_by_email ON occurrence (firm_id, email_id) WHERE email_id IS NOT NULL",
                "CREATE INDEX occurrence_by_file ON occurrence (firm_id, raw_file) WHERE raw_file IS NOT NULL",
                "CREATE INDEX notification_by_subject ON notification (firm_id, subject_id)",
                "ALTER TABLE unnamed_file ADD FOREIGN KEY (firm_id) REFERENCES firm (id)",
                "CREATE INDEX unnamed_file_by_age ON unnamed_file (since)",
                YOUNGEST.replace("WHERE contype = 'u'", f"WHERE contype = 'u' AND conrelid IN ({TABLES})"),
            ]
        ),
    ]
