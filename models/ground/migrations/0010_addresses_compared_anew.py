"""
Addresses are no longer compared by full case folding: ß is not ss. The keys themselves are made anew at the next start
(`respelling.compare_anew`), where the key of the installation is known that their hashes need.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.notification.notification import NotificationKind


class Migration(migrations.Migration):
    dependencies = [("models", "0009_idle_sessions")]

    operations = [
        ops.AddField(model_name="EmailAddress", name="hash_before", field=fields.BinaryField(null=True)),
        ops.AddField(model_name="Installation", name="compared", field=fields.IntField(default=1, db_default=1)),
        ops.AlterField(
            model_name="Notification",
            name="kind",
            field=fields.CharEnumField(enum_type=NotificationKind, max_length=40),
        ),
        ops.RunSQL(
            [
                "CREATE INDEX email_address_by_hash_before ON email_address (firm_id, hash_before)"
                " WHERE hash_before IS NOT NULL",
            ]
        ),
    ]
