"""What may happen around bulk updates and undos, in any order: steps for runs.py and runs_done.py."""

from itertools import chain
from typing import Any

from hypothesis import strategies as st

from models.account import AccountFilter
from models.bulk_update.edit import BulkEdit
from models.bulk_update.item import BulkAction
from models.toggles import Invite, Switch
from tests.support.rules.bulk.firms import CATEGORIES, NOWHERE, wishes
from tests.support.rules.bulk.planning import Wish
from tests.support.rules.switches import PLACES
from tests.support.rules.switches_done import NAMED, NUMBERS, SWITCHING, WISH, any_of

Step = tuple[Any, ...]
PLACE, ONE = NUMBERS["place"], NUMBERS["one"]
MOSTLY = st.sampled_from([True, True, True, False])
CHUNK = st.tuples(st.just("step"), st.sampled_from([1, 1, 1, 3]))
MEANWHILE = any_of(
    *[st.tuples(st.just("do"), st.just("switch"), PLACE, ONE, WISH)] * 6,
    *[st.tuples(st.just("do"), st.just("prefer"), PLACE, ONE, NAMED)] * 4,
    *[st.tuples(st.just("do"), st.just("edit"), NUMBERS["person"], st.just(0), ONE)] * 2,  # moves, most of the time
    st.tuples(st.just("do"), st.just("adopt"), PLACE, ONE, NUMBERS["person"], NUMBERS["slot"]),
    st.tuples(st.just("do"), st.just("drop"), PLACE, ONE),
    *[step.map(lambda given: ("do", *given)) for step in SWITCHING],
    *[st.tuples(st.just("invite"), PLACE, ONE, MOSTLY, st.booleans())] * 2,
    *[st.tuples(st.just(verb), ONE) for verb in ("suppress", "lift", "hire", "dismiss", "use_up", "accept", "revoke")],
    *[st.tuples(st.just("allow"), MOSTLY.map(lambda right: not right))] * 2,
    st.tuples(st.just("start"), wishes(PLACES)),
    *[st.tuples(st.just("take_over"), st.booleans())] * 4,
    st.tuples(st.just("cancel"), st.integers(0, 3)),
    *[st.tuples(st.just("undo"), st.integers(0, 2), st.booleans())] * 3,
    st.tuples(st.just("wait")),
)
# most of what may go wrong happens between the plan of a run and its end
SCENE = st.tuples(wishes(PLACES), st.lists(MEANWHILE | CHUNK, min_size=4, max_size=10)).map(
    lambda scene: [("allow", True), ("start", scene[0]), ("step", 1), *scene[1]]
)


def _switched(place: int, one: int, which: Switch, on: bool) -> list[Step]:
    """And back again."""
    wishes = [tuple(on is so if each is which else None for each in Switch) for so in (True, False)]
    return [("do", "switch", place, one, wish) for wish in wishes]


def _preferred(place: int, one: int, category: Any, on: bool) -> list[Step]:
    return [("do", "prefer", place, one, {category: on is so}) for so in (True, False)]


def _in_a_row(*some: st.SearchStrategy[list[Step]], most: int) -> st.SearchStrategy[list[Step]]:
    return st.lists(any_of(*some), max_size=most).map(lambda steps: list(chain.from_iterable(steps)))


EVERYBODY = AccountFilter(archived=None)
INVITE_ALL = Wish(EVERYBODY, BulkEdit(NOWHERE, login=BulkAction.ENABLE_FOR_ALL, invite=Invite()))
OFF = BulkAction.DISABLE_FOR_ALL
LOCK_OUT = Wish(EVERYBODY, BulkEdit(NOWHERE, login=OFF, notify=OFF, email_sync=OFF))
SINCE = _in_a_row(
    *[MEANWHILE.map(lambda step: [step])] * 3,
    *[st.builds(_switched, PLACE, ONE, st.sampled_from(Switch), st.booleans())] * 2,
    *[st.builds(_preferred, PLACE, ONE, st.sampled_from(CATEGORIES), st.booleans())] * 2,
    *[st.tuples(st.just("accept"), ONE).map(lambda step: [step])] * 2,
    most=4,
)
BEFORE = st.sampled_from([list[Step](), [("start", INVITE_ALL), ("end_all",)]])
ENDED = st.sampled_from([[("end_all",)], [("end_all",)], [("step", 1), ("step", 1), ("cancel", 0)]])
WISHES = any_of(wishes(PLACES), wishes(PLACES), st.just(LOCK_OUT), st.just(INVITE_ALL))
LOST = st.sampled_from([list[Step](), list[Step](), [("allow", False)]])
TAKEN_BACK = st.tuples(
    *(BEFORE, WISHES, ENDED),
    *(SINCE, st.booleans(), st.tuples(LOST, SINCE).map(lambda two: [*two[0], *two[1]])),
    st.lists(MEANWHILE | CHUNK, max_size=4),
).map(lambda scene: _taken_back(*scene))


def _taken_back(
    before: list[Step],
    wish: Wish,
    ended: list[Step],
    since: list[Step],
    by_owner: bool,
    meanwhile: list[Step],
    rest: list[Step],
) -> list[Step]:
    """Of an undo: what happens between the end of the run and its plan, and between that and its end."""
    run = [("end_all",), ("allow", True), *before, ("start", wish), *ended]
    return [*run, *since, ("allow", True), ("undo", 0, by_owner), ("step", 1), *meanwhile, ("step", 1), *rest]
