"""What an e-mail refers to is kept, for whoever answers it to name as well (RFC 5322, 3.6.4)."""

from tortoise import migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0048_copies_of_sent")]

    operations = [
        ops.AddField(
            model_name="Email", name="refs", field=ArrayField(element_type="text", default=list, db_default=[])
        ),
    ]
