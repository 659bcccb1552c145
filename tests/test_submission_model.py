"""
A firm that writes and is answered, by two mailboxes on real sockets, against its rules in plain Python
(tests/support/rules/submission: post.py, office.py, rules.py), through any order of e-mails written and answered,
servers that refuse, put off or vanish, copies in Sent made by them or by us, delivery reports, forgeries, switches,
auto-save, and mailboxes that are disconnected: R17 to R22, R24, R45, P2, P3.
"""

import os
from collections import Counter
from collections.abc import Mapping
from inspect import isawaitable
from itertools import chain
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mail.sync import Tools
from models import email, mailbox
from models.email import EmailFilter
from models.ground import store
from models.ground.page import Window
from models.participant import Role
from models.portal import emails as portal_emails
from models.viewer import System
from tests.support.emails.synced_mailbox import ledger_equals_server, nothing_is_there_twice
from tests.support.rules.submission.office import Office, an_office
from tests.support.rules.submission.provider import Keeping
from tests.support.rules.submission.rules import SPOTS, conversations
from tests.support.rules.submission.ways import CLIENTS, STRANGER, STUDIOS, File
from tests.support.rules.switches_done import Deed, any_of, scene

pytestmark = pytest.mark.usefixtures("store")
EXAMPLES = int(os.environ.get("SUBMISSION_MODEL_EXAMPLES", "30"))
"""More of them meet rarer orders: SUBMISSION_MODEL_EXAMPLES=1000 takes half an hour."""
Numbers = Mapping[UUID, int]
"""Of letters, by the id of their e-mail."""

PLACE, SPOT, INDEX = st.sampled_from([0, 1]), st.integers(0, len(SPOTS) - 1), st.integers(0, 9)
CLIENT, PERSON = st.sampled_from(CLIENTS), st.sampled_from([*CLIENTS, STRANGER])
OUTSIDE = st.lists(st.sampled_from([*CLIENTS, STRANGER, *STUDIOS]), max_size=2)
SOMEBODY = st.lists(st.sampled_from([0, 0, 1, 1, STRANGER, *STUDIOS]), min_size=1, max_size=2)
STUDIO_FIRST = st.builds(lambda studio, more: (studio, *more), st.sampled_from(STUDIOS), OUTSIDE)
PDF, OTHER_SIZE, OTHER_NAME = File("invoice.pdf", 20), File("invoice.pdf", 21), File("plan.pdf", 20)
FILE = st.sampled_from([None, PDF, PDF, OTHER_SIZE, OTHER_NAME, File("prices.txt", 20, fit=False)])


def step(verb: str, *given_: st.SearchStrategy[Any]) -> st.SearchStrategy[Deed]:
    return st.tuples(st.just(verb), *given_)


WRITE, LOOK = step("write", PLACE, SOMEBODY, OUTSIDE), step("look", PLACE)
REPLY = step("reply", PLACE, INDEX, st.booleans(), st.booleans())
ARRIVE, ANSWER = step("arrive", PERSON, STUDIO_FIRST, OUTSIDE, FILE), step("answer", PERSON, INDEX, st.booleans(), FILE)
ELSEWHERE = step("elsewhere", PLACE, SOMEBODY, OUTSIDE, FILE)
FORGE = step("forge", PERSON, INDEX, st.sampled_from([None, 0, 1]))
BOUNCE, LIFT = step("bounce", INDEX), step("lift", CLIENT)
REFUSE, LATER = step("refuse", PLACE, PERSON), step("later", PLACE)
CUT, CUT_WHEN_PUT, RELENT = step("cut", PLACE, st.booleans()), step("cut_when_put", PLACE), step("relent", PLACE)
ON, OFF = (step("switch", SPOT, st.just(on)) for on in (True, False))
SAVE = step("auto_save", st.booleans())
CONNECT, DISCONNECT = step("connect", PLACE, st.booleans()), step("disconnect", PLACE, st.booleans())
LOOK_AT_BOTH = st.just((("look", 0), ("look", 1)))
ALL_OFF = st.just(tuple(("switch", spot, False) for spot in range(len(SPOTS))))
TROUBLE = any_of(REFUSE, LATER, CUT, CUT, CUT_WHEN_PUT)


