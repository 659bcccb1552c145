"""Somebody may ask for a look at a mailbox at once, and a new parser reads once more what none could read so far."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0040_believable_dates")]

    operations = [
        ops.AddField(model_name="Mailbox", name="asks", field=fields.IntField(default=0, db_default=0)),
        ops.AlterField(model_name="Mailbox", name="asks", field=fields.IntField(default=0)),
        ops.AddField(model_name="Mailbox", name="parser_version", field=fields.IntField(default=0, db_default=0)),
        ops.AlterField(model_name="Mailbox", name="parser_version", field=fields.IntField(default=0)),
    ]
