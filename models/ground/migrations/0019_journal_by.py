"""By what somebody came who changed something. Null: an earlier release wrote the entry, or writes it still."""

from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.viewer import JournalSource

BY: Any = fields.CharEnumField(enum_type=JournalSource, null=True, max_length=20)


class Migration(migrations.Migration):
    dependencies = [("models", "0018_muted")]

    operations = [ops.AddField(model_name="JournalRow", name="by", field=BY)]
