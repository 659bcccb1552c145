"""Files that were uploaded, for a mutation to name (POST /uploads)."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0041_mailboxes_tried_again")]

    operations = [
        ops.CreateModel(
            name="Upload",
            fields=[
                ("id", fields.UUIDField(primary_key=True)),
                ("firm_id", fields.UUIDField()),
                ("member_id", fields.UUIDField()),
                ("name", fields.CharField(max_length=200)),
                ("content_type", fields.CharField(max_length=255)),
                ("size", fields.IntField()),
                ("file", fields.CharField(max_length=100)),
                ("uploaded_at", fields.DatetimeField()),
            ],
            options={"table": "upload", "app": "models", "pk_attr": "id", "unique_together": (("firm_id", "id"),)},
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE upload ADD FOREIGN KEY (firm_id) REFERENCES firm (id)",
                "ALTER TABLE upload ADD FOREIGN KEY (firm_id, member_id) REFERENCES team_member (firm_id, id)",
                "CREATE INDEX upload_by_member ON upload (firm_id, member_id)",
                "CREATE INDEX upload_by_file ON upload (firm_id, file)",
                "CREATE INDEX upload_by_age ON upload (uploaded_at)",
            ]
        ),
    ]
