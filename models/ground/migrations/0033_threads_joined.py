"""The id of a thread that turned out to be part of another leads there, and entries of Inbox+ know their thread (R38)."""

from importlib import import_module

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops

YOUNGEST: str = import_module("models.ground.migrations.0008_keys_that_are_found").YOUNGEST
TABLES = "'notification'::regclass, 'thread_alias'::regclass"

# of the last message: whose senders' accounts asked for it, as far as it can still be said
CONVERSATIONS = """
UPDATE notification n SET thread_id = m.thread_id, senders = ARRAY(
  SELECT DISTINCT l.account_id FROM email_participant p
  JOIN email_address e ON e.firm_id = p.firm_id AND e.key = p.key
  JOIN toggles t ON t.firm_id = e.firm_id AND t.address_id = e.id AND t.email_sync
  JOIN email_account l ON l.firm_id = t.firm_id AND l.account_id = t.account_id AND l.email_id = m.id
  WHERE p.firm_id = m.firm_id AND p.email_id = m.id AND p.role IN ('FROM', 'SENDER') ORDER BY l.account_id)
FROM email m WHERE n.kind = 'EMAIL_RECEIVED' AND m.firm_id = n.firm_id AND m.id = n.subject_id
"""
ACCOUNTS = """
UPDATE notification n SET account_ids = ARRAY(
  SELECT l.account_id FROM email_account l WHERE l.firm_id = n.firm_id AND l.email_id = n.subject_id
  ORDER BY l.account_id)
WHERE n.kind = 'EMAIL_RECEIVED'
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0032_firm_keys")]

    operations = [
        ops.CreateModel(
            name="ThreadAlias",
            fields=[
                ("id", fields.UUIDField(primary_key=True)),
                ("firm_id", fields.UUIDField()),
                ("thread_id", fields.UUIDField()),
            ],
            options={
                "table": "thread_alias",
                "app": "models",
                "unique_together": (("firm_id", "id"),),
                "pk_attr": "id",
                "table_description": "`id`: of a thread that turned out to be part of another, `thread_id`, and leads"
                " there from now on.",
            },
            bases=["Model"],
        ),
        ops.AddField(model_name="Notification", name="thread_id", field=fields.UUIDField(null=True)),
        ops.AddField(
            model_name="Notification",
            name="senders",
            field=ArrayField(element_type="uuid", default=list, db_default=[]),
        ),
        ops.AddField(model_name="Notification", name="gone_at", field=fields.DatetimeField(null=True)),
        ops.RunSQL(
            [
                "ALTER TABLE thread_alias ADD FOREIGN KEY (firm_id) REFERENCES firm (id)",
                "CREATE INDEX thread_alias_by_thread ON thread_alias (firm_id, thread_id)",
                CONVERSATIONS,
                ACCOUNTS,
                "CREATE INDEX notification_by_thread ON notification (firm_id, thread_id) WHERE thread_id IS NOT NULL",
                "CREATE INDEX notification_gone ON notification (gone_at) WHERE gone_at IS NOT NULL",
                YOUNGEST.replace("WHERE contype = 'u'", f"WHERE contype = 'u' AND conrelid IN ({TABLES})"),
            ]
        ),
    ]
