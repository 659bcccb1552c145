"""
Two mailboxes on real sockets, against their rules in plain Python (tests/support/rules/sync: servers.py,
office.py, rules.py), through any order of letters that come, are copied, moved and deleted, switches, archiving,
connecting, disconnecting, pausing, other UIDVALIDITYs, renamed folders, one that refuses, and lines that break: R18,
R21, R22, R24, R38, R44.
"""

import os
from datetime import timedelta
from functools import partial
from inspect import isawaitable
from itertools import chain
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mail.sync import Tools
from models import email, mailbox
from models.email import EmailFilter
from models.ground import store
from models.ground.page import Window
from tests.support.emails.synced_mailbox import ledger_equals_server
from tests.support.rules.switches_done import Deed, any_of, scene
from tests.support.rules.sync.office import Office, an_office
from tests.support.rules.sync.rules import ADDRESSES, NOT_READ, SPOTS, STRANGER, STUDIO, Firm
from tests.support.rules.sync.servers import FOLDERS, PEOPLE, passes

pytestmark = pytest.mark.usefixtures("store")
EXAMPLES = int(os.environ.get("SYNC_MODEL_EXAMPLES", "40"))
"""More of them meet rarer orders: SYNC_MODEL_EXAMPLES=1000 takes some ten minutes."""

PLACE, FOLDER, NUMBER = st.sampled_from([0, 1]), st.integers(0, len(FOLDERS) - 1), st.integers(0, 30)
PEOPLE_IN = st.frozensets(st.sampled_from(ADDRESSES), max_size=2)
KIND = st.tuples(
    st.sampled_from([*ADDRESSES, STUDIO, STRANGER]),
    PEOPLE_IN,
    PEOPLE_IN,
    st.sampled_from([True, True, True, False]),
    st.sampled_from([0, 5, 50, 500, None]),
)
ARRIVE = st.tuples(st.just("arrive"), KIND, st.sampled_from([(0,), (1,), (0, 1)]), FOLDER)
ARRIVE_IN_BOTH = st.tuples(st.just("arrive"), KIND, st.just((0, 1)), FOLDER)
SPOT, AFTER = st.integers(0, len(SPOTS) - 1), st.integers(0, 6)
ON, OFF = (st.tuples(st.just("switch"), SPOT, st.just(on)) for on in (True, False))
ALL_ON, ALL_OFF = (st.just(tuple(("switch", spot, on) for spot in range(len(SPOTS)))) for on in (True, False))
LOOK = st.tuples(st.just("look"), PLACE)
LOOK_AT_BOTH = st.just((("look", 0), ("look", 1)))
COPY = st.tuples(st.just("copy"), PLACE, NUMBER, FOLDER)
MOVE = st.tuples(st.just("move"), PLACE, NUMBER, FOLDER)
EXPUNGE = st.tuples(st.just("expunge"), PLACE, NUMBER)
RENUMBER, RENAME = st.tuples(st.just("renumber"), PLACE, FOLDER), st.tuples(st.just("rename"), PLACE)
REFUSE, RELENT = st.tuples(st.just("refuse"), PLACE, FOLDER), st.tuples(st.just("relent"), PLACE)
ARCHIVE = st.tuples(st.just("archive"), st.sampled_from([0, 1]), st.booleans())
CONNECT, END = st.tuples(st.just("connect"), PLACE), st.just(("end",))
DISCONNECT = st.tuples(st.just("disconnect"), PLACE, st.booleans())
PAUSE = st.tuples(st.just("pause"), PLACE, st.booleans())
CUT = st.tuples(st.just("look_cut"), PLACE, st.integers(0, 9_000))
ON_SERVERS = any_of(ARRIVE, COPY, MOVE, EXPUNGE, RENUMBER, RENAME)
DISTURBED = st.builds(lambda place, after, step: ("look_disturbed", place, after, *step), PLACE, AFTER, ON_SERVERS)
SWITCHED = st.tuples(st.just("look_switched"), PLACE, AFTER, SPOT, st.booleans())
STEP = any_of(ON, OFF, ON_SERVERS, LOOK, REFUSE, RELENT, ARCHIVE, CONNECT, DISCONNECT, END, PAUSE)


def leave(place: int) -> st.SearchStrategy[list[Deed]]:
    """What the other mailbox holds may not even have been asked for there."""
    look, other = st.just(("look", place)), st.just(("look", 1 - place))
    disconnect = st.tuples(st.just("disconnect"), st.just(place), st.sampled_from([True, True, False]))
    return scene(ARRIVE_IN_BOTH, look, any_of(ALL_OFF, look), other, disconnect, any_of(END, CONNECT, other))


INBOX, SENT = FOLDERS.index("INBOX"), FOLDERS.index("Sent")
FROM_CLIENT = st.tuples(st.sampled_from(ADDRESSES), PEOPLE_IN, PEOPLE_IN, st.just(True), st.just(0))
HIDING = st.tuples(st.just(STUDIO), PEOPLE_IN, st.frozensets(st.sampled_from(ADDRESSES), min_size=1), st.just(True))


def comes_and_leaves(place: int, *, forgets: bool) -> st.SearchStrategy[list[Deed]]:
    """A mailbox brings what is told, and goes; connected again, it brings the same."""
    arrive = st.tuples(st.just("arrive"), FROM_CLIENT, st.just((place,)), st.just(INBOX))
    gone = (("look", place), ("disconnect", place, forgets), ("end",))
    return scene(ALL_ON, arrive, st.just(gone), st.just((("connect", place), ("look", place))))


