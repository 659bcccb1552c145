"""Every folder of a mailbox is known: what it is, whether it is read, and why not."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.mailbox.mailbox import FolderKind


class Migration(migrations.Migration):
    dependencies = [("models", "0029_found_otherwise")]

    operations = [
        ops.AddField(
            model_name="MailFolder",
            name="kind",
            field=fields.CharEnumField(
                enum_type=FolderKind, max_length=40, default=FolderKind.OTHER, db_default=FolderKind.OTHER
            ),
        ),
        ops.AddField(model_name="MailFolder", name="listed", field=fields.BooleanField(default=True, db_default=True)),
        ops.AddField(model_name="MailFolder", name="synced", field=fields.BooleanField(default=True, db_default=True)),
        ops.AddField(model_name="MailFolder", name="why", field=fields.CharField(max_length=500, null=True)),
    ]
