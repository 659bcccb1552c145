from enum import StrEnum
from typing import Any

from tortoise import Model, fields

from models.ground.enums import TextWithFacts
from models.journal import Subject
from models.viewer import JournalSource


class RunKind(TextWithFacts):
    """`subject`: what it is in the API and in the journal."""

    def __init__(self, _: str, subject: Subject = Subject.BULK_UPDATE) -> None:
        self.subject = subject

    BULK_UPDATE = "BULK_UPDATE"
    UNDO = "UNDO"
    CLIENT_IMPORT = "CLIENT_IMPORT", Subject.IMPORT


class RunStatus(StrEnum):
    """QUEUED: another run of the firm goes first. CANCELLED: somebody stopped it, or it could not begin or go on."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    CANCELLED = "CANCELLED"


class Run(Model):
    """
    `asked`: the input, as JSON. `source`: by what whoever started it came; `token_id`: by which API token, if any, and
    if it began after that was noted. `started_at`: when it was asked for. `reason`: in plain words, where it could not
    begin, or go on.

    Its items are planned when it begins (`planned_at`), each with its turn; `turn`: those up to it have ended. `done`
    and `total` count items. `tallies`: outcomes of those that have ended, by setting. `undoes`: the run that this one
    takes back (R30). `failures`: in a row, with nothing done in between.
    """

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    kind = fields.CharEnumField(RunKind, max_length=40)
    status = fields.CharEnumField(RunStatus, max_length=40)
    asked: Any = fields.JSONField()
    undoes = fields.UUIDField(null=True)
    started_by = fields.UUIDField()
    source = fields.CharEnumField(JournalSource, max_length=20)
    token_id = fields.UUIDField(null=True)
    started_at = fields.DatetimeField()
    planned_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    reason = fields.CharField(500, null=True)
    account_count = fields.IntField(default=0, db_default=0)
    total = fields.IntField(default=0, db_default=0)
    done = fields.IntField(default=0, db_default=0)
    turn = fields.IntField(default=0, db_default=0)
    tallies: Any = fields.JSONField(default=dict, db_default={})
    failures = fields.IntField(default=0, db_default=0)
    lease_owner = fields.CharField(120, null=True)
    lease_token = fields.BigIntField(default=0, db_default=0)
    lease_until = fields.DatetimeField(null=True)

    class Meta:
        table = "run"
        unique_together = (("firm_id", "id"),)
