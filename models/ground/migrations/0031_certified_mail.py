"""Who certified an e-mail that came as certified mail (R18): the provider that its envelope names."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0030_every_folder")]

    operations = [
        ops.AddField(
            model_name="Email",
            name="certified_by",
            field=fields.CharField(null=True, max_length=300),
        ),
    ]
