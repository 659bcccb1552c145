"""
E-mails stand in lists where their date can be believed (R21); addresses that were the firm's are known, so that what
they sent stays outgoing (R18).
"""

from importlib import import_module

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

YOUNGEST: str = import_module("models.ground.migrations.0008_keys_that_are_found").YOUNGEST
TABLES = "'email'::regclass"
# whether it came in while it was watched, the ledger says as far as it still knows
BELIEVED = """
UPDATE email m SET sorted_at = CASE
  WHEN sent_at > received_at + interval '1 day' THEN received_at
  WHEN sent_at < received_at - interval '30 days' AND EXISTS (
    SELECT 1 FROM occurrence o WHERE o.firm_id = m.firm_id AND o.email_id = m.id AND o.arrival) THEN received_at
  ELSE sent_at END
"""
LINKED = """
UPDATE email_account l SET sorted_at = m.sorted_at FROM email m
WHERE m.firm_id = l.firm_id AND m.id = l.email_id AND l.sorted_at <> m.sorted_at
"""
FORMER = """
INSERT INTO former_address (id, firm_id, key, until)
SELECT gen_random_uuid(), m.firm_id, m.email_key, max(j.occurred_at) FROM team_member m
JOIN journal_entry j ON j.firm_id = m.firm_id AND j.subject_id = m.id AND j.kind = 'MEMBER_REMOVED'
  AND j.changes->0->>1 = 'ACTIVE'
WHERE m.state = 'REMOVED' GROUP BY m.firm_id, m.email_key
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0039_folders_left_out")]

    operations = [
        ops.AddField(model_name="Email", name="sorted_at", field=fields.DatetimeField(null=True)),
        ops.RenameField(model_name="EmailAccount", old_name="sent_at", new_name="sorted_at"),
        ops.CreateModel(
            name="FormerAddress",
            fields=[
                ("id", fields.UUIDField(primary_key=True)),
                ("firm_id", fields.UUIDField()),
                ("key", fields.CharField(max_length=320)),
                ("until", fields.DatetimeField()),
            ],
            options={
                "table": "former_address",
                "app": "models",
                "pk_attr": "id",
                "unique_together": (("firm_id", "key"),),
            },
            bases=["Model"],
        ),
        ops.RunSQL([BELIEVED, LINKED, FORMER]),
        ops.AlterField(model_name="Email", name="sorted_at", field=fields.DatetimeField()),
        ops.RunSQL(
            [
                "ALTER TABLE former_address ADD FOREIGN KEY (firm_id) REFERENCES firm (id)",
                "DROP INDEX email_by_date",
                "DROP INDEX email_by_thread",
                "CREATE INDEX email_by_date ON email (firm_id, sorted_at, id)",
                "CREATE INDEX email_by_thread ON email (firm_id, thread_id, sorted_at, id)",
                YOUNGEST.replace("WHERE contype = 'u'", f"WHERE contype = 'u' AND conrelid IN ({TABLES})"),
            ]
        ),
    ]
