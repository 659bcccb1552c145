"""The verbs of switches.py on the database, for tests that compare both."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st

from models import account, address, contact, toggles
from models.contact import ContactEmail, ExistingContact, FieldRef
from models.errors import ErrorCode, Refusal, Refusals
from models.ground import clock
from models.notification_category import NotificationCategory
from models.toggles import (
    NewToggles,
    NotificationPreference,
    Preferences,
    PreferencesWish,
    TogglesView,
    TogglesWish,
    preferring,
    setting,
)
from models.viewer import Viewer
from tests.support.firm.factories import FIELDS, a_contact, a_firm, a_member, an_address
from tests.support.rules.switches import ADDRESSES, NOTHING, PEOPLE, PLACES, SLOTS, Named, Rules, Shown, Switches


@dataclass
class Reality:
    """The same verbs on the database."""

    by: Viewer
    people: list[UUID]
    places: list[UUID]
    addresses: list[UUID]

    async def link(self, place: int, person: int, wanted: dict[int, Switches], named: Named = NOTHING) -> None:
        starts = {one: NewToggles(*on, preferences=_preferences(named)) for one, on in wanted.items()}
        toggles = tuple((self.addresses[one], new) for one, new in starts.items())
        await contact.link(self.by, self.places[place], ExistingContact(self.people[person], toggles))

    async def unlink(self, place: int, person: int) -> None:
        await contact.unlink(self.by, self.places[place], self.people[person])

    async def switch(self, place: int, one: int, wish: tuple[bool | None, ...]) -> None:
        login, notify, sync = wish
        where = (self.places[place], self.addresses[one])
        await setting.set_toggles(self.by, [TogglesWish(*where, login, notify, sync)])

    async def prefer(self, place: int, one: int, named: Named) -> None:
        wish = PreferencesWish(self.places[place], self.addresses[one], _preferences(named))
        await preferring.set_preferences(self.by, [wish])

    async def edit(self, person: int, slot: int, new: int | None) -> None:
        text = None if new is None else text_of(new)
        await contact.update(self.by, self.people[person], emails=[ContactEmail(FieldRef(name=FIELDS[slot]), text)])

    async def archive(self, place: int, archived: bool) -> None:
        await account.archive(self.by, self.places[place], archived=archived)

    async def activate(self, one: int) -> None:
        await address.activate(self.by, self.addresses[one], at=clock.now())

    async def adopt(self, place: int, one: int, person: int, slot: int) -> None:
        where, field = (self.places[place], self.addresses[one]), FieldRef(name=FIELDS[slot])
        await contact.link_email(self.by, *where, self.people[person], field)

    async def drop(self, place: int, one: int) -> None:
        await contact.delete_email(self.by, self.places[place], self.addresses[one])

    async def vanish(self, person: int) -> None:
        await contact.delete(self.by, self.people[person])
        self.people[person] = await a_contact(self.by)

    async def shown(self) -> list[dict[int, Shown]]:
        views = await toggles.of_accounts(self.by, self.places)
        return [dict(map(self._numbered, views.get(place, []))) for place in self.places]

    def _numbered(self, view: TogglesView) -> tuple[int, Shown]:
        holders = frozenset(self.people.index(each) for each in view.contact_ids)
        muted = frozenset(each.category for each in view.notification_preferences if not each.on)
        return self.addresses.index(view.address.id), ((view.login, view.notify, view.email_sync), holders, muted)


def _preferences(named: Named) -> Preferences:
    return tuple(NotificationPreference(category, on) for category, on in named.items())


def text_of(one: int) -> str:
    return f"a{one}@x.test"


async def code_of(verb: Callable[..., Any], *given_: Any) -> ErrorCode | None:
    try:
        await verb(*given_)
    except Refusal as one:
        return one.code
    except Refusals as several:
        (code,) = {each.code for each in several.refusals}
        return code
    return None


NUMBERS = {
    "place": st.integers(0, PLACES - 1),
    "person": st.integers(0, PEOPLE - 1),
    "one": st.integers(0, ADDRESSES - 1),
    "slot": st.integers(0, SLOTS - 1),
}
NAMED = st.dictionaries(st.sampled_from(list(NotificationCategory)[:2]), st.booleans(), min_size=1)
WISH = st.tuples(*[st.sampled_from([None, True, False])] * 3)
SWITCHING = (
    st.tuples(st.just("link"), NUMBERS["place"], NUMBERS["person"], st.tuples(*[st.booleans()] * 3)),
    st.tuples(st.just("unlink"), NUMBERS["place"], NUMBERS["person"]),
    st.tuples(st.just("switch"), NUMBERS["place"], NUMBERS["one"], WISH),
    st.tuples(st.just("edit"), NUMBERS["person"], NUMBERS["slot"], st.none() | NUMBERS["one"]),
    st.tuples(st.just("archive"), NUMBERS["place"], st.booleans()),
)


Step = TypeVar("Step")


def any_of(*steps: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    """One of these; what stands there twice comes twice as often, which `st.one_of` forgets."""
    return st.sampled_from(steps).flatmap(lambda step: step)


Deed = tuple[Any, ...]
"""A verb and what is given to it."""


def scene(*deeds: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Deed]]:
    """One after the other; what is drawn at each place is a deed, or several."""
    return st.tuples(*deeds).map(lambda drawn: list(chain.from_iterable(map(_as_deeds, drawn))))


def _as_deeds(drawn: tuple[Any, ...]) -> tuple[Deed, ...]:
    return drawn if isinstance(drawn[0], tuple) else (drawn,)


async def begin() -> tuple[Rules, Reality]:
    """Person n holds address n; on the first account all is on for the first person, who has activated."""
    rules, reality = await people_and_places()
    for person in range(PEOPLE):
        await take(rules, reality, "link", 0, person, (person == 0,) * 3)
    await take(rules, reality, "activate", 0)
    return rules, reality


async def people_and_places() -> tuple[Rules, Reality]:
    """Person n holds address n; nobody is linked to anything."""
    by = await a_member(await a_firm())
    people = [await a_contact(by, text_of(n)) for n in range(PEOPLE)]
    addresses = [await an_address(by, text_of(n)) for n in range(ADDRESSES)]
    places = [(await account.create(by, account.NewAccount("X", account.AccountKind.OTHER))).ids[0] for _ in "12"]
    return Rules([{0: n} for n in range(PEOPLE)]), Reality(by, people, places, addresses)


async def take(rules: Rules, reality: Reality, verb: str, *given: Any) -> None:
    """One step on both. What the rules refuse, the database must refuse so."""
    if verb == "link":
        place, person, on, *named = given
        given = (place, person, dict.fromkeys(rules.holds[person].values(), on), *named)
    expected = getattr(rules, verb)(*given)
    assert await code_of(getattr(reality, verb), *given) == expected, (verb, given)
