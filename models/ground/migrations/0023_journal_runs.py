"""The run that somebody acted for: each entry of a run names it. Others cost nothing: neither index has them."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0022_return_mailbox")]

    operations = [
        ops.AddField(model_name="JournalRow", name="run_id", field=fields.UUIDField(null=True)),
        ops.RunSQL(
            [
                "CREATE INDEX journal_entry_by_run ON journal_entry (firm_id, run_id, position)"
                " WHERE run_id IS NOT NULL",
                # with the position, or the last entry about each of many things is looked for along the whole run
                "CREATE INDEX journal_entry_of_run ON journal_entry (firm_id, run_id, subject_id, position)"
                " WHERE run_id IS NOT NULL",
            ]
        ),
    ]
