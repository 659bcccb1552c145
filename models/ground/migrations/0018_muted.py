"""The categories that an address is not told of (R13): all on from the start. A ninth needs the check anew."""

from tortoise import migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops

KNOWN = """ALTER TABLE toggles ADD CONSTRAINT muted_are_categories CHECK (muted <@ ARRAY[
  'DOCUMENT_UPLOADS', 'SIGNATURE_REQUESTS', 'APPROVALS', 'MESSAGES',
  'PROPOSALS', 'ORGANIZERS', 'INVOICES_AND_PAYMENTS', 'CLIENT_REQUESTS'])"""


class Migration(migrations.Migration):
    dependencies = [("models", "0017_notices_gathered")]

    operations = [
        ops.AddField(model_name="Toggles", name="muted", field=ArrayField("text", default=list, db_default=[])),
        ops.RunSQL([KNOWN]),
    ]
