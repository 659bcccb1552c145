"""Which mailboxes hold a message, also where nobody asked for it there, is found by its Message-ID."""

from importlib import import_module

from tortoise import migrations
from tortoise.migrations import operations as ops

YOUNGEST: str = import_module("models.ground.migrations.0008_keys_that_are_found").YOUNGEST


class Migration(migrations.Migration):
    dependencies = [("models", "0045_documents")]

    operations = [
        ops.RunSQL(
            [
                # by a number, for Message-IDs are long and there is one for each message of the ledger
                "CREATE INDEX occurrence_by_message ON occurrence (firm_id, hashtext(message_id))"
                " WHERE gone_at IS NULL AND message_id IS NOT NULL",
                YOUNGEST.replace("WHERE contype = 'u'", "WHERE contype = 'u' AND conrelid = 'occurrence'::regclass"),
            ]
        ),
    ]
