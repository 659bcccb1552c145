"""What the outbox writes down of a letter; bounces in Inbox+."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.notification.notification import NotificationKind


class Migration(migrations.Migration):
    dependencies = [("models", "0005_portal_guards")]

    operations = [
        ops.AddField(model_name="Letter", name="copy_of", field=fields.UUIDField(null=True)),
        ops.AddField(model_name="Letter", name="failing_since", field=fields.DatetimeField(null=True)),
        ops.AddField(model_name="Letter", name="handed_over", field=fields.IntField(default=0, db_default=0)),
        ops.AlterField(
            model_name="Notification",
            name="kind",
            field=fields.CharEnumField(enum_type=NotificationKind, max_length=40),
        ),
        ops.RunSQL(
            [
                "ALTER TABLE letter ADD FOREIGN KEY (firm_id, copy_of) REFERENCES letter (firm_id, id)",
                "CREATE INDEX letter_copies ON letter (firm_id, copy_of) WHERE copy_of IS NOT NULL",
            ]
        ),
    ]
