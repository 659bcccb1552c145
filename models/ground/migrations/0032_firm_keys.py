"""
A key for each firm, sealed by the installation's, and a secret of the installation for what belongs to no firm.

The first start after it fills both in (`models/installation/beginning.py`): that needs the key, so it cannot be SQL.
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0031_certified_mail")]

    operations = [
        ops.CreateModel(
            name="FirmKey",
            fields=[
                ("firm_id", fields.UUIDField(primary_key=True)),
                ("sealed", fields.BinaryField()),
                ("stale", fields.BooleanField(default=False)),
            ],
            options={"table": "firm_key", "app": "models", "pk_attr": "firm_id"},
            bases=["Model"],
        ),
        ops.AddField(model_name="Installation", name="secret", field=fields.BinaryField(null=True)),
        ops.AddField(model_name="Installation", name="secret_before", field=fields.BinaryField(null=True)),
        ops.RunSQL("ALTER TABLE firm_key ADD CONSTRAINT firm_key_firm FOREIGN KEY (firm_id) REFERENCES firm (id)"),
    ]
