"""
State subscriptions of several things: each of them at once, then each that has moved, at most one state a second of
each. Of one thing alone too, where much of what it shows changes without an entry in the journal (graph/state.py is for
what always has one).

    boxes = States(read=…, look_at=…, is_under_way=…, told=…)
    async for view in latest_of_each(info, boxes):
        yield Mailbox.of(view)

What is compared is cheap to read, one statement for all of them: once a second at most where the journal says that
something may have moved, and every REREAD seconds in any case, so that nobody is shown what was longer ago (P4). So a
thing that changes its time or its figures every minute costs no entry, and the journal's window keeps its length.
Nothing is queued: a slow reader gets the latest. As a look by the clock has no position in the journal, such
subscriptions are executed for each alone (ALONE in graph/context.py).
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from graph.context import Info, signed_in
from graph.state import EVERY
from models import feed
from models.errors import ErrorCode, Refusal
from models.ground.pace import Pace
from models.journal import Batch

REREAD = 4.0  # seconds
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class States(Generic[T]):
    """
    Of several things, for one subscription.

    `read` answers how all of them are now, by id; one has moved where it differs from what was told. `look_at` says of
    each batch of the journal which of them may show something else though they do not differ; empty: look at all; None:
    it is about none of them. `is_under_way`: this one is told at each look, as much of what it shows moves along.
    `told`: those that have moved, as they are told, with all they show read together. `of`: the only one, where they
    are not all; `missing` are the words for its end.
    """

    read: Callable[[], Awaitable[Mapping[UUID, T]]]
    look_at: Callable[[Batch], Collection[UUID] | None]
    is_under_way: Callable[[T], bool]
    told: Callable[[Sequence[T]], Awaitable[Sequence[T]]]
    of: UUID | None = None
    missing: str = "There is no such thing."


async def latest_of_each(info: Info, states: States[T]) -> AsyncGenerator[T, None]:
    """
    Authorised before each is told. Where there are none it waits for the first. Raises Refusal NOT_FOUND where the only
    one is not there, or no longer; RequestError where the session has ended.
    """
    async with aclosing(_latest_of_each(info, states)) as latest:
        async for state in latest:
            yield state


async def _latest_of_each(info: Info, states: States[T]) -> AsyncGenerator[T, None]:
    previous: dict[UUID, T] = {}
    with ExitStack() as coming:
        coming.enter_context(info.context.doorkeeper.greeting())
        async with _heard(info, states) as heard:
            moved = await _moved(info, states, previous, ())
            coming.close()
            while True:
                for state in moved:
                    await info.context.authorise()
                    yield state
                moved = await _moved(info, states, previous, await heard.moves())


async def _moved(info: Info, states: States[T], previous: dict[UUID, T], named: Collection[UUID]) -> Sequence[T]:
    """Those to tell, in their order; `previous` is brought up to date."""
    await info.context.authorise()
    info.context.forget()
    now = await states.read()
    if states.of is not None and states.of not in now:
        raise Refusal(ErrorCode.NOT_FOUND, states.missing)
    moved = [
        state for key, state in now.items() if key in named or previous.get(key) != state or states.is_under_way(state)
    ]
    previous.clear()
    previous.update(now)
    return await states.told(moved) if moved else ()


@asynccontextmanager
async def _heard(info: Info, states: States[T]) -> AsyncIterator["_Heard[T]"]:
    async with aclosing(feed.hub.follow(signed_in(info.context).firm_id)) as events:  # type: ignore[type-var]
        heard = _Heard(events, states)
        try:
            await asyncio.wait([heard.coming])  # it has begun: whatever is recorded from now on is heard
            yield heard
        finally:
            heard.coming.cancel()
            await asyncio.wait([heard.coming])


class _Heard(Generic[T]):
    """What the journal says, since it was last asked."""

    def __init__(self, events: AsyncIterator[object], states: States[T]) -> None:
        self._events, self._states = events, states
        self._pace = Pace(EVERY)
        self.coming = asyncio.ensure_future(anext(events))

    async def moves(self) -> Collection[UUID]:
        """Waits until something may have moved. Answers those that are to be told though they do not differ."""
        self._pace.note()
        loop = asyncio.get_running_loop()
        until = loop.time() + REREAD
        named: set[UUID] = set()
        while await self._came(until - loop.time()) and not self._heed(named):
            pass
        await self._pace.rest()
        while await self._came(0):
            self._heed(named)
        return named

    async def _came(self, within: float) -> bool:
        return bool((await asyncio.wait([self.coming], timeout=max(0, within)))[0])

    def _heed(self, named: set[UUID]) -> bool:
        """Whether this event is a reason to look."""
        event, self.coming = self.coming.result(), asyncio.ensure_future(anext(self._events))
        about = self._states.look_at(event) if isinstance(event, Batch) else None
        named.update(about or ())
        return about is not None or isinstance(event, feed.Resync)
