"""A run knows the API token that began it: with the token its right ends (R27)."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0034_mailboxes_by_oauth")]

    operations = [ops.AddField(model_name="Run", name="token_id", field=fields.UUIDField(null=True))]