def at_one(place: int) -> st.SearchStrategy[list[Deed]]:
    """Something goes wrong while that mailbox sends."""
    write, look = step("write", st.just(place), SOMEBODY, OUTSIDE), st.just(("look", place))
    cut, disconnect = step("cut", st.just(place), st.booleans()), step("disconnect", st.just(place), st.booleans())
    wrong = any_of(cut, cut, step("refuse", st.just(place), CLIENT), step("later", st.just(place)))
    after = any_of(look, BOUNCE, disconnect, CONNECT)
    return scene(any_of(write, REPLY), wrong, any_of(cut, wrong, write), any_of(look, look, disconnect), after, look)


SCENE = any_of(
    *[scene(WRITE, LOOK_AT_BOTH, ANSWER, LOOK_AT_BOTH, REPLY)] * 2,
    *[scene(ARRIVE, LOOK_AT_BOTH, REPLY, LOOK_AT_BOTH, ANSWER)] * 2,
    *[PLACE.flatmap(at_one)] * 4,
    scene(ON, any_of(ARRIVE, ANSWER), any_of(SAVE, OFF, ON, LOOK), ARRIVE, LOOK_AT_BOTH, RELENT),
    scene(SAVE, ARRIVE, ON, ARRIVE, LOOK_AT_BOTH, any_of(ON, SAVE), ANSWER, LOOK_AT_BOTH),
    scene(WRITE, LOOK_AT_BOTH, BOUNCE, LOOK_AT_BOTH, any_of(WRITE, REPLY), any_of(LIFT, WRITE), LOOK_AT_BOTH),
    scene(CUT_WHEN_PUT, WRITE, WRITE, LOOK_AT_BOTH, any_of(LOOK, ANSWER, DISCONNECT), LOOK_AT_BOTH),
    scene(WRITE, LOOK_AT_BOTH, FORGE, LOOK_AT_BOTH, any_of(REPLY, FORGE)),
    scene(any_of(ALL_OFF, OFF), any_of(WRITE, ELSEWHERE), LOOK_AT_BOTH, ANSWER, LOOK, ON, LOOK_AT_BOTH),
    scene(ELSEWHERE, LOOK_AT_BOTH, REPLY, ANSWER),
    scene(WRITE, LOOK, DISCONNECT, any_of(CONNECT, WRITE, LOOK), LOOK_AT_BOTH, CONNECT, LOOK_AT_BOTH),
    *[scene(*[any_of(WRITE, REPLY, ANSWER, ARRIVE, LOOK, TROUBLE, BOUNCE, ON, OFF, SAVE, DISCONNECT, CONNECT)] * 3)]
    * 3,
)
BEGIN = [
    ("connect", 0, False),
    ("connect", 1, False),
    ("switch", 0, True),
    ("switch", 2, True),
    ("look", 0),
    ("look", 1),
]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(keeping=st.tuples(*[st.sampled_from(Keeping)] * 2), scenes=st.lists(SCENE, min_size=3, max_size=6))
async def test_what_is_sent_is_once_in_sent_and_once_in_its_thread_and_reaches_everybody_once_whatever_happens(
    tools: Tools, keeping: tuple[Keeping, Keeping], scenes: list[list[Deed]]
) -> None:
    async with an_office(tools, keeping) as office:
        for taken in chain(BEGIN, *scenes):
            await take(office, *taken)
        await all_is_well(office)


async def take(office: Office, verb: str, *given_: Any) -> None:
    office.ticks()
    happens = getattr(office, verb)(*given_)
    if isawaitable(happens):
        await happens
    await compare(office)


async def compare(office: Office) -> None:
    await states_are(office)
    numbers = await numbers_of(office)
    for at, account_id in enumerate(office.accounts):
        page = await email.page(office.by, EmailFilter(account_id=account_id), Window(size=100))
        assert sorted(numbers[view.id] for view in page.rows) == sorted(office.rules.shown(at))
    for at, client in SPOTS:
        await portal_shows(office, at, client, numbers)
    assert await documents(office) == office.rules.documents
    await threads_hold(office, numbers)
    assert await store.value(_TOLD, office.by.firm_id, list(office.emails.values())) == 0, "our own e-mail is news"
    nobody_got_it_twice(office)
    for place in (0, 1):
        await figures_close(office, place)


_TOLD = """
SELECT count(*) FROM notification WHERE firm_id = $1 AND kind = 'EMAIL_RECEIVED' AND subject_id = ANY($2::uuid[])
"""


