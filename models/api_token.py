"""
API tokens: how the firm's other software asks. A token acts as the admin who made it, within its scopes, and ends with
that person's place in the team. Stored hashed, shown once, revocable at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from tortoise import Model, fields
from tortoise.contrib.postgres.fields import ArrayField
from uuid_utils.compat import uuid7

from models import idempotency, journal, text
from models.errors import ErrorCode, Faults, Refusal
from models.ground import clock, keys, store
from models.idempotency import Done
from models.journal import JournalKind, Subject
from models.viewer import ApiScope, TeamRole, Viewer, must_be_admin_in_person

PREFIX = "sbt_"
"""By which secret scanners and people know one."""
MOST = 100
SEEN_EVERY = timedelta(minutes=1)
"""How exactly `lastUsedAt` is kept."""


class ApiToken(Model):
    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    member_id = fields.UUIDField()
    name = fields.CharField(200)
    scopes: Any = ArrayField("text")
    token_hash = fields.BinaryField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)
    last_used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_token"
        unique_together = (("firm_id", "id"), ("token_hash",))


@dataclass(frozen=True, slots=True)
class ApiTokenView:
    """`last_used_at` is exact to a minute."""

    id: UUID
    name: str
    scopes: tuple[ApiScope, ...]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Created:
    """`token` None: the same request came before, and a token is told once only."""

    done: Done
    token: str | None

    def __repr__(self) -> str:
        return f"Created({self.done!r})"


async def create(
    by: Viewer, *, name: str, scopes: Sequence[ApiScope], expires_at: datetime | None = None, key: str | None = None
) -> Created:
    """OWNER and ADMIN, signed in themselves. Raises INVALID, NOT_ALLOWED."""
    must_be_admin_in_person(by)
    token, token_id = PREFIX + keys.new_token(), uuid7()
    clean = _checked(name, scopes, expires_at)
    do = partial(_create, by, token_id, clean, sorted(set(scopes)), keys.token_hash(token), expires_at)
    wish = {"name": clean, "scopes": sorted(set(scopes)), "expiresAt": expires_at}
    done = await idempotency.once(by, key, verb="create API token", wish=wish, do=do)
    return Created(done, token if done.ids == (token_id,) else None)


def _checked(name: str, scopes: Sequence[ApiScope], expires_at: datetime | None) -> str:
    """The name as it is kept."""
    faults, clean = Faults(), ""
    with faults:
        clean = text.one_line(name, "name")
    with faults:
        if not scopes:
            raise Refusal(ErrorCode.INVALID, "Give at least one scope.", "scopes")
    with faults:
        if expires_at is not None and expires_at <= clock.now():
            raise Refusal(ErrorCode.INVALID, "This time is in the past already.", "expiresAt")
    faults.must_be_none()
    return clean


async def _create(
    by: Viewer, token_id: UUID, name: str, scopes: Sequence[ApiScope], hashed: bytes, expires_at: datetime | None
) -> tuple[UUID, ...]:
    await store.row("SELECT 1 FROM firm WHERE id = $1 FOR NO KEY UPDATE", by.firm_id)
    if await store.value("SELECT count(*) FROM api_token WHERE firm_id = $1", by.firm_id) >= MOST:
        raise Refusal(ErrorCode.INVALID, f"A firm has at most {MOST} API tokens. Revoke one that is not used.")
    await ApiToken.create(
        id=token_id,
        firm_id=by.firm_id,
        member_id=by.member_id,
        name=name,
        scopes=list(scopes),
        token_hash=hashed,
        created_at=clock.now(),
        expires_at=expires_at,
    )
    _record(by, None, name)
    return (token_id,)


async def revoke(by: Viewer, token_id: UUID) -> Done:
    """Its next request is refused. Raises NOT_FOUND, NOT_ALLOWED."""
    must_be_admin_in_person(by)
    async with store.transaction(by.firm_id) as tx:
        query = "DELETE FROM api_token WHERE firm_id = $1 AND id = $2 RETURNING name"
        name = await store.value(query, by.firm_id, token_id)
        if name is None:
            raise Refusal(ErrorCode.NOT_FOUND, "There is no such API token.", "id")
        _record(by, name, None)
    return Done((token_id,), tx.cursor)


def _record(by: Viewer, before: str | None, after: str | None) -> None:
    changes = [journal.Change("apiTokens", before, after)]
    journal.record(JournalKind.FIRM_CHANGED, by=by, subject=(Subject.FIRM, by.firm_id), changes=changes)


async def of_firm(by: Viewer) -> list[ApiTokenView]:
    """The newest first; empty for all but OWNER and ADMIN."""
    if not by.is_admin:
        return []
    tokens = await store.rows(f"{_SELECT} WHERE firm_id = $1 ORDER BY id DESC", by.firm_id)
    return [_view(token) for token in tokens]


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, ApiTokenView]:
    return {view.id: view for view in await of_firm(by) if view.id in ids}


async def viewer_of(token: str) -> Viewer | None:
    """Who a token acts as; None: it has ended. Notes that it was used."""
    record = await store.row(f"{_VIEWER} WHERE a.token_hash = $1{_ALIVE}", keys.token_hash(token), clock.now())
    if record is None:
        return None
    if record["last_used_at"] is None or clock.now() - record["last_used_at"] >= SEEN_EVERY:
        query = "UPDATE api_token SET last_used_at = $3 WHERE firm_id = $1 AND id = $2"
        await store.execute(query, record["firm_id"], record["token_id"], clock.now())
    return _viewer(record)


async def still_all(token_ids: Sequence[UUID]) -> dict[UUID, Viewer]:
    """Those that have not ended, as they are now."""
    tokens = await store.rows(f"{_VIEWER} WHERE a.id = ANY($1::uuid[]){_ALIVE}", list(token_ids), clock.now())
    return {token["token_id"]: _viewer(token) for token in tokens}


_SELECT = "SELECT id, name, scopes, created_at, last_used_at, expires_at FROM api_token"
_VIEWER = """
SELECT m.id, m.firm_id, m.role, m.manage_accounts, a.id AS token_id, a.scopes, a.last_used_at
FROM api_token a JOIN team_member m ON m.firm_id = a.firm_id AND m.id = a.member_id AND m.state = 'ACTIVE'"""
_ALIVE = " AND (a.expires_at IS NULL OR a.expires_at > $2)"


def _viewer(record: Any) -> Viewer:
    scopes = frozenset(map(ApiScope, record["scopes"]))
    role, rights = TeamRole(record["role"]), record["manage_accounts"]
    return Viewer(record["firm_id"], record["id"], record["token_id"], role, rights, scopes)


def _view(token: Any) -> ApiTokenView:
    return ApiTokenView(
        id=token["id"],
        name=token["name"],
        scopes=tuple(map(ApiScope, token["scopes"])),
        created_at=token["created_at"],
        last_used_at=token["last_used_at"],
        expires_at=token["expires_at"],
    )
