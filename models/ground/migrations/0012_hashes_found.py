"""The ledger's hashes find their addresses at once: each batch of headers asks, under the firm's mail lock."""

from importlib import import_module

from tortoise import migrations
from tortoise.migrations import operations as ops

YOUNGEST: str = import_module("models.ground.migrations.0008_keys_that_are_found").YOUNGEST


class Migration(migrations.Migration):
    dependencies = [("models", "0011_mailboxes_signed_in")]

    operations = [
        ops.RunSQL(
            [
                "CREATE INDEX email_address_by_hash ON email_address (firm_id, hash)",
                YOUNGEST.replace("WHERE contype = 'u'", "WHERE contype = 'u' AND conrelid = 'email_address'::regclass"),
            ]
        )
    ]
