"""An errand is left: one statement, the same for all that may be asked, which waits for no firm's lock."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from models.errand.errand import ErrandKind
from models.errors import RateLimited
from models.ground import clock, keys, store
from models.ground.canonical import canonical
from models.ground.keys import Key, WrongKey

MOST = 10_000
"""Of all firms: however many ask, or should no worker run, the table does not grow beyond."""


async def leave(kind: ErrandKind, wish: Mapping[str, Any]) -> None:
    """
    It is done, whatever is killed, once this has returned. The same again, while it waits, is no second one: who asks
    limits how many of a kind an address or a network may leave. `wish` has a canonical form and is JSON.

    Raises RATE_LIMITED where MOST wait.
    """
    errand_id = uuid7()
    about = keys.installation().signature("errand", canonical(kind, wish))
    args = (errand_id, kind, about, _sealed(errand_id, wish), clock.now(), MOST)
    if not await store.execute(_LEAVE, *args):
        message = "Very many people ask for something just now. Try again in a few minutes."
        raise RateLimited(message, retry_at=clock.now() + timedelta(minutes=1))


_LEAVE = """
INSERT INTO errand (id, kind, about, sealed, asked_at, due_at) SELECT $1, $2, $3, $4, $5, now()
WHERE (SELECT count(*) FROM (SELECT FROM errand LIMIT $6) e) < $6
ON CONFLICT (about) DO UPDATE SET about = excluded.about
"""


def _sealed(errand_id: UUID, wish: Mapping[str, Any]) -> bytes:
    return keys.installation().seal(orjson.dumps(wish).decode(), *_place(errand_id))


async def seal_anew(old: Key, new: Key) -> None:
    """What waits, from one secret of the installation to the next; what cannot be opened is left to fail."""
    for errand in await store.rows("SELECT id, kind, sealed FROM errand ORDER BY id FOR UPDATE"):
        with suppress(WrongKey):
            text = old.unseal(errand["sealed"], *_place(errand["id"]))
            about = new.signature("errand", canonical(ErrandKind(errand["kind"]), orjson.loads(text)))
            args = (errand["id"], about, new.seal(text, *_place(errand["id"])))
            await store.execute("UPDATE errand SET about = $2, sealed = $3 WHERE id = $1", *args)


def _place(errand_id: UUID) -> tuple[object, ...]:
    return "errand", errand_id


def opened(errand_id: UUID, sealed: bytes) -> dict[str, Any]:
    """What was asked. Raises keys.WrongKey."""
    wish: dict[str, Any] = orjson.loads(keys.installation().unseal(sealed, *_place(errand_id)))
    return wish
