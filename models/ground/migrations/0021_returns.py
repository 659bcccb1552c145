"""What comes back: the return mailbox of the installation, how far it is read, and who complained of a letter."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0020_inbox_mail")]

    operations = [
        ops.AddField(model_name="Letter", name="complained_at", field=fields.DatetimeField(null=True)),
    ]
