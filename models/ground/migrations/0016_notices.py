"""What clients are told: each event that was raised for an account, and what became of it for each address (R14)."""

from importlib import import_module

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops

from models.client_event import ClientEvent
from models.firm_settings import ClientAction
from models.notice.notice import NotifyOutcome

YOUNGEST: str = import_module("models.ground.migrations.0008_keys_that_are_found").YOUNGEST


class Migration(migrations.Migration):
    dependencies = [("models", "0015_software_and_time_zone")]

    operations = [
        ops.CreateModel(
            name="Notice",
            fields=[
                ("id", fields.UUIDField(primary_key=True)),
                ("firm_id", fields.UUIDField()),
                ("account_id", fields.UUIDField()),
                ("event", fields.CharEnumField(enum_type=ClientEvent, max_length=40)),
                ("subject", fields.CharField(max_length=200)),
                ("text", fields.TextField()),
                ("link", fields.TextField(null=True)),
                ("action", fields.CharEnumField(enum_type=ClientAction, null=True, max_length=40)),
                ("raised_by", fields.UUIDField(null=True)),
                ("raised_at", fields.DatetimeField()),
            ],
            options={"table": "notice", "app": "models", "unique_together": (("firm_id", "id"),), "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="NoticeRecipient",
            fields=[
                ("id", fields.UUIDField(primary_key=True)),
                ("firm_id", fields.UUIDField()),
                ("notice_id", fields.UUIDField()),
                ("place", fields.IntField()),
                ("address_id", fields.UUIDField(null=True)),
                ("contact_ids", ArrayField("uuid")),
                ("outcome", fields.CharEnumField(enum_type=NotifyOutcome, max_length=40)),
                ("letter_id", fields.UUIDField(null=True)),
            ],
            options={
                "table": "notice_recipient",
                "app": "models",
                "unique_together": (("firm_id", "notice_id", "place"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE notice ADD FOREIGN KEY (firm_id, account_id) REFERENCES account (firm_id, id)",
                "ALTER TABLE notice ADD FOREIGN KEY (firm_id, raised_by) REFERENCES team_member (firm_id, id)",
                "ALTER TABLE notice_recipient ADD FOREIGN KEY (firm_id, notice_id) REFERENCES notice (firm_id, id)",
                "ALTER TABLE notice_recipient ADD FOREIGN KEY (firm_id, address_id)"
                " REFERENCES email_address (firm_id, id)",
                "ALTER TABLE notice_recipient ADD FOREIGN KEY (firm_id, letter_id) REFERENCES letter (firm_id, id)",
                "ALTER TABLE notice_recipient ADD CONSTRAINT letter_where_queued"
                " CHECK ((outcome = 'QUEUED') = (letter_id IS NOT NULL))",
                "ALTER TABLE notice_recipient ADD CONSTRAINT told_where_no_address"
                " CHECK ((outcome = 'NO_ADDRESS') = (address_id IS NULL))",
                # of an account the newest first; and what a client has not seen yet of an account
                "CREATE INDEX notice_by_account ON notice (firm_id, account_id, raised_at, id)",
                "CREATE INDEX notice_recipient_by_letter ON notice_recipient (firm_id, letter_id)"
                " WHERE letter_id IS NOT NULL",
                YOUNGEST.replace("WHERE contype = 'u'", "WHERE contype = 'u' AND conrelid = 'notice'::regclass"),
            ]
        ),
    ]
