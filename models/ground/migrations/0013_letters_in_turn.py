"""Letters leave firm by firm, and within a firm by urgency."""

from importlib import import_module

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

YOUNGEST: str = import_module("models.ground.migrations.0008_keys_that_are_found").YOUNGEST


class Migration(migrations.Migration):
    dependencies = [("models", "0012_hashes_found")]

    operations = [
        ops.CreateModel(
            name="LetterTurn",
            fields=[("firm_id", fields.UUIDField(primary_key=True)), ("served_at", fields.DatetimeField())],
            options={"table": "letter_turn", "app": "models", "pk_attr": "firm_id"},
            bases=["Model"],
        ),
        ops.AddField(model_name="Letter", name="urgency", field=fields.SmallIntField(default=2, db_default=2)),
        ops.RunSQL(
            [
                "ALTER TABLE letter_turn ADD FOREIGN KEY (firm_id) REFERENCES firm (id)",
                "UPDATE letter SET urgency = CASE WHEN copy_of IS NOT NULL THEN 4 ELSE 1 END"
                " WHERE copy_of IS NOT NULL OR kind = 'PASSWORD_RESET'",
                "INSERT INTO letter_turn (firm_id, served_at)"
                " SELECT DISTINCT firm_id, now() FROM letter WHERE settled_at IS NULL",
                "DROP INDEX letter_due",
                # in the order of a claim, which else sorts all that a bulk has written at once
                "CREATE INDEX letter_due ON letter (firm_id, urgency, due_at, id) WHERE settled_at IS NULL",
                YOUNGEST.replace("WHERE contype = 'u'", "WHERE contype = 'u' AND conrelid = 'letter'::regclass"),
            ]
        ),
    ]
