"""
Fewer indexes for what a bulk update writes by the thousand: an undo asks for what the journal has of its toggles, and
for the invitations of an address, and nobody looks either up by their run.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0050_client_imports")]

    operations = [ops.RunSQL(["DROP INDEX journal_entry_of_run", "DROP INDEX invitation_of_run"])]
