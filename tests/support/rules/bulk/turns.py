"""
The turns of runs in plain Python: what becomes of each planned item when its turn comes, whatever has happened since
(planning.py has how it is planned, undo.py what takes it back). R8, R13, R26, R27, R30.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from models.bulk_update.item import BulkOutcome
from models.bulk_update.result import Result
from models.errors import ErrorCode
from models.notification_category import NotificationCategory
from models.run import RunStatus
from models.toggles import Switch
from tests.support.rules.bulk.planning import Item, Plans, Turn, Wish, preferred
from tests.support.rules.bulk.undo import Now, has_done, put_back
from tests.support.rules.switches import Spot

Told = tuple[Spot, frozenset[tuple[str, bool]]]
"""An entry of the journal: where, and what is on or off from then on."""


@dataclass
class Run:
    """
    `undoes`: the number of another, which has no `wish`. `owners`: the owner began it, who never loses the right.
    `items`: None until it begins. `ended`: how many of its `turns` have. `told`: its entries in the journal.
    """

    wish: Wish | None
    undoes: int | None = None
    owners: bool = False
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
class Turns(Plans):
    """
    `right`: whether whoever starts the runs has the right to manage accounts, and has it still. `journal`: each switch
    and category that was set, where and by which run; without a name: that a run's chunk ended there.
    """

    runs: list[Run] = field(default_factory=list)
    right: bool = True
    journal: list[tuple[Spot, str | None, int | None]] = field(default_factory=list)

    def do(self, verb: str, *given: Any) -> ErrorCode | None:
        with self.told():
            return super().do(verb, *given)

    def invite(self, place: int, one: int, switch_on: bool, again: bool) -> ErrorCode | None:
        with self.told():
            return super().invite(place, one, switch_on, again)

    @contextmanager
    def told(self, number: int | None = None) -> Iterator[None]:
        """Whatever is set in it stands in the journal then, as this run's or as somebody's."""
        before = {spot: self._stands(*spot) for spot in self._spots()}
        yield
        for spot, stood in before.items():
            for entry in _entries(spot, stood, self._stands(*spot)):
                self.journal += [(spot, name, number) for name, _ in entry[1]]
                if number is not None:
                    self.runs[number].told[entry] += 1

    def _spots(self) -> Iterator[Spot]:
        return product(range(self.rules.places), range(self.rules.addresses))

    def begin(self, run: Run) -> None:
        """An undo goes in the order of what it takes back."""
        run.status = RunStatus.RUNNING
        if run.undoes is not None:
            done = [item for item in self.runs[run.undoes].report if has_done(item)]
            run.items = [self._put_back(run.undoes, item) for item in done]
            run.turns = [turn for turn in self.runs[run.undoes].turns if turn in {item.turn for item in done}]
        elif run.wish is not None:
            run.items = self.plan(run.wish)
            firsts = list(dict.fromkeys(item.turn[:3] for item in run.items))
            run.turns = sorted({item.turn for item in run.items}, key=lambda turn: (firsts.index(turn[:3]), turn[3]))

    def _put_back(self, undoes: int, item: Item) -> Item:
        (place, one), rules = item.spot, self.rules
        last = self.unended(one)
        now = Now(
            on=dict(zip(Switch, rules.of(place, one), strict=True)),
            muted=rules.muted(place, one),
            held=bool(rules.holders(place, one)),
            archived=place in rules.archived,
            own=one in rules.own,
            activated=one in rules.activated,
            covered=last is not None and last.run == undoes and place in last.covers and one not in rules.activated,
            since=self._set_since(undoes, item.spot),
        )
        return put_back(item, now)

    def _set_since(self, number: int, spot: Spot) -> frozenset[str]:
        """Also by another run."""
        entries = [(name, run) for where, name, run in self.journal if where == spot]
        last = max(nth for nth, (_, run) in enumerate(entries) if run == number)
        return frozenset(name for name, _ in entries[last + 1 :] if name)

    def end_turn(self, number: int) -> None:
        run = self.runs[number]
        assert run.items is not None
        turn = run.turns[run.ended]
        self.served = self._served(number, turn[0])
        ours = [item for item in run.items if item.turn == turn]
        ends = self._ends(run, ours)
        run.items = [next((end for end in ends if _same(end, item)), item) for item in run.items]
        run.ended += 1
        if turn[0] is not None:
            self._apply(number, ends, turn[0])
        self.served = None

    def _served(self, number: int, one: int | None) -> tuple[int, int] | None:
        """Where an earlier turn of this address has brought a letter: an invitation, or word of its accounts (R8)."""
        for item in self.runs[number].report:
            login = item.results.get(Switch.LOGIN)
            if one is None or item.one != one or login is None or login.error is not None:
                continue
            if login.outcome is BulkOutcome.INVITED or (item.activated and login.outcome is BulkOutcome.CHANGED):
                return one, number
        return None

    def _ends(self, run: Run, ours: list[Item]) -> list[Item]:
        if run.wish is not None:
            anew = self.decided(run.wish, ours)
            return [self._end(run.wish, planned, now) for planned, now in zip(ours, anew, strict=True)]
        assert run.undoes is not None
        report = {(item.place, item.turn): item for item in self.runs[run.undoes].report}
        ends = [self._put_back(run.undoes, report[item.place, item.turn]) for item in ours]
        return ends if run.owners or self.right else [_not_allowed(end) for end in ends]

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
        notify, muted = results.get(Switch.NOTIFY), self.rules.muted(*planned.spot)
        after = preferred(muted, wish.named) if notify and notify.error is None else muted
        return replace(planned, results=results, activated=planned.one in self.rules.activated, off=(muted, after))

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
        entered = {item.place for item in ends if self.rules.of(*item.spot)[0]}
        with self.told(number):
            for item in ends:
                on = dict(zip(Switch, self.rules.of(*item.spot), strict=True))
                on |= {which: bool(result.after) for which, result in item.results.items()}
                self.rules.on[item.spot] = (on[Switch.LOGIN], on[Switch.NOTIFY], on[Switch.EMAIL_SYNC])
                self.rules.off[item.spot] = item.off[1]
        self.journal += [(item.spot, None, number) for item in ends]
        self._lose(one, entered)
        run = self.runs[number]
        if run.wish is not None:
            self._write(number, run.wish, ends, one)
        elif run.undoes is not None:
            self._withdraw(run.undoes, ends, one)

    def _withdraw(self, undoes: int, ends: list[Item], one: int) -> None:
        """What the run had sent is for these accounts no more; for others it lives on."""
        offer = self.unended(one)
        if offer is not None and offer.run == undoes:
            logins = {item.place: item.results[Switch.LOGIN] for item in ends if Switch.LOGIN in item.results}
            invited = {
                place
                for place, login in logins.items()
                if login.outcome is BulkOutcome.CHANGED and login.before is login.after
            }
            offer.uncover(invited, "REVOKED")

    def _stands(self, place: int, one: int) -> dict[str, bool]:
        switches = zip(Switch, self.rules.of(place, one), strict=True)
        told_of = {category.value: category not in self.rules.muted(place, one) for category in NotificationCategory}
        return {which.api_name: on for which, on in switches} | told_of

    def _lose(self, one: int, entered: set[int]) -> None:
        lost = {place for place in entered if not self.rules.of(place, one)[0]}
        if lost and (offer := self.unended(one)):
            offer.uncover(lost, "LOGIN_OFF")

    def _write(self, number: int, wish: Wish, ends: list[Item], one: int) -> None:
        """One letter at most, whatever the accounts; where an invitation lives, it covers them too (R8, R26)."""
        if (invite := wish.edit.invite) is None:
            return
        logins = {item.place: item.results[Switch.LOGIN] for item in ends}
        if self.is_served(one):
            joining = {place for place, login in logins.items() if login.outcome is BulkOutcome.INVITED}
            if joining and (last := self.unended(one)):
                last.cover(joining)
            return
        invited = {
            place
            for place, login in logins.items()
            if login.error is None and place not in self.rules.archived
            if one not in self.rules.activated or login.outcome is BulkOutcome.CHANGED
        }
        if invited:
            already = len(self.made.get(one, []))
            self.offer(invited, one, again=invite.again)
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


def _not_allowed(item: Item) -> Item:
    """Nothing of it is put back."""
    results = {
        which: Result(result.before, result.before, BulkOutcome.ERROR, ErrorCode.NOT_ALLOWED)
        for which, result in item.results.items()
    }
    return replace(item, results=results, off=(item.off[0], item.off[0]))
