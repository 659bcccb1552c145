"""
Invitations in the real database against their rules in plain Python, through any order of inviting, sending again,
revoking, accepting, asking, waiting and all that takes an account out of a coverage: R6-R9, R33, R42, R44.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import invitation, toggles
from models.ground import clock, secret_link
from models.invitation import Invitation, InvitationAccount, WhoAsks, accepting, asking
from models.letter import Letter, LetterKind, LetterState
from models.toggles import Invite, TogglesWish, setting
from tests.support.database.store import firms_key
from tests.support.firm.factories import PASSWORD, answered
from tests.support.rules.invitations import Offers
from tests.support.rules.switches import ADDRESSES, PEOPLE, PLACES
from tests.support.rules.switches_done import NUMBERS, SWITCHING, Reality, code_of, people_and_places, take, text_of

pytestmark = pytest.mark.usefixtures("store")


@dataclass
class Deeds:
    """The same verbs on the database."""

    reality: Reality

    async def do(self, verb: str, *given: Any) -> None:
        await getattr(self.reality, verb)(*given)

    async def invite(self, place: int, one: int, switch_on: bool, again: bool) -> None:
        where, login = (self.reality.places[place], self.reality.addresses[one]), True if switch_on else None
        await setting.set_toggles(self.reality.by, [TogglesWish(*where, login=login, invite=Invite(again=again))])

    async def revoke(self, one: int) -> None:
        rows = await self.rows(one)
        await invitation.revoke(self.reality.by, rows[-1].id if rows else self.reality.addresses[one])

    async def accept(self, one: int) -> None:
        rows = await self.rows(one)
        await accepting.accept(_token(rows[-1]) if rows else "none", PASSWORD, days=1)

    async def ask(self, one: int) -> None:
        await asking.attempts.forget()
        await answered(invitation.ask(WhoAsks(email=text_of(one)), key=str(clock.now())))

    async def wait(self) -> None:
        _wait(days=31)

    async def rows(self, one: int) -> list[Invitation]:
        return await Invitation.filter(address_id=self.reality.addresses[one]).order_by("id")


def _token(row: Invitation) -> str:
    return secret_link.token(firms_key(row.firm_id), "invitation", row.id, row.seed)


def _wait(**time: int) -> None:
    instant = clock.now() + timedelta(**time)
    clock.set_source(lambda: instant)


LOGIN = st.sampled_from([(True, None, None), (False, None, None)])
MOSTLY = st.sampled_from([True, True, True, False])
STEP = st.one_of(
    *[st.tuples(st.just("invite"), NUMBERS["place"], NUMBERS["one"], MOSTLY, MOSTLY.map(lambda one: not one))] * 5,
    *[st.tuples(st.just("do"), st.just("edit"), NUMBERS["person"], st.just(0), st.none() | NUMBERS["one"])] * 3,
    *[step.map(lambda given: ("do", *given)) for step in SWITCHING],
    st.tuples(st.just("do"), st.just("switch"), NUMBERS["place"], NUMBERS["one"], LOGIN),
    st.tuples(st.just("do"), st.just("vanish"), NUMBERS["person"]),
    *[st.tuples(st.just(verb), NUMBERS["one"]) for verb in ("revoke", "accept", "ask")],
    *[st.tuples(st.just("wait"))] * 2,
)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, min_size=20, max_size=40))
async def test_invitations_follow_the_rules_through_any_order_of_steps(steps: list[tuple[Any, ...]]) -> None:
    rules, reality = await people_and_places()
    for place in range(PLACES):
        for person in range(PEOPLE):
            await take(rules, reality, "link", place, person, (True, False, False))
    offers, deeds = Offers(rules), Deeds(reality)
    try:
        for verb, *given_ in steps:
            _wait(hours=1)  # no address is written to more often than the limits of letters allow
            if given_[:1] == ["link"]:
                _, place, person, on = given_
                given_ = ["link", place, person, dict.fromkeys(rules.holds[person].values(), on)]
            expected = getattr(offers, verb)(*given_)
            assert await code_of(getattr(deeds, verb), *given_) == expected, (verb, given_)
            await _compare(offers, deeds)
    finally:
        clock.set_source(None)


async def _compare(offers: Offers, deeds: Deeds) -> None:
    reality, found = deeds.reality, Found()
    for row in await Invitation.filter(firm_id=reality.by.firm_id).order_by("id"):
        assert row.address_id is not None
        found.rows.setdefault(reality.addresses.index(row.address_id), []).append(row)
    for each in await InvitationAccount.filter(firm_id=reality.by.firm_id, left_at=None):
        found.covers.setdefault(each.invitation_id, set()).add(reality.places.index(each.account_id))
    for letter in await Letter.filter(firm_id=reality.by.firm_id, state=LetterState.QUEUED, kind=LetterKind.INVITATION):
        found.waiting.add(letter.invitation_id)
    for one in range(ADDRESSES):
        made, rows = offers.made.get(one, []), found.rows.get(one, [])
        assert [row.end_reason for row in rows] == [offer.dead for offer in made]
        assert sum(row.ended_at is None for row in rows) <= 1
        for offer, row in zip(made, rows, strict=True):
            assert found.covers.get(row.id, set()) == offer.covers
            assert (row.id in found.waiting) is (offer.dead is None), "what is dead is not delivered"
        for offer, row in [*zip(made, rows, strict=True)][-2:]:
            link = await invitation.followed(_token(row))
            assert link is not None
            assert link.dead == offer.told
    await _compare_states(offers, reality)


@dataclass
class Found:
    """What stands in the database: by address, by invitation, and of which a letter waits."""

    rows: dict[int, list[Invitation]] = field(default_factory=dict)
    covers: dict[UUID, set[int]] = field(default_factory=dict)
    waiting: set[UUID | None] = field(default_factory=set)


async def _compare_states(offers: Offers, reality: Reality) -> None:
    """Of every account where Login is on: as the screens of the team show it."""
    spots = {(reality.places[place], reality.addresses[one]): (place, one) for place, one in offers.entering()}
    views = await toggles.on_accounts(reality.by, list(spots))
    states = await invitation.of_toggles(reality.by, [view.id for view in views.values()])
    for spot, (place, one) in spots.items():
        assert states[views[spot].id].state == offers.state(place, one)
