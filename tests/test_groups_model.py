"""Whoever is free or not, allowed or not, comes early or late: a group's members get every answer, in order, once."""

import asyncio
from collections.abc import AsyncGenerator, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing, nullcontext
from dataclasses import dataclass, field
from typing import Any, Self

from hypothesis import example, given, settings
from hypothesis import strategies as some

from graph.engine.transport.errors import Answer, RequestCode, RequestError
from graph.engine.transport.follower import Follower
from graph.engine.transport.groups import KEPT, Groups
from tests.support.waiting import patience


@dataclass(eq=False)
class Window:
    """
    One that follows: `heard` is what it was given and what it took, in the order of its coming. `own`: what executes
    for the groups that it began.
    """

    follower: Follower = field(default_factory=lambda: Follower(live_at=0))
    may_hear: bool = True
    free: bool = True
    heard: list[int] = field(default_factory=list)
    own: list["Window"] = field(default_factory=list)

    def group(self, text: str, variables: Mapping[str, Any]) -> Hashable | None:
        return text

    def of_group(self, text: str) -> "Window":
        self.own.append(Window(self.follower.of_group()))
        return self.own[-1]

    async def authorise(self) -> None:
        await asyncio.sleep(0)
        if not self.may_hear:
            raise RequestError(RequestCode.UNAUTHENTICATED, "The session has ended.")

    async def authorise_all(self, others: Sequence[Self]) -> set[Self]:
        await asyncio.sleep(0)
        return {one for one in others if one.may_hear}

    def place(self) -> AbstractContextManager[None]:
        return nullcontext()

    async def offer(self, answer: Answer) -> bool:
        if self.free:
            self.heard.append(answer.body["data"])
        return self.free

    async def follow(self, groups: Groups, source: "Source") -> None:
        """As graph.engine.transport.operation does: with the group, and alone where that does not reach back."""
        while True:
            async with aclosing(groups.follow("feed", self, "feed", source.alone, self)) as answers:
                async for answer in answers:
                    await asyncio.sleep(0)
                    self.heard.append(answer.body["data"])
            if self.follower.completed:
                return
            await self.authorise()
            self.heard += range(self.follower.position + 1, source.told + 1)
            self.follower.position = self.follower.live_at = source.told


@dataclass
class Source:
    told: int = 0
    ended: bool = False
    grown: asyncio.Event = field(default_factory=asyncio.Event)

    async def alone(self, context: object) -> AsyncGenerator[Answer, None]:
        assert isinstance(context, Window)
        while True:
            while context.follower.position < self.told:
                context.follower.position += 1
                yield Answer({"data": context.follower.position}, None)
            if self.ended:
                return
            self.grown.clear()
            await self.grown.wait()

    def tell(self, answers: int) -> None:
        self.told += answers
        self.grown.set()

    def end(self) -> None:
        self.ended = True
        self.grown.set()


Step = tuple[str, int]
STEPS = some.lists(
    some.tuples(
        some.sampled_from(["tell", "tell", "tell many", "wait", "busy", "free", "bar", "join"]), some.integers(0, 9)
    ),
    max_size=40,
)


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def settled(windows: Sequence[Window], source: Source) -> None:
    """Whoever may hear has heard as many answers as there were."""
    async with patience():
        while any(one.may_hear and len(one.heard) < source.told for one in windows):  # noqa: ASYNC110 - many conditions at once
            await asyncio.sleep(0)


async def ended(tasks: Sequence[asyncio.Task[None]], source: Source) -> None:
    """All who follow have come to their end; those who are behind by now have got the rest before."""
    source.end()
    async with patience():
        await asyncio.gather(*tasks, return_exceptions=True)


async def left(tasks: Sequence[asyncio.Task[None]], windows: Sequence[Window], source: Source) -> None:
    """All who follow have left, when they had heard everything."""
    await settled(windows, source)
    await turns(30)  # what comes twice, or to who may not hear, comes now
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def played(steps: Sequence[Step], *, ends: bool) -> None:
    groups, source = Groups(), Source()
    windows: list[Window] = []
    tasks: list[asyncio.Task[None]] = []
    told_before_bar: dict[Window, int] = {}
    for verb, number in [("join", 0), *steps]:
        chosen = windows[number % len(windows)] if windows else None
        match verb, chosen:
            case "tell", _:
                source.tell(1)
            case "tell many", _:
                source.tell(number * KEPT // 4)
            case "wait", _:
                await turns(number)
            case "join", _:
                windows.append(Window())
                tasks.append(asyncio.create_task(windows[-1].follow(groups, source)))
            case "bar", Window() if chosen.may_hear:
                await settled(windows, source)
                chosen.may_hear = False
                told_before_bar[chosen] = source.told
            case (("busy" | "free"), Window()):
                chosen.free = verb == "free"
    await (ended(tasks, source) if ends else left(tasks, windows, source))
    for window in windows:
        assert window.heard == list(range(1, told_before_bar.get(window, source.told) + 1))
    assert len(groups) == 0


@given(STEPS, some.booleans())
@example([("tell many", 5), ("bar", 0), ("join", 0), ("tell", 0)], False)  # who comes late may be ahead of its group
@example([("tell many", 4), ("bar", 0), ("join", 0), ("tell many", 2), ("wait", 1), ("tell", 0)], False)  # and wait
@example([("busy", 0), ("tell many", 5)], True)
@settings(deadline=None, max_examples=150)
def test_each_hears_all_in_order_once_and_nothing_after_its_end(steps: list[Step], ends: bool) -> None:
    """`ends`: at the last step the subscription itself comes to its end, and with it each that follows."""
    asyncio.run(played(steps, ends=ends))