def sent_comes_second(place: int) -> st.SearchStrategy[list[Deed]]:
    """The copy in Sent names those in Bcc, whom the other did not."""
    kind = HIDING.map(lambda drawn: (*drawn, 0))
    arrive = st.tuples(st.just("arrive"), kind, st.just((place,)), st.just(INBOX))
    return scene(ALL_ON, arrive, st.just((("look", place), ("copy", place, -1, SENT), ("look", place))))


MOVED = any_of(MOVE, MOVE, RENUMBER, RENAME, EXPUNGE)
SCENE = any_of(
    *[scene(ARRIVE, ARRIVE, LOOK_AT_BOTH)] * 3,
    scene(any_of(OFF, ALL_OFF), ARRIVE_IN_BOTH, LOOK, any_of(ON, ALL_ON), LOOK),
    scene(ARRIVE_IN_BOTH, LOOK, MOVED, MOVED, LOOK_AT_BOTH),
    scene(ARRIVE_IN_BOTH, any_of(MOVE, RENUMBER, RENAME), LOOK_AT_BOTH),
    scene(ALL_OFF, ARRIVE_IN_BOTH, LOOK_AT_BOTH, ALL_ON, any_of(MOVE, EXPUNGE), LOOK_AT_BOTH),
    scene(ARRIVE, ARRIVE, CUT, any_of(ALL_OFF, MOVED, LOOK), CUT, LOOK_AT_BOTH),
    scene(ARRIVE, ARRIVE, DISTURBED, any_of(ON, OFF, LOOK), LOOK_AT_BOTH),
    scene(ARRIVE, ARRIVE, SWITCHED, LOOK_AT_BOTH),
    scene(REFUSE, ARRIVE, MOVE, LOOK_AT_BOTH, ON, LOOK_AT_BOTH),
    *[PLACE.flatmap(leave)] * 2,
    PLACE.flatmap(sent_comes_second),
    *(PLACE.flatmap(partial(comes_and_leaves, forgets=forgets)) for forgets in (True, False)),
    scene(DISCONNECT, CONNECT, any_of(ALL_OFF, ALL_ON, ARRIVE), LOOK_AT_BOTH, END, CONNECT, ALL_ON, LOOK_AT_BOTH),
    *[scene(STEP, STEP, STEP)] * 3,
)
BEGIN = [("connect", 0), ("connect", 1), ("switch", 0, True), ("switch", 3, True), ("look", 0), ("look", 1)]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenes=st.lists(SCENE, min_size=4, max_size=8))
async def test_each_account_shows_what_its_switches_asked_for_whatever_happens_to_two_mailboxes(
    tools: Tools, scenes: list[list[Deed]]
) -> None:
    async with an_office(tools) as office:
        for step in chain(BEGIN, *scenes):
            await take(office, *step)
        await all_is_well(office)


async def take(office: Office, verb: str, *given_: Any) -> None:
    passes(timedelta(seconds=1))
    happens = getattr(office, verb)(*given_)
    if isawaitable(happens):
        await happens
    await compare(office)


async def compare(office: Office) -> None:
    rules, firm = office.rules, await what_there_is(office)
    assert rules.least.is_within(firm), "missing"
    assert firm.is_within(rules.most), "too much"
    rules.settle(firm)
    for at in range(len(office.accounts)):
        assert await shown(office, at) == rules.shown(at, office.letters)
    for place in (0, 1):
        await figures_close(office, place)


async def what_there_is(office: Office) -> Firm:
    """As the database has it: every letter once, and told once."""
    firm_id = office.by.firm_id
    stored = await store.rows(_STORED, firm_id, PEOPLE[: len(ADDRESSES)])
    assert len({row["id"] for row in stored}) == len({row["subject"] for row in stored}), "stored twice"
    entries = await store.rows(_TOLD, firm_id)
    assert all(row["subject"] for row in entries), "an entry leads nowhere"
    told = [int(row["subject"]) for row in entries]
    assert len(told) == len(set(told)), "told twice"
    return Firm(
        {(int(row["subject"]), row["address"]) for row in stored if row["address"] is not None},
        {(number, at) for at in range(len(office.accounts)) for number in await shown(office, at)},
        set(told),
    )


_STORED = """
SELECT m.id, m.subject, array_position($2::text[], p.key) - 1 AS address
FROM email m LEFT JOIN email_participant p ON p.email_id = m.id AND p.key = ANY($2::text[]) WHERE m.firm_id = $1
"""
_TOLD = """
SELECT m.subject FROM notification n LEFT JOIN email m ON m.id = n.subject_id
CROSS JOIN generate_series(1, n.count) WHERE n.firm_id = $1 AND n.kind = 'EMAIL_RECEIVED'
"""


async def shown(office: Office, at: int) -> list[int]:
    page = await email.page(office.by, EmailFilter(account_id=office.accounts[at]), Window(size=100))
    return [int(view.subject) for view in page.rows]


async def figures_close(office: Office, place: int) -> None:
    """As they were at the last look, if that was whole."""
    box, box_id = office.rules.boxes[place], office.ids[place]
    if box and box_id and box.whole:
        for folder in (await mailbox.health_of(office.by, [box_id]))[box_id].folders:
            parts = folder.stored + folder.pending + folder.skipped + folder.quarantined
            assert folder.on_server == parts, folder
            assert folder.quarantined == 0, folder
            if folder.name in box.listed:
                assert folder.on_server == len(box.listed[folder.name])


async def all_is_well(office: Office) -> None:
    """Nothing refuses any more, all that was disconnected is ended, and each mailbox is looked at once more."""
    await take(office, "end")
    for place, server in enumerate(office.servers):
        for step in (("relent", place), ("connect", place), ("pause", place, False), ("look", place)):
            await take(office, *step)
        read = [folder for folder in server.folders if folder.name != NOT_READ]
        server.folders[:] = read
        box_id = office.ids[place]
        assert box_id
        await ledger_equals_server(server, box_id)
