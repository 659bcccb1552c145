"""
Notices in the real database, and as they arrive at a real mail server, against their rules in plain Python
(tests/support/rules/notices.py): through any order of telling, preferring, unsubscribing, switching, moving, archiving,
inviting, activating, delivering and waiting, who gets what, in which letter, with which banner.
"""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import firm_settings, letter
from models.client_event import ClientEvent
from models.firm_settings import FirmWish
from models.ground import clock, store
from models.ground.settings import Settings
from tests.support.rules.invitations import Offers
from tests.support.rules.notices import MOST, Notices
from tests.support.rules.notices_done import CATEGORIES, Post
from tests.support.rules.switches import ADDRESSES, PLACES
from tests.support.rules.switches_done import NAMED, NUMBERS, SWITCHING, any_of, code_of, people_and_places
from tests.support.servers.smtp import SmtpSink

pytestmark = pytest.mark.usefixtures("store")
EVENTS = [ClientEvent.DOCUMENT_UPLOADED, ClientEvent.SIGNATURE_REQUESTED, ClientEvent.SIGNATURE_REMINDER]
PLACE, ONE, EVENT = NUMBERS["place"], NUMBERS["one"], st.sampled_from(EVENTS)
MOSTLY = st.sampled_from([True, True, True, False])
NOTIFY = st.tuples(*[st.none() | st.booleans()] * 2, st.none())
STEP = any_of(
    *[st.tuples(st.just("notify"), PLACE, EVENT)] * 10,
    *[st.tuples(st.just("deliver"))] * 6,
    *[st.tuples(st.just("wait"))] * 3,
    *[st.tuples(st.just("sleep"))] * 2,
    st.tuples(st.just("again"), st.integers(0, 3)),
    *[st.tuples(st.just("unsubscribe"), PLACE, ONE, st.sampled_from(CATEGORIES), MOSTLY.map(lambda on: not on))] * 2,
    *[st.tuples(st.just("do"), st.just("prefer"), PLACE, ONE, NAMED)] * 2,
    st.tuples(st.just("lock"), st.booleans()),
    st.tuples(st.just("suppress"), ONE),
    st.tuples(st.just("lift"), ONE),
    *[st.tuples(st.just("invite"), PLACE, ONE, MOSTLY, st.booleans())] * 3,
    *[st.tuples(st.just(verb), ONE) for verb in ("revoke", "accept", "accept")],
    st.tuples(st.just("visit"), PLACE, ONE),
    st.tuples(st.just("do"), st.just("archive"), PLACE, st.just(True)),
    *[st.tuples(st.just("do"), st.just("switch"), PLACE, ONE, NOTIFY)] * 2,
    st.tuples(st.just("do"), st.just("edit"), NUMBERS["person"], st.just(0), ONE),  # moves, most of the time
    *[step.map(lambda given: ("do", *given)) for step in SWITCHING],
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, min_size=20, max_size=30))
async def test_who_gets_what_with_which_banner_follows_the_rules_through_any_order(
    steps: list[tuple[Any, ...]],
) -> None:
    async with SmtpSink() as sink:
        letter.limit(Settings.model_validate({"letters_per_recipient": 1_000, "notices_per_recipient": MOST}))
        try:
            notices, post = await _begin(sink)
            for step in steps:
                await _take(notices, post, *step)
                await _compare(notices, post)
        finally:
            clock.set_source(None)
            letter.limit(Settings())


async def _begin(sink: SmtpSink) -> tuple[Notices, Post]:
    """Both people are linked to the first account, the first one to both; the second one has activated."""
    await store.execute("UPDATE letter SET state = 'CANCELLED', settled_at = now() WHERE settled_at IS NULL")
    rules, reality = await people_and_places()
    notices, post = Notices(Offers(rules)), Post(reality, sink, clock.now())
    clock.set_source(lambda: post.now)
    await firm_settings.update(reality.by, FirmWish(invitation_days=1))
    for place, person in ((0, 0), (0, 1), (1, 0)):
        await _take(notices, post, "do", "link", place, person, (True, True, False))
    await _take(notices, post, "do", "activate", 1)
    return notices, post


async def _take(notices: Notices, post: Post, verb: str, *given: Any) -> None:
    """One step on both. What the rules refuse, the database must refuse so."""
    if given[:1] == ("link",):
        _, place, person, on = given
        given = ("link", place, person, dict.fromkeys(notices.rules.holds[person].values(), on))
    expected = getattr(notices, verb)(*given)
    assert await code_of(getattr(post, verb), *given) == expected, (verb, given)


async def _compare(notices: Notices, post: Post) -> None:
    assert Counter(await post.arrived()) == Counter(notices.arrived)
    notices.arrived = []
    assert post.told == await post.shown() == [raised.told for raised in notices.raised]
    assert await post.letters() == [
        [(one, sheet.state, sheet.why and sheet.why.value) for one, sheet in raised.sheets.items()]
        for raised in notices.raised
    ]
    assert await post.listed() == [sum(raised.place == place for raised in notices.raised) for place in range(PLACES)]
    assert await post.portals() == {
        (place, one): notices.waiting(place, one) for one in range(ADDRESSES) for place in notices.open_to(one)
    }
