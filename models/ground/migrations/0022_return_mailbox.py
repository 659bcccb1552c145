"""The return mailbox of the installation: how far it is read, and by which worker."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0021_returns")]

    operations = [
        ops.CreateModel(
            name="ReturnMailbox",
            fields=[
                ("id", fields.IntField(primary_key=True)),
                ("place", fields.CharField(max_length=1000)),
                ("uidvalidity", fields.BigIntField(default=0, db_default=0)),
                ("watermark", fields.BigIntField(default=1, db_default=1)),
                ("stumbles", fields.IntField(default=0, db_default=0)),
                ("lease_owner", fields.CharField(null=True, max_length=120)),
                ("lease_token", fields.BigIntField(default=0, db_default=0)),
                ("lease_until", fields.DatetimeField(null=True)),
                ("read_at", fields.DatetimeField(null=True)),
                ("error", fields.CharField(null=True, max_length=500)),
            ],
            options={"table": "return_mailbox", "app": "models", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.RunSQL("ALTER TABLE return_mailbox ADD CHECK (id = 1)"),
    ]
