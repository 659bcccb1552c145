"""What strangers ask for by a form is done after the answer, by a worker."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.errand.errand import ErrandKind


class Migration(migrations.Migration):
    dependencies = [("models", "0024_bulk_update")]

    operations = [
        ops.CreateModel(
            name="Errand",
            fields=[
                ("id", fields.UUIDField(primary_key=True)),
                ("kind", fields.CharEnumField(enum_type=ErrandKind, max_length=40)),
                ("about", fields.CharField(max_length=43, unique=True)),
                ("sealed", fields.BinaryField()),
                ("asked_at", fields.DatetimeField()),
                ("due_at", fields.DatetimeField()),
            ],
            options={"table": "errand", "app": "models", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "CREATE INDEX errand_by_due ON errand (due_at)",
                "CREATE INDEX errand_by_age ON errand (asked_at)",
            ]
        ),
    ]
