"""
Words of e-mails are found within their firm: an index of words alone holds those of all firms, so that what everybody
writes about costs the smallest firm as much as the largest.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

# immutable as it stands: of text, array_to_string hangs on no setting
FIRM_WORDS = """
CREATE FUNCTION firm_words(firm_id uuid, words text[]) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
SELECT array_to_tsvector(string_to_array(
  right(firm_id::text, 6) || array_to_string(words, ' ' || right(firm_id::text, 6)), ' ')) $$
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0042_uploads")]

    operations = [
        ops.RunSQL(
            [
                FIRM_WORDS,
                "DROP INDEX email_words",
                "CREATE INDEX email_words ON email USING gin (firm_words(firm_id, words))",
            ]
        ),
    ]
