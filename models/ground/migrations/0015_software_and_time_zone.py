"""Where the firm's own software is (R14), and by which clock the firm lives."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0014_preferences_locked")]

    operations = [
        ops.AddField(
            model_name="Firm",
            name="time_zone",
            field=fields.CharField(max_length=64, default="UTC", db_default="UTC"),
        ),
        ops.AddField(model_name="Firm", name="software_url", field=fields.CharField(max_length=500, null=True)),
    ]
