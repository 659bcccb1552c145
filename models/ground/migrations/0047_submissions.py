"""Regular e-mail is sent from here, through its mailbox's SMTP (R45)."""

from importlib import import_module

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops

from models.letter.letter import LetterState
from models.submission.submission import CopyState

YOUNGEST: str = import_module("models.ground.migrations.0008_keys_that_are_found").YOUNGEST


class Migration(migrations.Migration):
    dependencies = [("models", "0046_held_by_another_mailbox")]

    operations = [
        ops.CreateModel(
            name="Submission",
            fields=[
                ("id", fields.UUIDField(primary_key=True)),
                ("firm_id", fields.UUIDField()),
                ("mailbox_id", fields.UUIDField(null=True)),
                ("member_id", fields.UUIDField()),
                ("from_name", fields.TextField()),
                ("from_address", fields.CharField(max_length=320)),
                ("recipients", ArrayField(element_type="text")),
                ("in_reply_to", fields.CharField(max_length=1000, null=True)),
                ("refs", ArrayField(element_type="text")),
                ("message_id", fields.CharField(max_length=1000)),
                ("state", fields.CharEnumField(enum_type=LetterState, max_length=40)),
                ("error", fields.CharField(max_length=500, null=True)),
                ("created_at", fields.DatetimeField()),
                ("due_at", fields.DatetimeField()),
                ("attempts", fields.IntField(default=0, db_default=0)),
                ("handed_over", fields.IntField(default=0, db_default=0)),
                ("failing_since", fields.DatetimeField(null=True)),
                ("settled_at", fields.DatetimeField(null=True)),
                ("sent_at", fields.DatetimeField(null=True)),
                ("file", fields.CharField(max_length=100, null=True)),
                ("copy", fields.CharEnumField(enum_type=CopyState, max_length=40, null=True)),
                ("copy_tries", fields.IntField(default=0, db_default=0)),
                ("copy_due_at", fields.DatetimeField(null=True)),
            ],
            options={"table": "submission", "app": "models", "pk_attr": "id", "unique_together": (("firm_id", "id"),)},
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE submission ADD FOREIGN KEY (firm_id) REFERENCES firm (id)",
                "ALTER TABLE submission ADD FOREIGN KEY (firm_id, id) REFERENCES email (firm_id, id) ON DELETE CASCADE",
                "ALTER TABLE submission ADD FOREIGN KEY (firm_id, member_id) REFERENCES team_member (firm_id, id)",
                "ALTER TABLE submission ADD FOREIGN KEY (firm_id, mailbox_id) REFERENCES mailbox (firm_id, id)"
                " ON DELETE SET NULL (mailbox_id)",
                "ALTER TABLE submission ADD CHECK (state IN ('QUEUED', 'SENT', 'UNCERTAIN', 'REFUSED', 'BOUNCED',"
                " 'CANCELLED')), ADD CHECK (copy IN ('WANTED', 'THERE', 'GIVEN_UP')),"
                " ADD CHECK (handed_over BETWEEN 0 AND 2), ADD CHECK (cardinality(recipients) > 0)",
                "CREATE INDEX submission_due ON submission (firm_id, mailbox_id, due_at, id) WHERE settled_at IS NULL",
                "CREATE INDEX submission_copies ON submission (firm_id, mailbox_id, copy_due_at, id)"
                " WHERE copy = 'WANTED'",
                # how many left a mailbox in the last hour
                "CREATE INDEX submission_by_mailbox ON submission (firm_id, mailbox_id, created_at)",
                "CREATE INDEX submission_by_message ON submission (firm_id, message_id)",
                "CREATE INDEX submission_by_file ON submission (firm_id, file) WHERE file IS NOT NULL",
                YOUNGEST.replace("WHERE contype = 'u'", "WHERE contype = 'u' AND conrelid = 'submission'::regclass"),
            ]
        ),
    ]
