"""Folders that the firm wants not to be read."""

from tortoise import migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0038_folders_alone")]

    operations = [
        ops.AddField(
            model_name="Mailbox", name="folders_left_out", field=ArrayField("text", default=list, db_default=[])
        ),
    ]
