"""
Identical subscriptions are executed once and encoded once: same document, variables and audience.

A subscriber begins alone, so that `after` is its own. Once it is near the present it leaves its own execution and goes
on as a cursor into the answers of its group: a thousand that come back at once catch up with what they missed together.
One that the answers kept do not reach back to goes alone until it has caught up. Each delivery is authorised: those who
wait when an answer comes are asked for together, and have it handed to them; who is behind asks for itself.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, runtime_checkable

from graph.engine.transport.errors import Answer
from graph.engine.transport.follower import Follower
from graph.engine.transport.wire import Gone

KEPT = 64  # answers of a group, and how far it begins behind the present; who needs an older one executes it alone
AT_ONCE = 50  # members who are told before the loop writes what it has for them: uvloop does so at the end of a round
Alone = Callable[[object], AsyncGenerator[Answer, None]]
"""Executes the document for one context, from where that stands."""


@runtime_checkable
class Sharing(Protocol):
    """What a context has whose subscription may be shared."""

    follower: Follower

    def group(self, text: str, variables: Mapping[str, Any]) -> Hashable | None:
        """Whoever has the same gets the same events, wherever each begins; None: not to be shared."""

    def of_group(self, text: str) -> "Sharing":
        """The context of the group's own execution, which begins where this one stands."""

    async def authorise(self) -> None:
        """Raises RequestError where the person may not hear of it any more."""

    async def authorise_all(self, others: Sequence[Self]) -> set[Self]:
        """Those of them whose person may still hear of it."""

    def place(self) -> AbstractContextManager[None]:
        """Counts as an open subscription of its session for as long as it is entered."""


class Listener(Protocol):
    """The far end of a subscription, which takes an answer without its task being woken."""

    async def offer(self, answer: Answer) -> bool:
        """Gives it where that waits for nothing; False: it would. Raises Gone where nobody listens any more."""


_Told = tuple[int, Answer]


@dataclass(eq=False, slots=True)
class _Waiting:
    """Who has heard all. `woken`: by an answer that it may hear of; by None, to look what there is."""

    listener: Listener | None
    woken: asyncio.Future[_Told | None]

    def wake(self, told: _Told | None) -> None:
        if not self.woken.done():
            self.woken.set_result(told)


@dataclass(eq=False, slots=True)
class _Group:
    """`start`: all answers after it are kept. `completed`: the last of them is the last that there is."""

    start: int
    members: int = 0
    ended: bool = False
    completed: bool = False
    answers: deque[_Told] = field(default_factory=deque)
    waiting: dict[Sharing, _Waiting] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None

    async def tell(self, asking: Sharing, answer: Answer) -> None:
        told = (asking.follower.position, answer)
        allowed = await asking.authorise_all(list(self.waiting))
        self.answers.append(told)
        if len(self.answers) > KEPT:
            self.start, _ = self.answers.popleft()
        waiting, self.waiting = self.waiting, {}
        for number, (one, its) in enumerate(waiting.items(), 1):
            if one not in allowed or one.follower.position >= told[0]:  # or it came meanwhile; or it has it already
                its.wake(None)
            elif not its.woken.done() and not await self._took(one, its, told):
                its.wake(told)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _took(self, one: Sharing, its: _Waiting, told: _Told) -> bool:
        """Most are not even woken: a thousand wake-ups cost more than what they would do."""
        if its.listener is None:
            return False
        self.waiting[one] = its
        position, answer = told
        try:
            if await its.listener.offer(answer):
                one.follower.position = position
                return True
        except Gone:  # its own task is about to learn of it
            return True
        self.waiting.pop(one, None)
        return False

    def end(self) -> None:
        self.ended = True
        for its in self.waiting.values():
            its.wake(None)

    def after(self, position: int) -> list[_Told]:
        if not self.answers or self.answers[-1][0] <= position:
            return []
        return [each for each in self.answers if each[0] > position]

    async def wait(self, one: Sharing, listener: Listener | None) -> _Told | None:
        its = self.waiting[one] = _Waiting(listener, asyncio.get_running_loop().create_future())
        try:
            return await its.woken
        finally:
            if self.waiting.get(one) is its:
                del self.waiting[one]


class Groups:
    """Of one endpoint."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, _Group] = {}

    def __len__(self) -> int:
        return len(self._groups)

    async def follow(
        self, key: Hashable, context: Sharing, text: str, alone: Alone, listener: Listener | None = None
    ) -> AsyncGenerator[Answer, None]:
        """
        Answers after where the follower left, but for those that were given to the listener; returns where it has to go
        on alone, or has `completed`.
        """
        follower = context.follower
        follower.join()
        group = self._join(key, context, text, alone)
        try:
            while follower.position >= group.start and not group.ended:
                behind = group.after(follower.position)
                for position, answer in behind[-1:] if follower.skips else behind:
                    await context.authorise()
                    follower.position = position
                    yield answer
                if not behind and (told := await group.wait(context, listener)):
                    follower.position, answer = told
                    yield answer
            follower.completed = group.completed and not group.after(follower.position)
        finally:
            await self._leave(key, group)

    def _join(self, key: Hashable, context: Sharing, text: str, alone: Alone) -> _Group:
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(context.follower.position)
            own = context.of_group(text)
            group.task = asyncio.create_task(self._execute(key, group, own, alone(own)))
        group.members += 1
        return group

    async def _execute(
        self, key: Hashable, group: _Group, context: Sharing, answers: AsyncGenerator[Answer, None]
    ) -> None:
        """Once for all. Where it comes to its end, it does for its members; whatever else ends it, they meet alone."""
        try:
            async for answer in answers:
                if answer.refused is not None or answer.lacks:
                    return
                await group.tell(context, answer)
            group.completed = True
        finally:
            if self._groups.get(key) is group:
                del self._groups[key]
            group.end()
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
