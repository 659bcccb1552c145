"""Whether a mailbox's server keeps copies of what is sent by itself, and why one could not be put into Sent."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0047_submissions")]

    operations = [
        ops.AddField(model_name="Mailbox", name="keeps_sent", field=fields.BooleanField(null=True)),
        ops.AddField(model_name="Mailbox", name="found_keeps_sent", field=fields.BooleanField(null=True)),
        ops.AddField(model_name="Submission", name="copy_error", field=fields.CharField(max_length=500, null=True)),
    ]
