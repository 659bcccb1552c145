"""A firm may keep its clients' notification preferences to itself (R13)."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0013_letters_in_turn")]

    operations = [
        ops.AddField(
            model_name="Firm",
            name="clients_may_set_preferences",
            field=fields.BooleanField(default=True, db_default=True),
        ),
    ]
