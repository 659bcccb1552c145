"""A session ends when it is not used: `expires_at` moves with each use, `ends_at` stays (models.session.lasting)."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0008_keys_that_are_found")]

    operations = [ops.AddField(model_name="Session", name="ends_at", field=fields.DatetimeField(null=True))]
