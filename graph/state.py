"""
State subscriptions: how something is at once, then the latest, at most one a second, until it has ended.

    @strawberry.subscription(description="Completes when the run has ended.")
    async def bulk_update_progress(self, info: Info, id: strawberry.ID) -> AsyncGenerator[BulkUpdateProgress, None]:
        must_be_team(info.context, "Only the firm's team may follow this.")
        key = key_of(Kind.BULK_UPDATE, id)
        run = State(
            read=lambda: progress_of(info, key),  # by `info.context.loaders`, as it may be followed for a group
            moved_by=tells_of(key, FeedKind.RUN_MOVED),
            has_ended=lambda progress: progress.has_ended,
            missing="There is no such bulk update.",
        )
        async for progress in latest(info, run):
            yield progress

Whatever changes such a thing, its end too, records an entry about it in the same transaction; one may stand for many
small steps. Without an entry nothing is read and nothing told: nobody polls. Nothing is queued either: a slow reader,
and one whose thing moves a hundred times a second, gets the latest. Identical subscriptions are executed once for all
(graph.engine.transport.groups), so what `read` answers, and what its fields show, is the same for the whole team, or is
named in PERSONAL or BY_RIGHTS (graph.context).
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar
from uuid import UUID

from graph.context import Info, signed_in
from models import feed
from models.errors import ErrorCode, Refusal
from models.ground.pace import Pace
from models.journal import Batch

EVERY = 1.0  # seconds from one state to the next
T = TypeVar("T")


def _never(_: object) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class State(Generic[T]):
    """
    One thing, for one subscription.

    `read`: how it is now; None where it is not there (any more) for who asks, which ends with the words `missing`.
    `moved_by`: whether it may be another since a batch of the firm's journal; a wrong yes costs a read, a wrong no
    leaves a dashboard behind. `has_ended`: this state is its last. `pace`: seconds between two states at least.
    """

    read: Callable[[], Awaitable[T | None]]
    moved_by: Callable[[Batch], bool]
    has_ended: Callable[[T], bool] = _never
    missing: str = "There is no such thing."
    pace: Pace = field(default_factory=partial(Pace, EVERY))


def tells_of(subject_id: UUID, *kinds: str) -> Callable[[Batch], bool]:
    """Whether a batch has an entry of these kinds about it."""
    return lambda batch: any(entry.subject_id == subject_id for entry in batch.of(*kinds))


def latest(info: Info, state: State[T]) -> AsyncGenerator[T, None]:
    """
    The present state at once; the latest whenever it moved, each no older than the one before, the last one always;
    and the end when it has ended. Where the pace holds it back, it is read when it may be told.

    Whoever joins others may hear their second state sooner than a second after the first. Authorised at every delivery.
    Raises Refusal NOT_FOUND, at first or when it is no longer there; RequestError where the session has ended, or a
    client works in another account now.
    """
    states = _latest(info, state)
    goes_on = info.context.follower.begins_at is not None  # and its client was greeted before
    return states if goes_on else info.context.doorkeeper.greeted(states)


async def _latest(info: Info, state: State[T]) -> AsyncGenerator[T, None]:
    """For a group, or after one, it goes on after the state that was told before."""
    follower, pace = info.context.follower, state.pace
    follower.skips = True
    after = follower.begins_at
    if after is not None:
        pace.note()
    while True:
        async with aclosing(_until_it_moves(info, state, after)) as states:
            async for now in states:
                yield now
                if state.has_ended(now):
                    return
                pace.note()
        if follower.live_at is not None:
            return
        await pace.rest()
        after = None  # whatever came meanwhile is in the state that is read next


async def _until_it_moves(info: Info, state: State[T], after: int | None) -> AsyncGenerator[T, None]:
    """
    How it is now, unless it goes on `after` the last state; then nothing, until it may be another.

    It leaves for its group only where nothing moved while that state was read and told: what the group tells after this
    position was read later than that state, and whatever moves it has a later position.
    """
    follower = info.context.follower
    within = None if follower.leaves_within is None else 0
    async with aclosing(feed.hub.follow(signed_in(info.context).firm_id, after, tell_live=within)) as events:  # type: ignore[type-var]
        async for event in events:
            if isinstance(event, feed.Resync) or (isinstance(event, Batch) and state.moved_by(event)):
                return
            follower.position = event.cursor
            if isinstance(event, feed.Live):
                follower.live_at = event.cursor
                return
            if isinstance(event, feed.Ready) and after is None:
                yield await _read(info, state)


async def _read(info: Info, state: State[T]) -> T:
    await info.context.authorise()
    info.context.forget()
    now = await state.read()
    if now is None:
        raise Refusal(ErrorCode.NOT_FOUND, state.missing)
    return now
