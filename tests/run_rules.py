"""
The rules of runs in plain Python: what becomes of each planned item when its turn comes, whatever has happened since
(tests/bulk_rules.py has how it is planned). R8, R13, R26, R27.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from models.bulk_update.result import Result
from models.bulk_update.table import BulkOutcome
from models.errors import ErrorCode
from models.notification_category import NotificationCategory
from models.run import RunStatus
from models.toggles import Switch
from tests.bulk_rules import Item, Plans, Turn, Wish, preferred
from tests.rules import Spot

Told = tuple[Spot, frozenset[tuple[str, bool]]]
"""An entry of the journal: where, and what is on or off from then on."""


@dataclass
class Run:
    """`items`: None until it begins. `ended`: how many of its `turns` have. `told`: its entries in the journal."""

    wish: Wish
    status: RunStatus = RunStatus.QUEUED
    items: list[Item] | None = None
    turns: list[Turn] = field(default_factory=list)
    ended: int = 0
    told: Counter[Told] = field(default_factory=Counter)

    @property
    def report(self) -> list[Item]:
        return [item for item in self.items or [] if item.turn in self.turns[: self.ended]]

    @property
    def has_ended(self) -> bool:
        return self.status in (RunStatus.FINISHED, RunStatus.CANCELLED)


@dataclass
class Bulk(Plans):
    """`right`: whether whoever starts the runs has the right to manage accounts, and has it still."""

    runs: list[Run] = field(default_factory=list)
    right: bool = True

    def start(self, wish: Wish) -> ErrorCode | None:
        if not self.right:
            return ErrorCode.NOT_ALLOWED
        self.runs.append(Run(wish))
        return None

    @property
    def under_way(self) -> int | None:
        """The number of the run that goes on, or goes on next."""
        return next((number for number, run in enumerate(self.runs) if not run.has_ended), None)

    def cancel(self, number: int) -> ErrorCode | None:
        if number >= len(self.runs):
            return ErrorCode.NOT_FOUND
        if self.runs[number].has_ended:
            return ErrorCode.RUN_ENDED
        self.runs[number].status = RunStatus.CANCELLED
        return None

    def step(self, at_once: int = 1) -> None:
        """Plans the run that goes on, or ends the turns of its next items, `at_once` or some more."""
        if (number := self.under_way) is None:
            return
        run = self.runs[number]
        if run.items is None:
            run.status, run.items = RunStatus.RUNNING, self.plan(run.wish)
            run.turns = list(dict.fromkeys(item.turn for item in run.items))
        else:
            left = [turn for turn in run.turns[run.ended :] for item in run.items if item.turn == turn]
            for _ in dict.fromkeys(left[:at_once]):
                self._end_turn(number)
        if run.ended == len(run.turns):
            run.status = RunStatus.FINISHED

    def take_over(self, expired: bool) -> None:
        """Another worker goes on, and nobody sees it."""

    def allow(self, right: bool) -> None:
        self.right = right

    def suppress(self, one: int) -> None:
        self.suppressed.add(one)

    def lift(self, one: int) -> None:
        self.suppressed.discard(one)

    def hire(self, one: int) -> None:
        self.rules.own_from_now(one)

    def dismiss(self, one: int) -> ErrorCode | None:
        if one not in self.rules.own:
            return ErrorCode.NOT_FOUND
        self.rules.own.discard(one)
        return None

    def wait(self) -> None:
        super().wait()
        self.minute += 31 * 24 * 60

    def use_up(self, one: int) -> None:
        """As many letters as an address gets in an hour."""
        self.letters += [(one, self.minute)] * self.per_recipient

    def _end_turn(self, number: int) -> None:
        run = self.runs[number]
        assert run.items is not None
        turn = run.turns[run.ended]
        ours = [item for item in run.items if item.turn == turn]
        anew = self.decided(run.wish, ours)
        ends = [self._end(run.wish, planned, now) for planned, now in zip(ours, anew, strict=True)]
        run.items = [next((end for end in ends if _same(end, item)), item) for item in run.items]
        run.ended += 1
        if turn[0] is not None:
            self._apply(number, ends, turn[0])

    def _end(self, wish: Wish, planned: Item, anew: Item) -> Item:
        """As it would be planned now, but what somebody has decided since it was planned stays (R27)."""
        if planned.one is None:
            return planned
        on = dict(zip(Switch, self.rules.of(*planned.spot), strict=True))
        results = dict[Switch, Result]()
        for which in planned.results:
            if why := self._why_left(wish, planned, which, on=on[which]):
                results[which] = Result(on[which], on[which], BulkOutcome.ERROR, why)
            else:
                results[which] = anew.results[which]
        return replace(planned, results=results)

    def _why_left(self, wish: Wish, planned: Item, which: Switch, *, on: bool) -> ErrorCode | None:
        if not self.right:
            return ErrorCode.NOT_ALLOWED
        no_longer_held = planned.held and not self.rules.holders(*planned.spot)
        if no_longer_held or self._was_set_since(wish, planned, which, on=on):
            return ErrorCode.CHANGED_MEANWHILE
        return None

    def _was_set_since(self, wish: Wish, planned: Item, which: Switch, *, on: bool) -> bool:
        """It was as wanted when it was planned, and is no longer; a named category likewise."""
        wanted = wish.edit.action(which).wants
        if planned.results[which].before is wanted and on is not wanted:
            return True
        now = self.rules.muted(*planned.spot)
        return which is Switch.NOTIFY and any(
            (category not in planned.muted) is on and (category not in now) is not on
            for category, on in wish.named.items()
        )

    def _apply(self, number: int, ends: list[Item], one: int) -> None:
        run, before = self.runs[number], {item.spot: self._stands(*item.spot) for item in ends}
        for item in ends:
            on = dict(zip(Switch, self.rules.of(*item.spot), strict=True))
            on |= {which: bool(result.after) for which, result in item.results.items()}
            self.rules.on[item.spot] = (on[Switch.LOGIN], on[Switch.NOTIFY], on[Switch.EMAIL_SYNC])
            notify = item.results.get(Switch.NOTIFY)
            if notify and notify.error is None:
                self.rules.off[item.spot] = preferred(self.rules.muted(*item.spot), run.wish.named)
        for spot, stood in before.items():
            run.told += Counter(_entries(spot, stood, self._stands(*spot)))
        self._lose(one, {place for (place, _), stood in before.items() if stood["login"]})
        self._invite(number, ends, one)

    def _stands(self, place: int, one: int) -> dict[str, bool]:
        switches = zip(Switch, self.rules.of(place, one), strict=True)
        told_of = {category.value: category not in self.rules.muted(place, one) for category in NotificationCategory}
        return {which.api_name: on for which, on in switches} | told_of

    def _lose(self, one: int, entered: set[int]) -> None:
        lost = {place for place in entered if not self.rules.of(place, one)[0]}
        if lost and (offer := self.unended(one)):
            offer.uncover(lost, "LOGIN_OFF")

    def _invite(self, number: int, ends: list[Item], one: int) -> None:
        """One letter at most, whatever the accounts; where an invitation lives, it covers them too (R8, R26)."""
        edit = self.runs[number].wish.edit
        if edit.invite is None:
            return
        logins = {item.place: item.results[Switch.LOGIN] for item in ends}
        invited = {
            place
            for place, login in logins.items()
            if login.error is None and place not in self.rules.archived
            if one not in self.rules.activated or login.outcome is BulkOutcome.CHANGED
        }
        if invited:
            already = len(self.made.get(one, []))
            self.offer(invited, one, again=edit.invite.again)
            for offer in self.made.get(one, [])[already:]:
                offer.run = number


def _same(one: Item, other: Item) -> bool:
    return (one.place, one.turn) == (other.place, other.turn)


def _entries(spot: Spot, before: dict[str, bool], after: dict[str, bool]) -> Iterator[Told]:
    """One of switches and one of preferences, where something changed."""
    switches = {which.api_name for which in Switch}
    for of_switches in (True, False):
        changed = {name: on for name, on in after.items() if on is not before[name]}
        if told := frozenset((name, on) for name, on in changed.items() if (name in switches) is of_switches):
            yield spot, told
