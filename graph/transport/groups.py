"""
Identical subscriptions are executed once and encoded once: same document, variables and audience.

A subscriber begins alone, so that `after` is its own. Once it is near the present it leaves its own execution and goes
on as a cursor into the answers of its group: a thousand that come back at once catch up with what they missed together.
One that the answers kept do not reach back to goes alone until it has caught up. Each delivery is authorised for
itself.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Hashable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from graph.transport.errors import Answer

KEPT = 64  # answers of a group, and how far it begins behind the present; who needs an older one executes it alone
Alone = Callable[[object], AsyncGenerator[Answer, None]]
"""Executes the document for one context, from where that stands."""


@runtime_checkable
class Sharing(Protocol):
    """What a context has whose subscription may be shared."""

    position: int
    """Of the last event that was given."""
    live_at: int | None
    """Set by a subscription that is near the present, and left so that it goes on with its group."""

    def group(self, text: str, variables: Mapping[str, Any]) -> Hashable | None:
        """Whoever has the same gets the same events, wherever each begins; None: not to be shared."""

    def share(self, within: int) -> None:
        """From now on the subscription leaves as soon as it lacks no more than so many positions."""

    def resume(self, position: int) -> None:
        """The next execution begins there, without a greeting, and leaves when it has caught up."""

    def of_group(self, text: str, position: int) -> "Sharing":
        """The context of the group's own execution, which begins at `position`."""

    async def authorise(self) -> None:
        """Raises RequestError where the person may not hear of it any more."""

    def place(self) -> AbstractContextManager[None]:
        """Counts as an open subscription of its session for as long as it is entered."""


@dataclass(eq=False, slots=True)
class _Group:
    """`start`: all answers after it are kept."""

    start: int
    members: int = 0
    ended: bool = False
    answers: deque[tuple[int, Answer]] = field(default_factory=deque)
    grown: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def add(self, position: int, answer: Answer) -> None:
        self.answers.append((position, answer))
        if len(self.answers) > KEPT:
            self.start, _ = self.answers.popleft()
        self.wake()

    def wake(self) -> None:
        grown, self.grown = self.grown, asyncio.Event()
        grown.set()


class Groups:
    """Of one endpoint."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, _Group] = {}

    def __len__(self) -> int:
        return len(self._groups)

    async def follow(self, key: Hashable, context: Sharing, text: str, alone: Alone) -> AsyncGenerator[Answer, None]:
        """Answers after `context.live_at`; returns where the subscriber has to go on alone, from `context.position`."""
        assert context.live_at is not None
        context.position, context.live_at = context.live_at, None
        group = self._join(key, context, text, alone)
        try:
            while True:
                grown = group.grown
                if context.position < group.start or group.ended:
                    return
                new = [each for each in group.answers if each[0] > context.position]
                for position, answer in new:
                    await context.authorise()
                    context.position = position
                    yield answer
                if not new:
                    await grown.wait()
        finally:
            await self._leave(key, group)

    def _join(self, key: Hashable, context: Sharing, text: str, alone: Alone) -> _Group:
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(context.position)
            own = context.of_group(text, context.position)
            group.task = asyncio.create_task(self._execute(key, group, own, alone(own)))
        group.members += 1
        return group

    async def _execute(
        self, key: Hashable, group: _Group, context: Sharing, answers: AsyncGenerator[Answer, None]
    ) -> None:
        """Once for all. Whatever ends it, its members meet alone."""
        try:
            async for answer in answers:
                if answer.refused is not None:
                    return
                group.add(context.position, answer)
        finally:
            if self._groups.get(key) is group:
                del self._groups[key]
            group.ended = True
            group.wake()
            with suppress(Exception):
                await answers.aclose()

    async def _leave(self, key: Hashable, group: _Group) -> None:
        group.members -= 1
        if group.members or group.task is None:
            return
        if self._groups.get(key) is group:
            del self._groups[key]
        group.task.cancel()
        await asyncio.gather(group.task, return_exceptions=True)
