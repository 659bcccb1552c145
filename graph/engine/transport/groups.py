"""
Identical subscriptions are executed once and encoded once: same document, variables and audience.

A subscriber begins alone, so that `after` is its own. Near the present it leaves its own execution, and is from then on
a position in the answers of its group: a thousand that come back at once catch up with what they missed together. Where
the group no longer keeps the next answer that it lacks, it executes alone until it has caught up.

Each delivery is authorised. Of those who wait when an answer comes it is asked in one statement, and the answer is
handed to them; whoever is behind asks for itself.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, Self, runtime_checkable

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
        """Its audience: contexts of equal ones get the same events, wherever each begins; None: it is not shared."""

    def of_group(self, text: str) -> "Sharing":
        """The context of the group's own execution, which begins where this one stands."""

    async def authorise(self) -> None:
        """Raises RequestError where the person may not hear of it any more."""

    async def authorise_all(self, members: Sequence[Self]) -> set[Self]:
        """Those whose person may still hear of it."""

    def place(self) -> AbstractContextManager[None]:
        """While entered, the session has one more open subscription. Raises RequestError where it has too many."""


class Listener(Protocol):
    """The far end of a subscription, which takes an answer without its task being woken."""

    async def offer(self, answer: Answer) -> bool:
        """Sends it, if that can be done without waiting; False: it cannot. Raises Gone where nobody is there."""


class _Event(NamedTuple):
    """`position`: in the feed; whoever has this answer lacks nothing up to there."""

    position: int
    answer: Answer


@dataclass(eq=False, slots=True)
class _Waiter:
    """
    A member that has heard all. `woken`: with an event that it may hear of; with None, to look into `events` itself.
    """

    listener: Listener | None
    woken: asyncio.Future[_Event | None]

    def wake(self, event: _Event | None) -> None:
        if not self.woken.done():
            self.woken.set_result(event)


@dataclass(eq=False, slots=True)
class _Group:
    """
    `start`: all events after it are kept. `completed`: the last of them is the last that there is. `waiting`: the
    members that lack none of them; each other member reads on in `events`.
    """

    start: int
    members: int = 0
    ended: bool = False
    completed: bool = False
    events: deque[_Event] = field(default_factory=deque)
    waiting: dict[Sharing, _Waiter] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None

    async def tell(self, own: Sharing, answer: Answer) -> None:
        """
        Each member that may hear of it gets it, once and after all before it. Nobody is waited for: whoever is slow is
        woken, and sends it in its own task. `own`: the context of the group's own execution.
        """
        event = _Event(own.follower.position, answer)
        allowed = await own.authorise_all(list(self.waiting))
        for number, (member, waiter) in enumerate(self._keep(event).items(), 1):
            if member not in allowed or member.follower.position >= event.position:  # or has it already
                waiter.wake(None)
            elif not waiter.woken.done() and not await self._hand_over(event, member, waiter):
                waiter.wake(event)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)

    def _keep(self, event: _Event) -> dict[Sharing, _Waiter]:
        """
        Returns who has waited for it. Both in one step of the loop: whoever is not told of it from here comes upon it
        among the events.
        """
        self.events.append(event)
        if len(self.events) > KEPT:
            self.start = self.events.popleft().position
        waiting, self.waiting = self.waiting, {}
        return waiting

    async def _hand_over(self, event: _Event, member: Sharing, waiter: _Waiter) -> bool:
        """
        Whether its listener took it, and it goes on waiting without having been woken: to wake a thousand tasks
        costs more than to send. It is put back first: a member that leaves meanwhile takes itself off the list.
        """
        if waiter.listener is None:
            return False
        self.waiting[member] = waiter
        try:
            if await waiter.listener.offer(event.answer):
                member.follower.position = event.position
                return True
        except Gone:  # its own task is about to learn of it
            return True
        self.waiting.pop(member, None)
        return False

    def end(self) -> None:
        self.ended = True
        for waiter in self.waiting.values():
            waiter.wake(None)

    def reaches_back_to(self, position: int) -> bool:
        """Whether whoever stands there can go on here: all that it lacks is kept, and more may come."""
        return position >= self.start and not self.ended

    def after(self, position: int) -> list[_Event]:
        if not self.events or self.events[-1].position <= position:
            return []
        return [event for event in self.events if event.position > position]

    async def wait(self, member: Sharing, listener: Listener | None) -> _Event | None:
        """Until the member is woken: with an event that it sends itself; with None, to look what there is."""
        waiter = self.waiting[member] = _Waiter(listener, asyncio.get_running_loop().create_future())
        try:
            return await waiter.woken
        finally:
            if self.waiting.get(member) is waiter:
                del self.waiting[member]


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
        All answers after the position where the follower has left, in order, but for those that its listener took;
        returns when the feed has `completed`, or when the follower has to go on alone.

        No answer is missed, as nothing is awaited between finding none behind and waiting for the next; and none is
        told twice, as the position moves with each. Closing this leaves the group, and the last to leave ends it.
        """
        follower = context.follower
        follower.join()
        group = self._join(key, context, text, alone)
        try:
            while group.reaches_back_to(follower.position):
                behind = group.after(follower.position)
                for event in behind[-1:] if follower.skips else behind:
                    await context.authorise()
                    follower.position = event.position
                    yield event.answer
                if not behind and (latest := await group.wait(context, listener)):
                    follower.position = latest.position
                    yield latest.answer
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
        """
        Once for all members. Where the feed ends, it ends for them; where it is refused, lacks something or fails, they
        go on alone, and each meets that itself.
        """
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
