"""
No message is stored by reading all that its firm has.

An index of few different values is a small one, since PostgreSQL keeps each value once. While e-mails were new it took
that of their mailboxes for cheaper than the unique (firm_id, id), for good on connections that looked just then, and
each check of a foreign key read all of a firm's e-mails. With the id in it, it is the larger of the two.
"""

from importlib import import_module

from tortoise import migrations
from tortoise.migrations import operations as ops

YOUNGEST: str = import_module("models.ground.migrations.0008_keys_that_are_found").YOUNGEST


class Migration(migrations.Migration):
    dependencies = [("models", "0043_words_of_a_firm")]

    operations = [
        ops.RunSQL(
            [
                "DROP INDEX email_by_mailbox",
                "CREATE INDEX email_by_mailbox ON email (firm_id, mailbox_id, id)",
                "DROP INDEX occurrence_pending",
                # in the order of what is due, which else sorts all that is left, for each batch
                "CREATE INDEX occurrence_pending ON occurrence (firm_id, mailbox_id, folder_id, arrival, received_at,"
                " uid) WHERE state = 'PENDING'",
                YOUNGEST.replace("WHERE contype = 'u'", "WHERE contype = 'u' AND conrelid = 'email'::regclass"),
            ]
        )
    ]
