"""
Invitations in the real database against their rules in plain Python, through any order of inviting, sending again,
revoking, accepting, asking, waiting and all that takes an account out of a coverage: R6-R9, R33, R42, R44.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import invitation, toggles
from models.ground import clock
from models.invitation import Invitation, InvitationAccount
from models.letter import Letter, LetterKind, LetterState
from tests.support.rules.invitations import Offers
from tests.support.rules.invitations_done import Deeds, _token, _wait
from tests.support.rules.switches import ADDRESSES, PEOPLE, PLACES
from tests.support.rules.switches_done import NUMBERS, SWITCHING, Reality, code_of, people_and_places, take

pytestmark = pytest.mark.usefixtures("store")


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
