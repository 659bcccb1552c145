"""
The real database against the rules in plain Python (tests/support/rules/switches.py), through any order of linking,
switching, preferring, moving, activating and archiving.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import account
from models.notification_category import NotificationCategory
from tests.support.rules.switches import ADDRESSES, PEOPLE, PLACES, Rules
from tests.support.rules.switches_done import NAMED, NUMBERS, SWITCHING, Reality, begin, take

pytestmark = pytest.mark.usefixtures("store")

STEP = st.one_of(
    *SWITCHING,
    st.tuples(st.just("link"), NUMBERS["place"], NUMBERS["person"], st.tuples(*[st.booleans()] * 3), NAMED),
    st.tuples(st.just("prefer"), NUMBERS["place"], NUMBERS["one"], NAMED),
    st.tuples(st.just("prefer"), st.just(0), NUMBERS["one"], NAMED),  # where all are linked from the start
    st.tuples(st.just("edit"), NUMBERS["person"], st.just(0), NUMBERS["one"]),  # moves, most of the time
    st.tuples(st.just("activate"), NUMBERS["one"]),
    st.tuples(st.just("adopt"), NUMBERS["place"], NUMBERS["one"], NUMBERS["person"], NUMBERS["slot"]),
    st.tuples(st.just("drop"), NUMBERS["place"], NUMBERS["one"]),
    st.tuples(st.just("vanish"), NUMBERS["person"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, min_size=10, max_size=30))
async def test_the_database_follows_the_rules_through_any_order_of_steps(steps: list[tuple[Any, ...]]) -> None:
    rules, reality = await begin()
    for one in range(PEOPLE):  # something is off from the start, else few orders of steps would tell
        await take(rules, reality, "prefer", 0, one, {NotificationCategory.DOCUMENT_UPLOADS: False})
    for step in steps:
        await take(rules, reality, *step)
        await _compare(rules, reality)


async def _compare(rules: Rules, reality: Reality) -> None:
    assert await reality.shown() == [rules.shown(place) for place in range(PLACES)]
    views = await account.by_ids(reality.by, reality.places)
    for place, place_id in enumerate(reality.places):
        view, on = views[place_id], [rules.of(place, one) for one in range(ADDRESSES)]
        assert view.login_status == rules.status(place)
        assert (view.notify, view.email_sync) == (any(each[1] for each in on), any(each[2] for each in on))
