"""Conversations as a front end sees them: whose entry it is, and threads that turn out to be one (R38)."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from graph.ids import Kind, global_id
from models.participant import Participant, Role
from models.session import SignedIn
from models.viewer import System
from tests.support.api.client import Api, begun
from tests.support.emails.received import a_mailbox, a_message, received
from tests.support.firm.cast import ANNA, BRUNO
from tests.support.firm.factories import a_client, a_firm, an_account, signed_in

pytestmark = pytest.mark.usefixtures("store")
INBOX = """query($account: ID, $archived: Boolean = false) {
  inbox(filter: { accountId: $account, archived: $archived }) { feedCursor unreadCount
    nodes { id text count read archived accounts { id } subject { ... on Email { thread } } } } }"""
THREAD = """query($thread: ID!, $after: String) { emails(filter: { thread: $thread }, first: 1, after: $after) {
  totalCount nodes { subject thread } pageInfo { endCursor } } }"""
INBOX_LIVE = """subscription($after: Cursor) { inboxNotifications(after: $after) { __typename
  ... on FeedEvent { cursor }
  ... on NotificationsChanged { unreadCount gone notifications { id count read archived } } } }"""
EMAILS_LIVE = """subscription($account: ID) { emailArrived(accountId: $account) { __typename
  ... on EmailArrived { email { subject thread } } ... on EmailHistoryArrived { count accounts { id } } } }"""
PORTAL = "{ portal { emails { nodes { subject thread } } } }"
READ = """mutation($id: ID!) { markNotifications(input: { notifications: { ids: [$id] }, read: %s }) {
  errors { code } unreadCount notifications { id } } }"""


@dataclass
class World:
    """Anna's and Bruno's accounts, and who looks at them."""

    by: System
    owner: SignedIn
    box: UUID
    anna: str
    bruno: str
    portal: Any

    async def writes(self, number: int, sender: str, *answers: int, copied: str = "") -> None:
        message = a_message(number, answers=answers, sender=sender)
        people = [*message.participants, *([Participant(Role.CC, None, copied)] if copied else [])]
        await received(self.by, self.box, replace(message, participants=tuple(people)), arrival=True)


@pytest.fixture
async def world(store: str) -> World:
    by = await a_firm()
    owner = await signed_in(by)
    anna = await an_account(by, address=ANNA, email_sync=True, login=True)
    bruno = await an_account(by, address=BRUNO, email_sync=True)
    keys = [global_id(Kind.ACCOUNT, made.id) for made in (anna, bruno)]
    return World(by, owner, await a_mailbox(owner), keys[0], keys[1], await a_client(by, anna))


async def inbox(api: Api, world: World, **wanted: Any) -> Any:
    return (await api.ask(INBOX, wanted, as_=world.owner))["inbox"]


async def texts(api: Api, world: World, **wanted: Any) -> list[str]:
    return [entry["text"] for entry in (await inbox(api, world, **wanted))["nodes"]]


async def test_two_clients_who_answer_one_letter_are_two_entries_and_each_is_found_by_its_account(
    api: Api, world: World
) -> None:
    await world.writes(1, ANNA, 0)
    await world.writes(2, BRUNO, 0)
    assert await texts(api, world) == ["Anna: VAT return 2", "Anna: VAT return 1"]
    assert await texts(api, world, account=world.anna) == ["Anna: VAT return 1"]
    assert await texts(api, world, account=world.bruno) == ["Anna: VAT return 2"]
    entry = (await inbox(api, world))["nodes"][0]
    await api.ask(READ % "true", {"id": entry["id"]}, as_=world.owner)
    assert [entry["read"] for entry in (await inbox(api, world))["nodes"]] == [True, False]


async def test_a_letter_that_is_unread_is_found_by_the_account_of_whoever_got_a_copy_after_the_next_one_came(
    api: Api, world: World
) -> None:
    await world.writes(1, ANNA, copied=BRUNO)
    await world.writes(2, ANNA, 1)
    (entry,) = (await inbox(api, world, account=world.bruno))["nodes"]
    assert entry["count"] == 2
    assert {account["id"] for account in entry["accounts"]} == {world.anna, world.bruno}
    await api.ask(READ % "true", {"id": entry["id"]}, as_=world.owner)
    await world.writes(3, ANNA, 2)
    assert await texts(api, world, account=world.bruno) == []  # what it got is read
    assert await texts(api, world, account=world.anna) == ["Anna: VAT return 3"]


async def apart(world: World) -> None:
    """Two threads, each with an entry, which letter 3 will join."""
    await world.writes(1, ANNA, 7)
    await world.writes(2, ANNA, 8)


async def test_a_late_parent_leaves_one_thread_to_which_both_ids_lead(api: Api, world: World) -> None:
    await apart(world)
    threads = [entry["subject"]["thread"] for entry in (await inbox(api, world))["nodes"]]
    pages = [(await api.ask(THREAD, {"thread": thread}, as_=world.owner))["emails"] for thread in threads]
    await world.writes(3, BRUNO, 7, 8)
    for thread, page in zip(threads, pages, strict=True):
        emails = (await api.ask(THREAD, {"thread": thread}, as_=world.owner))["emails"]
        assert emails["totalCount"] == 3
        assert emails["nodes"][0]["thread"] == min(threads)  # the older one's stays
        rest = {"thread": thread, "after": page["pageInfo"]["endCursor"]}
        await api.ask(THREAD, rest, as_=world.owner)  # a page that was read before goes on
    stranger = await signed_in(await a_firm("Harbour"))
    for thread in threads:
        assert (await api.ask(THREAD, {"thread": thread}, as_=stranger))["emails"]["totalCount"] == 0


async def test_a_thread_that_was_joined_twice_is_found_by_all_its_ids(api: Api, world: World) -> None:
    await world.writes(1, ANNA, 7)
    await world.writes(2, ANNA, 8)
    await world.writes(3, ANNA, 9)
    threads = [entry["subject"]["thread"] for entry in (await inbox(api, world))["nodes"]]
    await world.writes(4, BRUNO, 8, 9)
    await world.writes(5, BRUNO, 7, 8)
    for thread in threads:
        assert (await api.ask(THREAD, {"thread": thread}, as_=world.owner))["emails"]["totalCount"] == 5


async def test_entries_of_threads_that_were_joined_become_one_and_the_feed_says_which_is_gone(
    api: Api, world: World
) -> None:
    await apart(world)
    stays, goes = (await inbox(api, world))["nodes"]
    async with api.follow(INBOX_LIVE, as_=world.owner) as feed:
        await begun(feed)
        await world.writes(3, BRUNO, 7, 8)
        told = await feed.next()
    as_told = {entry["id"]: entry for entry in told["notifications"]}
    assert told["gone"] == [goes["id"]]
    assert as_told[goes["id"]] == {"id": goes["id"], "count": 1, "read": True, "archived": True}
    assert as_told[stays["id"]] == {"id": stays["id"], "count": 2, "read": False, "archived": False}
    for archived in (False, None):
        assert await texts(api, world, archived=archived) == ["Anna: VAT return 3", "Anna: VAT return 2"]
    assert (await inbox(api, world))["unreadCount"] == told["unreadCount"] == 2
    await world.writes(4, ANNA, 3)
    assert [entry["count"] for entry in (await inbox(api, world))["nodes"]] == [3, 1]


async def test_marking_an_entry_that_is_gone_changes_nothing(api: Api, world: World) -> None:
    await apart(world)
    _, goes = (await inbox(api, world))["nodes"]
    await world.writes(3, BRUNO, 7, 8)
    for read in ("true", "false"):
        marked = (await api.ask(READ % read, {"id": goes["id"]}, as_=world.owner))["markNotifications"]
        assert marked == {"errors": [], "unreadCount": 2, "notifications": []}


async def test_whoever_shows_e_mails_by_their_threads_is_told_to_read_them_afresh(api: Api, world: World) -> None:
    await apart(world)
    before = (await api.ask(PORTAL, as_=world.portal))["portal"]["emails"]["nodes"]
    assert len({node["thread"] for node in before}) == 2
    async with (
        api.follow(EMAILS_LIVE, as_=world.owner) as ours,
        api.follow(EMAILS_LIVE, {"account": world.anna}, as_=world.portal) as theirs,
        api.follow(EMAILS_LIVE, {"account": world.bruno}, as_=world.owner) as others,
    ):
        for feed in (ours, theirs, others):
            await begun(feed)
        await world.writes(3, BRUNO, 7, 8)
        afresh, arrived = await ours.several(2)
        assert (await theirs.next()) == {"__typename": "EmailHistoryArrived", "count": 0, "accounts": []}
        assert (await others.next()) == arrived  # none of its e-mails was in the thread that is gone
    assert afresh == {"__typename": "EmailHistoryArrived", "count": 1, "accounts": [{"id": world.anna}]}
    assert arrived["email"]["subject"] == "VAT return 3"
    after = (await api.ask(PORTAL, as_=world.portal))["portal"]["emails"]["nodes"]
    assert {node["thread"] for node in after} == {arrived["email"]["thread"]}


async def test_five_hundred_arrivals_come_in_events_of_a_hundred_in_their_order(api: Api, world: World) -> None:
    async with api.follow(INBOX_LIVE, as_=world.owner) as feed:
        await begun(feed)
        await received(world.by, world.box, *(a_message(number) for number in range(500)), arrival=True)
        events = await feed.several(5)
        await world.writes(500, ANNA)
        last = await feed.next()
    assert [len(event["notifications"]) for event in (*events, last)] == [100] * 5 + [1]
    assert len({entry["id"] for event in events for entry in event["notifications"]}) == 500
    assert [event["unreadCount"] for event in (*events, last)] == [500] * 5 + [501]
    assert (await texts(api, world))[:3] == [f"Anna: VAT return {number}" for number in (500, 499, 498)]
    async with api.follow(INBOX_LIVE, {"after": events[2]["cursor"]}, as_=world.owner) as feed:
        await begun(feed)
        again = await feed.several(3)
    assert [event["cursor"] for event in again] == [event["cursor"] for event in (*events[3:], last)]
