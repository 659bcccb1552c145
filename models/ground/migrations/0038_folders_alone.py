"""What is wrong with one folder stands with it; what left a folder is found again in another one at once."""

from importlib import import_module

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

YOUNGEST: str = import_module("models.ground.migrations.0008_keys_that_are_found").YOUNGEST


class Migration(migrations.Migration):
    dependencies = [("models", "0037_disconnected")]

    operations = [
        ops.AddField(model_name="MailFolder", name="doubts", field=fields.IntField(default=0, db_default=0)),
        ops.AddField(model_name="MailFolder", name="failures", field=fields.IntField(default=0, db_default=0)),
        ops.AddField(model_name="MailFolder", name="rest_until", field=fields.DatetimeField(null=True)),
        ops.RunSQL(
            [
                "CREATE INDEX occurrence_gone ON occurrence (firm_id, mailbox_id, message_id) WHERE gone_at IS NOT NULL",
                YOUNGEST.replace("WHERE contype = 'u'", "WHERE contype = 'u' AND conrelid = 'occurrence'::regclass"),
            ]
        ),
    ]