async def states_are(office: Office) -> None:
    rows = await store.rows("SELECT id, state FROM submission WHERE firm_id = $1", office.by.firm_id)
    state_of = {submission["id"]: submission["state"] for submission in rows}
    for number, way in office.rules.ways.items():
        state = state_of.pop(office.emails[number])
        assert state in way.may_be, (number, state, way)
        way.settle(state)
    assert not state_of


async def numbers_of(office: Office) -> Numbers:
    """Of all e-mails that are stored."""
    rows = await store.rows("SELECT id, message_id FROM email WHERE firm_id = $1", office.by.firm_id)
    number_of = {letter.message_id: number for number, letter in office.rules.letters.items()}
    assert {stored["message_id"] for stored in rows} <= number_of.keys(), "another name has made it another e-mail"
    numbers = {stored["id"]: number_of[stored["message_id"]] for stored in rows}
    assert sorted(numbers.values()) == sorted(office.rules.people), (
        "stored twice, or though nobody asked, or not at all"
    )
    return numbers


async def portal_shows(office: Office, at: int, client: int, numbers: Numbers) -> None:
    """Its Emails tab: what it took part in and what has left, and never a Bcc (R19)."""
    by = office.portal[at, client]
    views = (await portal_emails.page(by, Window(size=100))).rows
    assert sorted(numbers[view.id] for view in views) == sorted(office.rules.shown(at, client))
    people = await portal_emails.participants_of(by, [view.id for view in views])
    assert Role.BCC not in {person.role for theirs in people.values() for person in theirs}


async def documents(office: Office) -> set[tuple[int, str, int]]:
    """By the name they came as; in each account no two are called the same."""
    rows = await store.rows(
        "SELECT account_id, name, came_as, size FROM document WHERE firm_id = $1", office.by.firm_id
    )
    assert len({(saved["account_id"], saved["name"].casefold()) for saved in rows}) == len(rows)
    saved_as = [(office.accounts.index(saved["account_id"]), saved["came_as"], saved["size"]) for saved in rows]
    assert len(saved_as) == len(set(saved_as)), "saved twice"
    return set(saved_as)


async def threads_hold(office: Office, numbers: Numbers) -> None:
    """E-mails are in one thread where their Message-IDs are tied, and else in none together."""
    rows = await store.rows("SELECT id, thread_id FROM email WHERE firm_id = $1", office.by.firm_id)
    thread = {office.rules.letters[numbers[stored["id"]]].message_id: stored["thread_id"] for stored in rows}
    heard = office.rules.heard
    for whole in conversations(heard):
        assert len({thread[name] for name in whole if name in thread}) <= 1, "a conversation is in two threads"
    perhaps = [names for names in conversations(heard | office.rules.perhaps) if names & thread.keys()]
    threads = [frozenset(thread[name] for name in names if name in thread) for names in perhaps]
    assert max(Counter(chain.from_iterable(threads)).values(), default=1) == 1, "two conversations are in one thread"


def nobody_got_it_twice(office: Office) -> None:
    for (number, _), times in office.post.reached.items():
        assert times <= office.rules.ways[number].begun, "more copies arrived than left"
    for place in (0, 1):
        in_sent = office.post.copies_in_sent(place)
        assert max(in_sent.values(), default=0) <= 1, "it is twice in Sent"
        for number, way in office.rules.ways.items():
            if way.copied and way.place == place:
                assert in_sent[number] == 1, "it is not in Sent"


async def figures_close(office: Office, place: int) -> None:
    if box_id := office.ids[place]:
        for folder in (await mailbox.health_of(office.by, [box_id]))[box_id].folders:
            assert folder.on_server == folder.stored + folder.pending + folder.skipped + folder.quarantined, folder


async def all_is_well(office: Office) -> None:
    """The servers take what they are given, and each mailbox is looked at until all has been sent and read."""
    for place in (0, 1):
        for last in (("relent", place), ("connect", place, False)):
            await take(office, *last)
    for _ in range(3):
        for place in (0, 1):
            await take(office, "look", place)
    waiting = "SELECT count(*) FROM submission WHERE firm_id = $1 AND settled_at IS NULL"
    assert await store.value(waiting, office.by.firm_id) == 0, "it waits for ever"
    for place, provider in enumerate(office.post.providers):
        box_id = office.ids[place]
        assert box_id
        await ledger_equals_server(provider.imap, box_id)
    await nothing_is_there_twice(System(office.by.firm_id))
