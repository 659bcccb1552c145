"""The people of the firm."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import Model, fields
from tortoise.contrib.postgres.fields import ArrayField
from uuid_utils.compat import uuid7

from models import address, clock, firm, journal, password, store, text
from models.email import history
from models.errors import ErrorCode, Refusal
from models.idempotency import Done
from models.viewer import Actor, TeamRole, Viewer


class TeamMemberState(StrEnum):
    INVITED = "INVITED"
    ACTIVE = "ACTIVE"
    REMOVED = "REMOVED"


class AccountColumn(StrEnum):
    """Columns of the account list (R49)."""

    CODE = "CODE"
    NAME = "NAME"
    KIND = "KIND"
    LOGIN = "LOGIN"
    NOTIFY = "NOTIFY"
    EMAIL_SYNC = "EMAIL_SYNC"
    CONTACTS = "CONTACTS"


class TeamMember(Model):
    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    name = fields.CharField(200)
    email = fields.CharField(320)
    email_key = fields.CharField(320)
    password_hash = fields.CharField(200, null=True)
    role = fields.CharEnumField(TeamRole, max_length=40)
    manage_accounts = fields.BooleanField(default=False)
    state = fields.CharEnumField(TeamMemberState, max_length=40)
    account_columns: Any = ArrayField("text")
    totp_secret = fields.BinaryField(null=True)
    totp_since = fields.DatetimeField(null=True)
    totp_step = fields.BigIntField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()

    class Meta:
        table = "team_member"
        unique_together = (("firm_id", "id"), ("firm_id", "email_key"))


class RecoveryCode(Model):
    """Signs in once where the second factor is lost."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    member_id = fields.UUIDField()
    code_hash = fields.BinaryField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "recovery_code"
        unique_together = (("firm_id", "id"), ("firm_id", "member_id", "code_hash"))


@dataclass(frozen=True, slots=True)
class TeamMemberView:
    """`account_columns` is empty on anybody but the viewer."""

    id: UUID
    name: str
    email: str
    role: TeamRole
    manage_accounts: bool
    state: TeamMemberState
    account_columns: tuple[AccountColumn, ...]
    version: int


async def add(by: Actor, *, name: str, email: str, secret: str, role: TeamRole, manage_accounts: bool = False) -> UUID:
    """
    A colleague who can sign in at once; Email sync of the address goes off (R46). Raises ALREADY_TAKEN, INVALID,
    WEAK_PASSWORD.
    """
    typed = address.typed(email, "email")
    about = (typed.text, await firm.name_of(by.firm_id))
    hashed = await password.hashed(password.checked(secret, "password", about=about))
    member_id = uuid7()
    async with store.transaction():
        await firm.one_at_a_time(by.firm_id)
        await history.lock(by.firm_id)  # nobody switches Email sync on for it meanwhile
        taken = "SELECT 1 FROM team_member WHERE firm_id = $1 AND email_key = $2"
        if await store.value(taken, by.firm_id, typed.key):
            raise Refusal(ErrorCode.ALREADY_TAKEN, f"{typed.text} belongs to a colleague already.", "email")
        await TeamMember.create(
            id=member_id,
            firm_id=by.firm_id,
            name=text.one_line(name, "name"),
            email=typed.text,
            email_key=typed.key,
            password_hash=hashed,
            role=role,
            manage_accounts=manage_accounts,
            state=TeamMemberState.ACTIVE,
            account_columns=list(AccountColumn),
            created_at=clock.now(),
        )
        await address.now_our_own(by, typed.key)
        journal.record(
            journal.JournalKind.MEMBER_CHANGED,
            by=by,
            subject=(journal.Subject.TEAM_MEMBER, member_id),
            changes=journal.changes_between({}, {"email": typed.text, "role": role}),
        )
    return member_id


async def of_firm(by: Viewer) -> list[TeamMemberView]:
    """Everybody who was not removed, by name."""
    found = await store.rows(f"{_SELECT} WHERE firm_id = $1 AND state <> 'REMOVED' ORDER BY name, id", by.firm_id)
    return [_view(row, by) for row in found]


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, TeamMemberView]:
    found = await store.rows(f"{_SELECT} WHERE firm_id = $1 AND id = ANY($2::uuid[])", by.firm_id, list(ids))
    return {row["id"]: _view(row, by) for row in found}


async def set_account_columns(by: Viewer, columns: Sequence[AccountColumn]) -> Done:
    """The viewer's own, in order (R49). Raises INVALID where a column comes twice or none is left."""
    if not columns or len(set(columns)) != len(columns):
        raise Refusal(ErrorCode.INVALID, "Name each column once, and at least one.", "columns")
    async with store.transaction() as tx:
        before = await store.value("SELECT account_columns FROM team_member WHERE id = $1 FOR UPDATE", by.member_id)
        if list(before) != list(columns):
            await store.execute(
                "UPDATE team_member SET account_columns = $1 WHERE firm_id = $2 AND id = $3",
                list(columns),
                by.firm_id,
                by.member_id,
            )
            journal.record(
                journal.JournalKind.MEMBER_CHANGED,
                by=by,
                subject=(journal.Subject.TEAM_MEMBER, by.member_id),
                changes=[journal.Change("accountColumns", " ".join(before), " ".join(columns))],
            )
    return Done((by.member_id,), tx.cursor)


_SELECT = "SELECT id, name, email, role, manage_accounts, state, account_columns, version FROM team_member"


def _view(row: Any, by: Viewer) -> TeamMemberView:
    role = TeamRole(row["role"])
    return TeamMemberView(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        role=role,
        manage_accounts=row["manage_accounts"] or role is not TeamRole.EMPLOYEE,
        state=TeamMemberState(row["state"]),
        account_columns=tuple(map(AccountColumn, row["account_columns"])) if row["id"] == by.member_id else (),
        version=row["version"],
    )
