"""
The ledger's hashes are found by their index from the moment they are written.

Without `fastupdate = off` new ones lie on a list that each look-up reads from end to end. PostgreSQL counts that, and
took to reading the firm's whole ledger instead: 30 seconds for 300 addresses whose Email sync went on.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0026_letters_rewritten")]

    operations = [
        ops.RunSQL(
            [
                "ALTER INDEX occurrence_hashes SET (fastupdate = off)",
                "SELECT gin_clean_pending_list('occurrence_hashes')",
            ]
        )
    ]
