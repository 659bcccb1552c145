"""What became of the letters of the last day is counted at each look of Prometheus."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0006_letters")]

    operations = [
        ops.RunSQL(["CREATE INDEX letter_by_settling ON letter (settled_at, state) WHERE settled_at IS NOT NULL"]),
    ]
