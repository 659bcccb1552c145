"""A mailbox signs in by OAuth, too, and its door for sending is looked at beside that for reading."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from models.mailbox.secret import SecretKind


class Migration(migrations.Migration):
    dependencies = [("models", "0033_threads_joined")]

    operations = [
        ops.AddField(
            model_name="Mailbox",
            name="secret_kind",
            field=fields.CharEnumField(SecretKind, max_length=40, db_default="PASSWORD"),
        ),
        ops.AlterField(model_name="Mailbox", name="secret_kind", field=fields.CharEnumField(SecretKind, max_length=40)),
        ops.AddField(model_name="Mailbox", name="access_token", field=fields.BinaryField(null=True)),
        ops.AddField(model_name="Mailbox", name="access_until", field=fields.DatetimeField(null=True)),
        ops.AddField(model_name="Mailbox", name="smtp_open_at", field=fields.IntField(default=0, db_default=0)),
        ops.AlterField(model_name="Mailbox", name="smtp_open_at", field=fields.IntField(default=0)),
        ops.AddField(model_name="Mailbox", name="smtp_error_code", field=fields.CharField(40, null=True)),
        ops.AddField(model_name="Mailbox", name="smtp_error_message", field=fields.CharField(500, null=True)),
        ops.AddField(model_name="Mailbox", name="smtp_error_path", field=fields.CharField(100, null=True)),
        ops.AddField(model_name="Mailbox", name="smtp_failures", field=fields.IntField(default=0, db_default=0)),
        ops.AlterField(model_name="Mailbox", name="smtp_failures", field=fields.IntField(default=0)),
        ops.AddField(model_name="Mailbox", name="smtp_retry_at", field=fields.DatetimeField(null=True)),
    ]
