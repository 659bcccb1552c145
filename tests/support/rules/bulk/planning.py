"""
The rules of bulk updates in plain Python, beside those of switches (../switches.py) and of invitations
(../invitations.py): what each item comes to when it is planned; runs.py: when its turn comes. R13, R17,
R25-R28, R41, R44, R46.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from models.account import AccountFilter
from models.bulk_update.edit import AccountSelection, BulkEdit
from models.bulk_update.item import BulkAction, BulkOutcome
from models.bulk_update.result import Result
from models.errors import ErrorCode
from models.notification_category import NotificationCategory
from models.toggles import Switch
from tests.support.rules.invitations import Offer, Offers
from tests.support.rules.switches import Named, Spot

Results = dict[Switch, Result]
Turn = tuple[int | None, int | None, int | None, int]
"""An address, a contact without any, or an account without either; and which of the parts of an address."""
Muted = frozenset[NotificationCategory]


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
    was when it was planned. `part`: of the accounts of an address that go together. Of its turn: `activated`, and
    `off`: the categories that were off before and after it.
    """

    place: int
    one: int | None = None
    person: int | None = None
    held: bool = True
    muted: Muted = frozenset()
    part: int = 0
    results: Results = field(default_factory=dict)
    activated: bool = False
    off: tuple[Muted, Muted] = (frozenset(), frozenset())

    @property
    def turn(self) -> Turn:
        """Whole addresses go together; so does a contact without any."""
        nobody = self.one is None and self.person is None
        return self.one, self.person, self.place if nobody else None, self.part

    @property
    def spot(self) -> Spot:
        assert self.one is not None
        return self.place, self.one


@dataclass
class Plans(Offers):
    """
    What a bulk update would come to. `per_hour`, `per_recipient`: letters, of the firm and to one address. `together`:
    accounts of an address in one turn. `served`: while such a turn is decided, the address and its run, where that has
    written to it with an earlier turn.
    """

    per_hour: int = 1_000
    per_recipient: int = 5
    together: int = 100
    served: tuple[int, int] | None = None

    def do(self, verb: str, *given: Any) -> ErrorCode | None:
        """Where a move would write to the new address, and there is no room, there is no move (R33)."""
        if verb == "edit" and self.moving(*given) and not self._has_room(given[2], again=False):
            return ErrorCode.RATE_LIMITED
        return super().do(verb, *given)

    def invite(self, place: int, one: int, switch_on: bool, again: bool) -> ErrorCode | None:
        allowed = deepcopy(self)
        if (why := Offers.invite(allowed, place, one, switch_on, again)) or self._has_room(one, again=again):
            return why or super().invite(place, one, switch_on, again)
        return ErrorCode.RATE_LIMITED

    def _has_room(self, one: int, *, again: bool) -> bool:
        """For the letter, if any."""
        last = self.unended(one)
        covered = last is not None and last.lives and not again and one not in self.rules.activated
        return covered or one in self.fits([one])

    def plan(self, wish: Wish) -> list[Item]:
        """What it would come to now, in the order of the report."""
        bare = [item for place in self.chosen(wish.among) for item in self._items(wish.edit, place)]
        of_whole = Counter[Turn]()
        for nth, item in enumerate(bare):
            bare[nth] = replace(item, part=of_whole[item.turn] // self.together)
            of_whole[item.turn] += 1
        return self.decided(wish, bare)

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

    def decided(self, wish: Wish, bare: Iterable[Item]) -> list[Item]:
        items = list(bare)
        asking = {item.one for item in items if item.one is not None and self.is_written_to(wish.edit, *item.spot)}
        in_turn = dict.fromkeys(item.one for item in items if item.one is not None)
        fits = self.fits([one for one in in_turn if one in asking - self.suppressed])
        return [replace(item, results=self._results(wish, item, fits)) for item in items]

    def fits(self, asking: list[int]) -> set[int]:
        recent = [one for one, minute in self.letters if minute > self.minute - 60]
        roomy = [one for one in asking if recent.count(one) < self.per_recipient]
        return set(roomy[: max(0, self.per_hour - len(recent))])

    def is_written_to(self, edit: BulkEdit, place: int, one: int) -> bool:
        """A PENDING address without a live invitation, or `again`; one that may enter from now on (R8, R26)."""
        rules = self.rules
        if edit.invite is None or place in rules.archived or not rules.holders(place, one) or self.is_served(one):
            return False
        if one in rules.activated:
            return not rules.of(place, one)[0]
        return not self._is_covered(edit, one)

    def _is_covered(self, edit: BulkEdit, one: int) -> bool:
        """By an invitation that lives, and is not to be sent again."""
        last = self.unended(one)
        lives = last is not None and last.lives and not self._is_ours(last)
        return edit.invite is not None and not edit.invite.again and lives

    def is_served(self, one: int) -> bool:
        return self.served is not None and self.served[0] == one

    def _is_ours(self, offer: Offer) -> bool:
        return self.served is not None and offer.run == self.served[1]

    def joins(self, place: int, one: int) -> bool:
        """What the run has sent with an earlier turn covers this account, too, without a letter."""
        last = self.unended(one)
        lives = last is not None and last.lives and self._is_ours(last)
        return self.is_served(one) and lives and one not in self.rules.activated and place not in self.rules.archived

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
        if which is Switch.LOGIN and self.is_written_to(wish.edit, place, one):
            if one in self.suppressed:
                return Result(before, True, BulkOutcome.ERROR, ErrorCode.ADDRESS_SUPPRESSED)
            if one not in fits:
                return Result(before, True, BulkOutcome.ERROR, ErrorCode.RATE_LIMITED)
            if one not in self.rules.activated:
                return Result(before, True, BulkOutcome.INVITED)
        if which is Switch.LOGIN and self.joins(place, one):
            return Result(before, True, BulkOutcome.INVITED)
        result, muted = _plain(before, True), self.rules.muted(place, one)
        if which is Switch.NOTIFY and preferred(muted, wish.named) != muted:
            return replace(result, outcome=BulkOutcome.CHANGED)
        return result

    def _why_not(self, wish: Wish, which: Switch, place: int, one: int, *, on: bool) -> ErrorCode | None:
        """Of an archived account nothing goes on, and nobody is invited to it (R44)."""
        goes_on = not on
        if which is Switch.NOTIFY:
            goes_on |= bool(self.rules.muted(place, one) - preferred(self.rules.muted(place, one), wish.named))
        if which is Switch.LOGIN and wish.edit.invite:
            goes_on |= one not in self.rules.activated and not self._is_covered(wish.edit, one)
        if goes_on and place in self.rules.archived:
            return ErrorCode.ACCOUNT_ARCHIVED
        if goes_on and which is Switch.EMAIL_SYNC and one in self.rules.own:
            return ErrorCode.OWN_ADDRESS
        return None


def _plain(before: bool, after: bool) -> Result:
    return Result(before, after, BulkOutcome.UNCHANGED if before is after else BulkOutcome.CHANGED)


def preferred(muted: Muted, named: Named) -> Muted:
    return (muted | {each for each, on in named.items() if not on}) - {each for each, on in named.items() if on}
