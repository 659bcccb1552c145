"""
`lodz` finds `Łódź`, and words inside Chinese and Japanese text are found. What is stored is indexed anew at the next
start (`reindexing.index_anew`).
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0028_letters_in_a_box")]

    operations = [
        ops.AddField(model_name="Installation", name="indexed", field=fields.IntField(default=1, db_default=1)),
    ]
