"""Each colleague chooses how to hear of what comes to Inbox+ (R38); an entry has all accounts that it names."""

from importlib import import_module

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops

from models.letter.letter import LetterKind

YOUNGEST: str = import_module("models.ground.migrations.0008_keys_that_are_found").YOUNGEST
TABLES = "'notification'::regclass, 'inbox_digest'::regclass"

# what an entry could be found by until now
ACCOUNTS = """
UPDATE notification n SET account_ids = ARRAY[t.account_id] FROM toggles t
WHERE t.firm_id = n.firm_id AND t.id = n.subject_id AND n.kind IN ('INVITATION_ACCEPTED', 'EMAIL_SYNC_ENDED')
"""
# and now also those of an address
OF_ADDRESS = """
UPDATE notification n SET account_ids = a.ids
FROM (SELECT t.firm_id, t.address_id, array_agg(t.account_id ORDER BY t.account_id) AS ids FROM toggles t
      GROUP BY t.firm_id, t.address_id) a
WHERE a.firm_id = n.firm_id AND a.address_id = n.subject_id AND n.kind IN ('LETTER_BOUNCED', 'ADDRESS_IN_DOUBT')
"""


def _kinds() -> ArrayField:
    return ArrayField(element_type="text", default=list, db_default=[])


class Migration(migrations.Migration):
    dependencies = [("models", "0019_journal_by")]

    operations = [
        ops.CreateModel(
            name="InboxDigest",
            fields=[
                ("id", fields.UUIDField(primary_key=True)),
                ("firm_id", fields.UUIDField()),
                ("member_id", fields.UUIDField()),
                ("day", fields.DateField()),
                ("written_at", fields.DatetimeField()),
            ],
            options={
                "table": "inbox_digest",
                "app": "models",
                "unique_together": (("firm_id", "id"), ("firm_id", "member_id", "day")),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddField(model_name="TeamMember", name="not_in_inbox", field=_kinds()),
        ops.AddField(model_name="TeamMember", name="by_email", field=_kinds()),
        ops.AddField(model_name="TeamMember", name="in_digest", field=_kinds()),
        ops.AddField(
            model_name="Notification",
            name="account_ids",
            field=ArrayField(element_type="uuid", default=list, db_default=[]),
        ),
        ops.AddField(model_name="Notification", name="mail_at", field=fields.DatetimeField(null=True)),
        ops.AddField(model_name="Notification", name="mailed_at", field=fields.DatetimeField(null=True)),
        ops.AddField(
            model_name="Notification", name="mail_unread", field=fields.BooleanField(default=False, db_default=False)
        ),
        ops.AddField(model_name="Notification", name="digest_since", field=fields.DatetimeField(null=True)),
        ops.AlterField(
            model_name="Letter", name="kind", field=fields.CharEnumField(enum_type=LetterKind, max_length=40)
        ),
        ops.RunSQL(
            [
                "ALTER TABLE inbox_digest ADD FOREIGN KEY (firm_id, member_id) REFERENCES team_member (firm_id, id)",
                "CREATE INDEX inbox_digest_by_age ON inbox_digest (written_at)",
                "ALTER TABLE team_member ADD CHECK (NOT by_email && in_digest)",
                "CREATE INDEX notification_to_mail ON notification (firm_id, mail_at) WHERE mail_at IS NOT NULL",
                "CREATE INDEX notification_to_digest ON notification (firm_id, member_id, digest_since)"
                " WHERE digest_since IS NOT NULL",
                ACCOUNTS,
                OF_ADDRESS,
                YOUNGEST.replace("WHERE contype = 'u'", f"WHERE contype = 'u' AND conrelid IN ({TABLES})"),
            ]
        ),
    ]
