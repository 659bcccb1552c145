"""
The rules of bulk updates in plain Python, beside those of switches (tests/rules.py) and of invitations
(tests/offer_rules.py): what each item comes to when it is planned, and what when its turn comes. R13, R17, R25-R28,
R41, R44, R46.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from models.account import AccountFilter
from models.bulk_update.edit import AccountSelection, BulkEdit
from models.bulk_update.result import Result
from models.bulk_update.table import BulkAction, BulkOutcome
from models.errors import ErrorCode
from models.notification_category import NotificationCategory
from models.run import RunStatus
from models.toggles import Switch
from tests.offer_rules import Offers
from tests.rules import Named, Spot

Results = dict[Switch, Result]
Muted = frozenset[NotificationCategory]
Told = tuple[Spot, frozenset[tuple[str, bool]]]
"""An entry of the journal: where, and what is on or off from then on."""
NOBODY: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Wish:
    """`among`: accounts by number, or those that match. `edit`: the rest of what is asked."""

    among: tuple[int, ...] | AccountFilter
    edit: BulkEdit

    def asked(self, places: Sequence[UUID]) -> BulkEdit:
        if isinstance(self.among, AccountFilter):
            return replace(self.edit, accounts=AccountSelection(matching=self.among))
        return replace(self.edit, accounts=AccountSelection(ids=tuple(places[place] for place in self.among)))

    @property
    def named(self) -> Named:
        return {each.category: each.on for each in self.edit.preferences}


@dataclass(frozen=True)
class Item:
    """
    `one`: the address; `person`: a contact without any; neither: nobody of the account has one. `held`, `muted`: as it
    was when it was planned.
    """

    place: int
    one: int | None = None
    person: int | None = None
    held: bool = True
    muted: Muted = frozenset()
    results: Results = field(default_factory=dict)

    @property
    def turn(self) -> tuple[int | None, int | None, int | None]:
        """Whole addresses go together; so does a contact without any."""
        nobody = self.one is None and self.person is None
        return self.one, self.person, self.place if nobody else None

    @property
    def spot(self) -> Spot:
        assert self.one is not None
        return self.place, self.one


@dataclass
class Run:
    """`items`: None until it begins. `ended`: how many of its `turns` have. `told`: its entries in the journal."""

    wish: Wish
    status: RunStatus = RunStatus.QUEUED
    items: list[Item] | None = None
    turns: list[tuple[int | None, int | None, int | None]] = field(default_factory=list)
    ended: int = 0
    told: Counter[Told] = field(default_factory=Counter)

    @property
    def report(self) -> list[Item]:
        return [item for item in self.items or [] if item.turn in self.turns[: self.ended]]

    @property
    def has_ended(self) -> bool:
        return self.status in (RunStatus.FINISHED, RunStatus.CANCELLED)


@dataclass
class Bulk(Offers):
    """`per_hour`, `per_recipient`: letters, of the firm and to one address. `right`: whether who starts runs has it."""

    runs: list[Run] = field(default_factory=list)
    per_hour: int = 1_000
    per_recipient: int = 5
    right: bool = True

    def plan(self, wish: Wish) -> list[Item]:
        """What it would come to now, in the order of the report."""
        bare = [item for place in self.chosen(wish.among) for item in self._items(wish.edit, place)]
        return self._decided(wish, bare)

    def chosen(self, among: tuple[int, ...] | AccountFilter) -> list[int]:
        if isinstance(among, AccountFilter):
            return [place for place in range(self.rules.places) if self._matches(place, among)]
        return sorted(set(among))

    def _matches(self, place: int, wanted: AccountFilter) -> bool:
        rules = self.rules
        on = [rules.of(place, one) for one in range(rules.addresses)]
        said = [
            (wanted.archived, place in rules.archived),
            (wanted.notify, any(each[1] for each in on)),
            (wanted.email_sync, any(each[2] for each in on)),
        ]
        statuses = wanted.login_statuses
        return all(want in (None, so) for want, so in said) and (not statuses or rules.status(place) in statuses)

    def _items(self, edit: BulkEdit, place: int) -> Iterator[Item]:
        """Every held address; disabling Login, the unlinked emails; enabling, whoever has none (R26)."""
        rules = self.rules
        for one in range(rules.addresses):
            held = bool(rules.holders(place, one))
            if held or (edit.login is BulkAction.DISABLE_FOR_ALL and rules.of(place, one)[0]):
                yield Item(place, one, held=held, muted=rules.muted(place, one))
        if BulkAction.ENABLE_FOR_ALL in (edit.login, edit.notify, edit.email_sync):
            people = sorted(person for at, person in rules.links if at == place)
            without = [person for person in people if not rules.holds[person]]
            if without == people:
                yield Item(place)
            else:
                yield from (Item(place, person=person) for person in without)

    def _decided(self, wish: Wish, bare: Iterable[Item]) -> list[Item]:
        items = list(bare)
        asking = {item.one for item in items if item.one is not None and self._is_written_to(wish.edit, *item.spot)}
        in_turn = dict.fromkeys(item.one for item in items if item.one is not None)
        fits = self._fits([one for one in in_turn if one in asking - self.suppressed])
        return [replace(item, results=self._results(wish, item, fits)) for item in items]

    def _fits(self, asking: list[int]) -> set[int]:
        recent = [one for one, minute in self.letters if minute > self.minute - 60]
        roomy = [one for one in asking if recent.count(one) < self.per_recipient]
        return set(roomy[: max(0, self.per_hour - len(recent))])

    def _is_written_to(self, edit: BulkEdit, place: int, one: int) -> bool:
        """A PENDING address without a live invitation, or `again`; one that may enter from now on (R8, R26)."""
        rules = self.rules
        if edit.invite is None or place in rules.archived or not rules.holders(place, one):
            return False
        if one in rules.activated:
            return not rules.of(place, one)[0]
        return not self._is_covered(edit, one)

    def _is_covered(self, edit: BulkEdit, one: int) -> bool:
        """By an invitation that lives, and is not to be sent again."""
        last = self.unended(one)
        return edit.invite is not None and not edit.invite.again and last is not None and last.lives

    def _results(self, wish: Wish, item: Item, fits: set[int]) -> Results:
        edit = wish.edit
        asked = {switch: action for switch in Switch if (action := edit.action(switch)).wants is not None}
        if item.one is None:
            enabled = [switch for switch in asked if asked[switch].wants]
            return {which: Result(None, None, BulkOutcome.ERROR, ErrorCode.NO_ADDRESS) for which in enabled}
        if not self.rules.holders(*item.spot):  # of an unlinked email, Login alone is there (R41)
            asked = {which: action for which, action in asked.items() if which is Switch.LOGIN}
        before = dict(zip(Switch, self.rules.of(*item.spot), strict=True))
        return {
            which: self._enabled(wish, which, *item.spot, fits) if action.wants else _plain(before[which], False)
            for which, action in asked.items()
        }

    def _enabled(self, wish: Wish, which: Switch, place: int, one: int, fits: set[int]) -> Result:
        before = dict(zip(Switch, self.rules.of(place, one), strict=True))[which]
        if why := self._why_not(wish, which, place, one, on=before):
            return Result(before, before, BulkOutcome.ERROR, why)
        if which is Switch.LOGIN and self._is_written_to(wish.edit, place, one):
            if one in self.suppressed:
                return Result(before, True, BulkOutcome.ERROR, ErrorCode.ADDRESS_SUPPRESSED)
            if one not in fits:
                return Result(before, True, BulkOutcome.ERROR, ErrorCode.RATE_LIMITED)
            if one not in self.rules.activated:
                return Result(before, True, BulkOutcome.INVITED)
        result, muted = _plain(before, True), self.rules.muted(place, one)
        if which is Switch.NOTIFY and _preferred(muted, wish.named) != muted:
            return replace(result, outcome=BulkOutcome.CHANGED)
        return result

    def _why_not(self, wish: Wish, which: Switch, place: int, one: int, *, on: bool) -> ErrorCode | None:
        """Of an archived account nothing goes on, and nobody is invited to it (R44)."""
        goes_on = not on
        if which is Switch.NOTIFY:
            goes_on |= bool(self.rules.muted(place, one) - _preferred(self.rules.muted(place, one), wish.named))
        if which is Switch.LOGIN and wish.edit.invite:
            goes_on |= one not in self.rules.activated and not self._is_covered(wish.edit, one)
        if goes_on and place in self.rules.archived:
            return ErrorCode.ACCOUNT_ARCHIVED
        if goes_on and which is Switch.EMAIL_SYNC and one in self.rules.own:
            return ErrorCode.OWN_ADDRESS
        return None

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
        if self.runs[number].has_ended:
            return ErrorCode.RUN_ENDED
        self.runs[number].status = RunStatus.CANCELLED
        return None

    def step(self) -> None:
        """Plans the run that goes on, or ends its next turn."""
        if (number := self.under_way) is None:
            return
        run = self.runs[number]
        if run.items is None:
            run.status, run.items = RunStatus.RUNNING, self.plan(run.wish)
            run.turns = list(dict.fromkeys(item.turn for item in run.items))
        else:
            self._end_turn(number)
        if run.ended == len(run.turns):
            run.status = RunStatus.FINISHED

    def _end_turn(self, number: int) -> None:
        run = self.runs[number]
        assert run.items is not None
        turn = run.turns[run.ended]
        ours = [item for item in run.items if item.turn == turn]
        anew = self._decided(run.wish, ours)
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
                self.rules.off[item.spot] = _preferred(self.rules.muted(*item.spot), run.wish.named)
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


def _plain(before: bool, after: bool) -> Result:
    return Result(before, after, BulkOutcome.UNCHANGED if before is after else BulkOutcome.CHANGED)


def _same(one: Item, other: Item) -> bool:
    return (one.place, one.turn) == (other.place, other.turn)


def _preferred(muted: Muted, named: Named) -> Muted:
    return (muted | {each for each, on in named.items() if not on}) - {each for each, on in named.items() if on}


def _entries(spot: Spot, before: dict[str, bool], after: dict[str, bool]) -> Iterator[Told]:
    """One of switches and one of preferences, where something changed."""
    switches = {which.api_name for which in Switch}
    for of_switches in (True, False):
        changed = {name: on for name, on in after.items() if on is not before[name]}
        if told := frozenset((name, on) for name, on in changed.items() if (name in switches) is of_switches):
            yield spot, told
