"""The same key and input give the first answer again and do nothing; with another input it is refused (R31)."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tortoise import Model, fields
from tortoise.contrib.postgres.fields import ArrayField
from uuid_utils.compat import uuid7

from models import journal
from models.errors import ErrorCode, Refusal
from models.ground import clock, store
from models.ground.canonical import canonical
from models.viewer import Actor

KEPT_FOR = timedelta(days=30)
LONGEST_KEY = 100
FORM = b"canonical 1:"
"""Begins a digest of today's form. One of an earlier release says nothing of today's: its answer is given again."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a verb did: the ids it answers with, and the journal position of the change (None: nothing changed)."""

    ids: tuple[UUID, ...] = ()
    cursor: int | None = None


class Idempotency(Model):
    """A key that somebody used, and the answer that it got."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    actor_id = fields.UUIDField()
    key = fields.CharField(LONGEST_KEY)
    asked = fields.BinaryField()
    ids: Any = ArrayField("uuid", null=True)
    position = fields.BigIntField(null=True)
    used_at = fields.DatetimeField()

    class Meta:
        table = "idempotency"
        unique_together = (("firm_id", "actor_id", "key"),)


async def once(
    by: Actor, key: str | None, *, verb: str, wish: object, do: Callable[[], Awaitable[tuple[UUID, ...]]]
) -> Done:
    """
    Runs `do` in a transaction, or answers as it was answered before under the same key. `wish` has a canonical form.

    Raises IDEMPOTENCY_KEY_REUSED where the key came with other input, and what `do` raises.
    """
    async with store.transaction(by.firm_id) as tx:
        if key is None:
            ids = await do()
        else:
            if (answered := await _claim(by, key, _digest(verb, wish))) is not None:
                return answered
            ids = await do()
            await _keep(by, key, ids)
    return Done(ids, tx.cursor)


async def earlier(by: Actor, key: str | None, *, verb: str, wish: object) -> Done | None:
    """
    The answer that was given under this key, for whoever must do something costly before `once`; the key stays unused.
    Raises INVALID, IDEMPOTENCY_KEY_REUSED.
    """
    if key is None:
        return None
    check_key(key)
    record = await store.row(_LOOK, by.firm_id, by.person_id, key, clock.now(), KEPT_FOR)
    return _answer(record, _digest(verb, wish)) if record else None


_LOOK = """
SELECT asked, ids, position FROM idempotency
WHERE firm_id = $1 AND actor_id = $2 AND key = $3 AND used_at >= $4::timestamptz - $5::interval
"""


def _digest(verb: str, wish: object) -> bytes:
    return FORM + hashlib.sha256(canonical(verb, wish).encode()).digest()


def check_key(key: str) -> None:
    """Raises INVALID."""
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise Refusal(ErrorCode.INVALID, f"The key must have 1 to {LONGEST_KEY} visible characters.", "idempotencyKey")


async def _claim(by: Actor, key: str, digest: bytes) -> Done | None:
    check_key(key)
    record = await store.row(_CLAIM, uuid7(), by.firm_id, by.person_id, key, digest, clock.now(), KEPT_FOR)
    assert record is not None
    return _answer(record, digest)


def _answer(record: Any, digest: bytes) -> Done | None:
    """None: it has none yet. Raises IDEMPOTENCY_KEY_REUSED."""
    if record["asked"] != digest and record["asked"].startswith(FORM):
        raise Refusal(
            ErrorCode.IDEMPOTENCY_KEY_REUSED,
            "This idempotency key was used before with another input. Take a new key for a new request.",
            "idempotencyKey",
        )
    return Done(tuple(record["ids"]), record["position"]) if record["ids"] is not None else None


_CLAIM = """
INSERT INTO idempotency AS i (id, firm_id, actor_id, key, asked, used_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (firm_id, actor_id, key) DO UPDATE SET
  asked = CASE WHEN i.used_at < $6 - $7::interval THEN excluded.asked ELSE i.asked END,
  ids = CASE WHEN i.used_at < $6 - $7::interval THEN NULL ELSE i.ids END,
  position = CASE WHEN i.used_at < $6 - $7::interval THEN NULL ELSE i.position END,
  used_at = CASE WHEN i.used_at < $6 - $7::interval THEN excluded.used_at ELSE i.used_at END
RETURNING asked, ids, position
"""


async def _keep(by: Actor, key: str, ids: tuple[UUID, ...]) -> None:
    query = "UPDATE idempotency SET ids = $4::uuid[] WHERE firm_id = $1 AND actor_id = $2 AND key = $3 RETURNING id"
    row_id = await store.value(query, by.firm_id, by.person_id, key, list(ids))
    journal.stamp("idempotency", row_id, firm_id=by.firm_id)
