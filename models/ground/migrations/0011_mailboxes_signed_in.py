"""
An address is the firm's own once its mailbox has signed in (R46). One that was synced has; what else is known of it is
who answers for it until then.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.notification.notification import NotificationKind

# whoever has a folder was let in, also where the first pass never came to its end
SIGNED_IN = """
UPDATE mailbox b SET signed_in_at = coalesce(last_sync_at, created_at) WHERE last_sync_at IS NOT NULL
OR EXISTS (SELECT 1 FROM mail_folder f WHERE f.firm_id = b.firm_id AND f.mailbox_id = b.id)
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0010_addresses_compared_anew")]

    operations = [
        ops.AddField(model_name="Mailbox", name="signed_in_at", field=fields.DatetimeField(null=True)),
        ops.AddField(model_name="Mailbox", name="changed_by", field=fields.UUIDField(null=True)),
        ops.AlterField(
            model_name="Notification",
            name="kind",
            field=fields.CharEnumField(enum_type=NotificationKind, max_length=40),
        ),
        ops.RunSQL(
            [
                "ALTER TABLE mailbox ADD FOREIGN KEY (firm_id, changed_by) REFERENCES team_member (firm_id, id)",
                SIGNED_IN,
            ]
        ),
    ]
