"""
What a leased mailbox signs in with now. An access token is fetched where none is kept that lasts, by one task at a
time, and kept before anybody uses it: whatever is killed then, the refresh token that came with it is there.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from mail.oauth import Granted, fetch
from models.ground import clock, store
from models.ground.checkpoint import checkpoint
from models.mailbox import credentials
from models.mailbox.credentials import Held
from models.mailbox.lease import Leased
from models.mailbox.secret import OAuth

PAUSES = (0.2, 1.0, 3.0, 9.0)
"""Seconds between attempts to write down what was fetched, where the database is away; less than a lease in all."""
Answer = TypeVar("Answer")
_turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class Access:
    """A password or an access token. `was_kept`: the token was not fetched just now."""

    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    was_kept: bool = False


async def access_to(leased: Leased, *, private: bool, refused: str | None = None) -> Access:
    """
    `refused`: an access token that the server does not take; another one that is kept will do.

    Raises LeaseLost, keys.WrongKey, TokenError, NoAddress.
    """
    turn = _turns.setdefault(leased.mailbox_id, asyncio.Lock())
    async with turn:
        held = await credentials.held(leased)
        if not isinstance(held.secret, OAuth):
            return Access(password=held.secret)
        if held.access_token is not None and held.access_token != refused:
            return Access(token=held.access_token, was_kept=True)
        return Access(token=await _to_its_end(_fetched(leased, held, held.secret, private=private)))


async def _fetched(leased: Leased, held: Held, oauth: OAuth, *, private: bool) -> str:
    granted = await fetch(oauth, private=private)
    checkpoint("before an access token is kept")
    await _keep(leased, held, granted)
    checkpoint("before an access token that is kept is used")
    return granted.access_token


async def _keep(leased: Leased, held: Held, granted: Granted) -> None:
    """Not given up at once: a refresh token that nobody wrote down locks the mailbox out."""
    until = clock.now() + granted.lasts
    for pause in PAUSES:
        with suppress(store.Away):
            return await credentials.keep(leased, held, granted.access_token, until, granted.refresh_token)
        await asyncio.sleep(pause)
    return await credentials.keep(leased, held, granted.access_token, until, granted.refresh_token)


async def _to_its_end(work: Coroutine[None, None, Answer]) -> Answer:
    """Also where the caller is cancelled, who waits for it: half an exchange is the one thing that cannot be redone."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    finally:
        await asyncio.wait([task])
        task.cancelled() or task.exception()  # looked at: nobody else will where the caller is cancelled
