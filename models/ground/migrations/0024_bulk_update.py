"""Runs in the background, and what bulk updates plan and report, item by item (R25 to R31)."""

from importlib import import_module
from typing import Any

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops

from models.bulk_update.item import BulkOutcome
from models.errors import ErrorCode
from models.run.run import RunKind, RunStatus
from models.viewer import JournalSource

YOUNGEST: str = import_module("models.ground.migrations.0008_keys_that_are_found").YOUNGEST
SWITCHES = ("login", "notify", "email_sync")
RUN_ID: Any = fields.UUIDField(null=True)


class Migration(migrations.Migration):
    dependencies = [("models", "0023_journal_runs")]

    operations = [
        ops.CreateModel(
            name="Run",
            fields=[
                ("id", fields.UUIDField(primary_key=True)),
                ("firm_id", fields.UUIDField()),
                ("kind", fields.CharEnumField(enum_type=RunKind, max_length=40)),
                ("status", fields.CharEnumField(enum_type=RunStatus, max_length=40)),
                ("asked", fields.JSONField()),
                ("undoes", fields.UUIDField(null=True)),
                ("started_by", fields.UUIDField()),
                ("source", fields.CharEnumField(enum_type=JournalSource, max_length=20)),
                ("started_at", fields.DatetimeField()),
                ("planned_at", fields.DatetimeField(null=True)),
                ("ended_at", fields.DatetimeField(null=True)),
                ("reason", fields.CharField(null=True, max_length=500)),
                ("account_count", fields.IntField(default=0, db_default=0)),
                ("total", fields.IntField(default=0, db_default=0)),
                ("done", fields.IntField(default=0, db_default=0)),
                ("turn", fields.IntField(default=0, db_default=0)),
                ("tallies", fields.JSONField(default=dict, db_default={})),
                ("lease_owner", fields.CharField(null=True, max_length=120)),
                ("lease_token", fields.BigIntField(default=0, db_default=0)),
                ("lease_until", fields.DatetimeField(null=True)),
            ],
            options={"table": "run", "app": "models", "unique_together": (("firm_id", "id"),), "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BulkUpdateItem",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("firm_id", fields.UUIDField()),
                ("run_id", fields.UUIDField()),
                ("place", fields.IntField()),
                ("turn", fields.IntField()),
                ("account_id", fields.UUIDField()),
                ("address_id", fields.UUIDField(null=True)),
                ("contact_id", fields.UUIDField(null=True)),
                ("toggles_id", fields.UUIDField(null=True)),
                ("held", fields.BooleanField(default=False, db_default=False)),
                ("activated", fields.BooleanField(default=False, db_default=False)),
                *(
                    field
                    for switch in SWITCHES
                    for field in (
                        (f"{switch}_from", fields.BooleanField(null=True)),
                        (f"{switch}_to", fields.BooleanField(null=True)),
                        (f"{switch}_outcome", fields.CharEnumField(enum_type=BulkOutcome, null=True, max_length=20)),
                        (f"{switch}_error", fields.CharEnumField(enum_type=ErrorCode, null=True, max_length=40)),
                    )
                ),
                ("muted_from", ArrayField("text", null=True)),
                ("muted_to", ArrayField("text", null=True)),
            ],
            options={
                "table": "bulk_update_item",
                "app": "models",
                "unique_together": (("firm_id", "run_id", "place"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddField(model_name="Invitation", name="run_id", field=RUN_ID),
        ops.RunSQL(
            [
                "ALTER TABLE run ADD FOREIGN KEY (firm_id, started_by) REFERENCES team_member (firm_id, id)",
                "ALTER TABLE run ADD FOREIGN KEY (firm_id, undoes) REFERENCES run (firm_id, id)",
                # once only (R30)
                "CREATE UNIQUE INDEX run_undone_once ON run (firm_id, undoes) WHERE undoes IS NOT NULL",
                "CREATE INDEX run_by_age ON run (firm_id, started_at DESC, id DESC)",
                "CREATE INDEX run_unended ON run (firm_id, id) WHERE status IN ('QUEUED', 'RUNNING')",
                YOUNGEST.replace("WHERE contype = 'u'", "WHERE contype = 'u' AND conrelid = 'run'::regclass"),
                "ALTER TABLE bulk_update_item ADD FOREIGN KEY (firm_id, run_id) REFERENCES run (firm_id, id)",
                "ALTER TABLE bulk_update_item ADD FOREIGN KEY (firm_id, account_id) REFERENCES account (firm_id, id)",
                "ALTER TABLE bulk_update_item ADD FOREIGN KEY (firm_id, address_id)"
                " REFERENCES email_address (firm_id, id)",
                "CREATE INDEX bulk_update_item_by_turn ON bulk_update_item (firm_id, run_id, turn)",
                "CREATE INDEX invitation_of_run ON invitation (firm_id, run_id, address_id) WHERE run_id IS NOT NULL",
            ]
        ),
    ]
