"""How often in a row a run has failed: one that always does is given up."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0035_runs_of_tokens")]

    operations = [
        ops.AddField(model_name="Run", name="failures", field=fields.IntField(default=0, db_default=0)),
    ]
