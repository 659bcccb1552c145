"""A letter may be a notice: of one category, for one account; what comes close together is gathered in one."""

from importlib import import_module

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.letter.letter import LetterKind
from models.notification_category import NotificationCategory

YOUNGEST: str = import_module("models.ground.migrations.0008_keys_that_are_found").YOUNGEST


class Migration(migrations.Migration):
    dependencies = [("models", "0016_notices")]

    operations = [
        ops.AlterField(
            model_name="Letter", name="kind", field=fields.CharEnumField(enum_type=LetterKind, max_length=40)
        ),
        ops.AddField(model_name="Letter", name="account_id", field=fields.UUIDField(null=True)),
        ops.AddField(
            model_name="Letter",
            name="category",
            field=fields.CharEnumField(enum_type=NotificationCategory, max_length=40, null=True),
        ),
        ops.RunSQL(
            [
                "ALTER TABLE letter ADD CONSTRAINT notice_of_an_account"
                " CHECK ((category IS NULL) = (account_id IS NULL))",
                "ALTER TABLE letter ADD FOREIGN KEY (firm_id, account_id) REFERENCES account (firm_id, id)",
                "CREATE INDEX letter_notices ON letter (firm_id, account_id, address_id, category, due_at)"
                " WHERE category IS NOT NULL",
                YOUNGEST.replace("WHERE contype = 'u'", "WHERE contype = 'u' AND conrelid = 'letter'::regclass"),
            ]
        ),
    ]
