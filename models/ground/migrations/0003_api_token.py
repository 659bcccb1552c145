from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0002_guards")]

    operations = [
        ops.CreateModel(
            name="ApiToken",
            fields=[
                ("id", fields.UUIDField(primary_key=True)),
                ("firm_id", fields.UUIDField()),
                ("member_id", fields.UUIDField()),
                ("name", fields.CharField(max_length=200)),
                ("scopes", ArrayField(element_type="TEXT")),
                ("token_hash", fields.BinaryField()),
                ("created_at", fields.DatetimeField()),
                ("expires_at", fields.DatetimeField(null=True)),
                ("last_used_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "api_token",
                "app": "models",
                "unique_together": (("firm_id", "id"), ("token_hash",)),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE api_token ADD FOREIGN KEY (firm_id, member_id) REFERENCES team_member (firm_id, id)",
                "CREATE INDEX api_token_by_member ON api_token (firm_id, member_id)",
            ]
        ),
    ]
