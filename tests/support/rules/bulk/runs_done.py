"""The verbs of runs.py on the database: a run that goes on step by step, and what happens meanwhile."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from models import bulk_update, letter, suppression, team
from models.address import typed
from models.bulk_update.edit import BulkEdit
from models.bulk_update.stepping import step
from models.email import history
from models.ground import clock, store
from models.letter import LetterKind, NewLetter
from models.notification import NotificationKind
from models.our_own import OurOwn
from models.run import UNENDED, Held, Pace, RunKind, RunLost, claim, release
from models.team import TeamMember, TeamMemberState
from models.toggles.switching import end_email_sync
from models.viewer import Viewer
from tests.support.rules.bulk.firms import colleague
from tests.support.rules.bulk.planning import Wish
from tests.support.rules.invitations_done import Deeds
from tests.support.rules.switches_done import text_of


class Even(Pace):
    """As many items a chunk as it was told, however long they take."""

    def __init__(self, items: int) -> None:
        self.items = items

    def took(self, items: int, seconds: float) -> None:
        pass


@dataclass
class Runs(Deeds):
    """
    `starter`: a colleague who starts them. `now`: by the firm's clock. `held`: what a worker goes on with. `owners`:
    undos that the owner asked for.
    """

    starter: Viewer
    now: datetime
    per_recipient: int
    runs: list[UUID] = field(default_factory=list)
    owners: set[UUID] = field(default_factory=set)
    held: Held | None = None
    right: bool = True
    hired: dict[int, UUID] = field(default_factory=dict)

    async def start(self, wish: Wish) -> None:
        """The same key answers with the same run, however often (R31)."""
        key, by = f"run {len(self.runs)}", self._as_allowed()
        done = await bulk_update.start(by, self.edit(wish), key=key)
        assert (await bulk_update.start(by, self.edit(wish), key=key)).ids == done.ids
        self.runs += done.ids

    async def undo(self, back: int, by_owner: bool) -> None:
        key, by = f"run {len(self.runs)}", self._as_allowed(by_owner=by_owner)
        run_id = self._last(back)
        done = await bulk_update.undo(by, run_id, key=key)
        assert (await bulk_update.undo(by, run_id, key=key)).ids == done.ids
        self.runs += done.ids
        self.owners |= set(done.ids) if by_owner else set()

    def _as_allowed(self, *, by_owner: bool = False) -> Viewer:
        return self.reality.by if by_owner else replace(self.starter, manage_accounts=self.right)

    def edit(self, wish: Wish) -> BulkEdit:
        return wish.asked(self.reality.places)

    async def step(self, at_once: int) -> None:
        self.held = self.held or await claim("one worker", list(RunKind))
        if self.held and not await step(self.held, Even(at_once)):
            self.held = None

    async def end_all(self) -> None:
        await self.step(1)
        while self.held is not None or await store.value(_WAIT, self.reality.by.firm_id):
            await self.step(1)

    async def take_over(self, expired: bool) -> None:
        """Whoever had it comes back too late, writes nothing, and ends nobody's lease."""
        if (late := self.held) is None:
            return
        if expired:
            await store.execute("UPDATE run SET lease_until = now() - interval '1 second' WHERE id = $1", late.run_id)
        else:
            await release(late)
        self.held = await claim("another worker", list(RunKind))
        assert self.held is not None
        assert self.held.run_id == late.run_id
        await self._is_lost(late)
        await release(late)

    async def _is_lost(self, held: Held) -> None:
        with pytest.raises(RunLost):
            await step(held, Even(1))

    def _last(self, back: int) -> UUID:
        return self.runs[-1 - back] if back < len(self.runs) else self.reality.places[0]

    async def cancel(self, back: int) -> None:
        """At once: whoever goes on with it finds it lost."""
        run_id = self._last(back)
        await bulk_update.cancel(self.reality.by, run_id)
        if self.held and self.held.run_id == run_id:
            await self._is_lost(self.held)
            self.held = None

    async def allow(self, right: bool) -> None:
        await team.update(self.reality.by, self.starter.member_id, manage_accounts=right)
        self.right = right

    async def suppress(self, one: int) -> None:
        async with store.transaction(self.reality.by.firm_id):
            await suppression.suppress(self.reality.by.firm_id, self.reality.addresses[one], "It came back.")

    async def lift(self, one: int) -> None:
        await suppression.lift(self.reality.by, self.reality.addresses[one])

    async def hire(self, one: int) -> None:
        """Somebody with this address becomes a colleague, once more perhaps."""
        by = self.reality.by
        if one not in self.hired:
            new = colleague(by.firm_id, one)
            await new.save(force_create=True)
            self.hired[one] = new.id
        async with store.transaction(by.firm_id):
            await TeamMember.filter(id=self.hired[one]).update(state=TeamMemberState.ACTIVE)
            await history.lock(by.firm_id)
            await end_email_sync(by, text_of(one), of=OurOwn.COLLEAGUE)

    async def dismiss(self, one: int) -> None:
        await team.remove(self.reality.by, self.hired.get(one, self.reality.places[0]))

    async def use_up(self, one: int) -> None:
        new = NewLetter(LetterKind.INVITATION, typed(text_of(one)), {})
        async with store.transaction(self.reality.by.firm_id):
            await letter.write(self.reality.by, [new] * self.per_recipient)

    def later(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    async def wait(self) -> None:
        self.later(minutes=31 * 24 * 60)

    async def entries(self) -> Counter[UUID]:
        """In Inbox+, of runs that ended; whoever started them has them, and nobody else."""
        rows = await store.rows(_ENTRIES, self.reality.by.firm_id, NotificationKind.BULK_UPDATE_FINISHED)
        for row in rows:
            began = self.reality.by if row["subject_id"] in self.owners else self.starter
            assert row["member_id"] == began.member_id
        return Counter(row["subject_id"] for row in rows)


_WAIT = f"SELECT count(*) FROM run WHERE firm_id = $1 AND {UNENDED}"
_ENTRIES = "SELECT member_id, subject_id FROM notification WHERE firm_id = $1 AND kind = $2"


async def nobody_elses() -> None:
    """Runs that other tests have left would go first."""
    await store.execute("UPDATE run SET status = 'CANCELLED', ended_at = $1 WHERE ended_at IS NULL", clock.now())
