"""
The unique (firm_id, id) of every table is made anew, after its other indexes.

While a table is small or new, PostgreSQL takes all its indexes that begin with the firm for equally good, chooses the
youngest, and each connection keeps that choice for the checks of its foreign keys. With (firm_id, key) every check read
the whole firm: 10,000 letters in one statement took a minute. A later migration that adds such an index repeats this.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

YOUNGEST = """
DO $$
DECLARE
  own record;
  gone text[];
  back text[];
  statement text;
BEGIN
  FOR own IN
    SELECT conrelid::regclass AS place, conname, conindid FROM pg_constraint
    WHERE contype = 'u' AND connamespace = current_schema()::regnamespace
      AND pg_get_constraintdef(oid) = 'UNIQUE (firm_id, id)' ORDER BY conrelid::regclass::text
  LOOP
    SELECT coalesce(array_agg(format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)), '{}'),
      coalesce(array_agg(format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
        pg_get_constraintdef(oid)) ORDER BY conrelid::regclass::text, conname), '{}')
    INTO gone, back FROM pg_constraint WHERE contype = 'f' AND conindid = own.conindid;
    FOREACH statement IN ARRAY gone
      || format('ALTER TABLE %s DROP CONSTRAINT %I', own.place, own.conname)
      || format('ALTER TABLE %s ADD CONSTRAINT %I UNIQUE (firm_id, id)', own.place, own.conname)
      || back
    LOOP
      EXECUTE statement;
    END LOOP;
  END LOOP;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0007_letter_outcomes")]

    operations = [
        ops.RunSQL(
            [
                "DROP INDEX letter_due",
                # in the order of a claim, which else sorts all that a bulk has written at once
                "CREATE INDEX letter_due ON letter (due_at, id) WHERE settled_at IS NULL",
                YOUNGEST,
            ]
        )
    ]
