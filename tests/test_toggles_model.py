"""
The real database against the rules in plain Python, through any order of linking, switching, moving and archiving.

The dicts below are the rules as domain.md tells them: R1, R3, R5, R10, R11, R33, R34, R41, R43, R44.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import account, address, clock, contact, toggles
from models.contact import ContactEmail, ExistingContact, FieldRef
from models.errors import ErrorCode, Refusal, Refusals
from models.toggles import NewToggles, TogglesView, TogglesWish
from models.viewer import Viewer
from tests.make import FIELDS, a_contact, a_firm, a_member, an_address

pytestmark = pytest.mark.usefixtures("store")

PEOPLE, PLACES, ADDRESSES, SLOTS = 2, 2, 3, 2
OFF = (False, False, False)
Switches = tuple[bool, bool, bool]
Spot = tuple[int, int]  # account, address


@dataclass
class Rules:
    """What should be: everything by number. `holds`: by person, the address in each field."""

    holds: list[dict[int, int]]
    links: set[Spot] = field(default_factory=set)  # account, person
    on: dict[Spot, Switches] = field(default_factory=dict)
    former: dict[Spot, int] = field(default_factory=dict)
    activated: set[int] = field(default_factory=set)
    archived: set[int] = field(default_factory=set)

    def of(self, place: int, one: int) -> Switches:
        return self.on.get((place, one), OFF)

    def holders(self, place: int, one: int) -> set[int]:
        return {person for at, person in self.links if at == place and one in self.holds[person].values()}

    def link(self, place: int, person: int, wanted: dict[int, Switches]) -> ErrorCode | None:
        if (place, person) in self.links:
            return ErrorCode.ALREADY_TAKEN
        after = {one: _either(self.of(place, one), on) for one, on in wanted.items()}
        if place in self.archived and any(after[one] != self.of(place, one) for one in wanted):
            return ErrorCode.ACCOUNT_ARCHIVED
        self.links.add((place, person))
        self.on |= {(place, one): on for one, on in after.items()}
        return None

    def unlink(self, place: int, person: int) -> ErrorCode | None:
        if (place, person) not in self.links:
            return ErrorCode.NOT_LINKED
        self.links.discard((place, person))
        for one in range(ADDRESSES):
            came_from = one in self.holds[person].values() or self.former.get((place, one)) == person
            if came_from and not self.holders(place, one):
                self.on[place, one] = OFF
        return None

    def switch(self, place: int, one: int, wish: tuple[bool | None, ...]) -> ErrorCode | None:
        before, held = self.of(place, one), bool(self.holders(place, one))
        if not held and not before[0]:
            return ErrorCode.NOT_FOUND
        goes_on = any(want and not was for want, was in zip(wish, before, strict=True))
        if goes_on and place in self.archived:
            return ErrorCode.ACCOUNT_ARCHIVED
        if goes_on and not held:
            return ErrorCode.NOT_LINKED
        login, notify, sync = (was if want is None else want for want, was in zip(wish, before, strict=True))
        self.on[place, one] = (login, notify, sync)
        return None

    def edit(self, person: int, slot: int, new: int | None) -> ErrorCode | None:
        before, after = self.holds[person], {**self.holds[person]}
        after.pop(slot, None)
        if new is not None:
            if new in after.values():
                return ErrorCode.ALREADY_TAKEN
            after[slot] = new
        old = before.get(slot)
        places = [place for place, who in self.links if who == person]
        rows = {(place, one): self.of(place, one) for place in places for one in range(ADDRESSES)}
        taken = {(place, one): self.holders(place, one) - {person} for place, one in rows}
        self.holds[person] = after
        if old is not None and old != new:
            for place in places:
                self._move(place, person, old, new, rows, taken)
        return None

    def _move(
        self,
        place: int,
        person: int,
        old: int,
        new: int | None,
        rows: dict[Spot, Switches],
        taken: dict[Spot, set[int]],
    ) -> None:
        login, notify, sync = rows[place, old]
        stays = login and old in self.activated
        if not taken[place, old]:
            self.on[place, old] = (stays, False, False)
            if stays:
                self.former[place, old] = person
        if new is not None and not taken[place, new]:
            moved = login and old not in self.activated
            self.on[place, new] = (rows[place, new][0] or moved, notify, sync)

    def status(self, place: int) -> str:
        entering = {one for one in range(ADDRESSES) if self.of(place, one)[0]}
        if place in self.archived or not entering:
            return "OFFLINE"
        return "ACTIVE" if entering & self.activated else "PENDING"

    def shown(self, place: int) -> dict[int, tuple[Switches, frozenset[int]]]:
        return {
            one: (self.of(place, one), frozenset(self.holders(place, one)))
            for one in range(ADDRESSES)
            if self.holders(place, one) or self.of(place, one)[0]
        }


def _either(was: Switches, wanted: Switches) -> Switches:
    """A link only switches on (R4)."""
    return (was[0] or wanted[0], was[1] or wanted[1], was[2] or wanted[2])


@dataclass
class Reality:
    """The same verbs on the database."""

    by: Viewer
    people: list[UUID]
    places: list[UUID]
    addresses: list[UUID]

    async def link(self, place: int, person: int, wanted: dict[int, Switches]) -> None:
        named = tuple((self.addresses[one], NewToggles(*on)) for one, on in wanted.items())
        await contact.link(self.by, self.places[place], ExistingContact(self.people[person], named))

    async def unlink(self, place: int, person: int) -> None:
        await contact.unlink(self.by, self.places[place], self.people[person])

    async def switch(self, place: int, one: int, wish: tuple[bool | None, ...]) -> None:
        login, notify, sync = wish
        where = (self.places[place], self.addresses[one])
        await toggles.set_toggles(self.by, [TogglesWish(*where, login, notify, sync)])

    async def edit(self, person: int, slot: int, new: int | None) -> None:
        text = None if new is None else _text(new)
        await contact.update(self.by, self.people[person], emails=[ContactEmail(FieldRef(name=FIELDS[slot]), text)])

    async def shown(self) -> list[dict[int, tuple[Switches, frozenset[int]]]]:
        views = await toggles.of_accounts(self.by, self.places)
        return [dict(map(self._numbered, views.get(place, []))) for place in self.places]

    def _numbered(self, view: TogglesView) -> tuple[int, tuple[Switches, frozenset[int]]]:
        holders = frozenset(self.people.index(each) for each in view.contact_ids)
        return self.addresses.index(view.address.id), ((view.login, view.notify, view.email_sync), holders)


def _text(one: int) -> str:
    return f"a{one}@x.test"


NUMBERS = {
    "place": st.integers(0, PLACES - 1),
    "person": st.integers(0, PEOPLE - 1),
    "one": st.integers(0, ADDRESSES - 1),
    "slot": st.integers(0, SLOTS - 1),
}
WISH = st.tuples(*[st.sampled_from([None, True, False])] * 3)
ON = st.tuples(st.booleans(), st.booleans(), st.booleans())
STEP = st.one_of(
    st.tuples(st.just("link"), NUMBERS["place"], NUMBERS["person"], ON),
    st.tuples(st.just("unlink"), NUMBERS["place"], NUMBERS["person"]),
    st.tuples(st.just("switch"), NUMBERS["place"], NUMBERS["one"], WISH),
    st.tuples(st.just("edit"), NUMBERS["person"], NUMBERS["slot"], st.none() | NUMBERS["one"]),
    st.tuples(st.just("activate"), NUMBERS["one"]),
    st.tuples(st.just("archive"), NUMBERS["place"], st.booleans()),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, min_size=10, max_size=30))
async def test_the_database_follows_the_rules_through_any_order_of_steps(steps: list[tuple[Any, ...]]) -> None:
    rules, reality = await _start()
    for step in steps:
        await _take(rules, reality, *step)
        await _compare(rules, reality)


async def _compare(rules: Rules, reality: Reality) -> None:
    assert await reality.shown() == [rules.shown(place) for place in range(PLACES)]
    views = await account.by_ids(reality.by, reality.places)
    for place, place_id in enumerate(reality.places):
        view, on = views[place_id], [rules.of(place, one) for one in range(ADDRESSES)]
        assert view.login_status == rules.status(place)
        assert (view.notify, view.email_sync) == (any(each[1] for each in on), any(each[2] for each in on))


async def _start() -> tuple[Rules, Reality]:
    """Person n holds address n; on the first account all is on for the first person, who has activated."""
    by = await a_member(await a_firm())
    people = [await a_contact(by, _text(n)) for n in range(PEOPLE)]
    addresses = [await an_address(by, _text(n)) for n in range(ADDRESSES)]
    places = [(await account.create(by, account.NewAccount("X", account.AccountKind.OTHER))).ids[0] for _ in "12"]
    rules, reality = Rules([{0: n} for n in range(PEOPLE)]), Reality(by, people, places, addresses)
    for person in range(PEOPLE):
        await _take(rules, reality, "link", 0, person, (person == 0,) * 3)
    await _take(rules, reality, "activate", 0)
    return rules, reality


async def _take(rules: Rules, reality: Reality, verb: str, *given_: Any) -> None:
    if verb == "activate":
        rules.activated.add(given_[0])
        await address.activate(reality.by, reality.addresses[given_[0]], at=clock.now())
    elif verb == "archive":
        place, archived = given_
        (rules.archived.add if archived else rules.archived.discard)(place)
        await account.archive(reality.by, reality.places[place], archived=archived)
    else:
        if verb == "link":
            place, person, on = given_
            given_ = (place, person, dict.fromkeys(rules.holds[person].values(), on))
        expected = getattr(rules, verb)(*given_)
        assert await _refused(getattr(reality, verb), *given_) == expected, (verb, given_)


async def _refused(verb: Callable[..., Any], *given_: Any) -> ErrorCode | None:
    try:
        await verb(*given_)
    except Refusal as one:
        return one.code
    except Refusals as several:
        (code,) = {each.code for each in several.refusals}
        return code
    return None
