"""What a cache of objects (Apollo, Relay, urql) shows is right after each change: all come by the same id."""

from typing import Any

from graph.ids import Kind, global_id
from tests.support.api.client import Api
from tests.support.firm.factories import a_client, a_firm, an_account
from tests.support.firm.one_of_everything import a_world

PORTAL = "{ portal { __typename id account { id name } } }"
SELECT = """mutation($id: ID!) { selectAccount(input: { accountId: $id }) {
  portal { __typename id account { id name } } } }"""
INBOX = """{ viewer { ... on TeamMember { __typename id unreadCount } }
  firm { __typename id settings { __typename id senderName } members { __typename id unreadCount } }
  inbox { unreadCount } mailboxes { __typename id health { __typename id state } } }"""
MARK = """mutation($read: Boolean!) { markNotifications(input: { notifications: { matching: {} }, read: $read }) {
  unreadCount member { __typename id unreadCount } } }"""
LIVE = "subscription { inboxNotifications { __typename ... on NotificationsChanged { member { id unreadCount } } } }"


class Cache:
    """Objects by type and id, as these clients keep them."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], dict[str, Any]] = {}

    def take(self, answer: Any) -> Any:
        """Writes what came, and reads it back."""
        if isinstance(answer, list):
            return [self.take(part) for part in answer]
        if not isinstance(answer, dict):
            return answer
        taken = {name: self.take(value) for name, value in answer.items()}
        if not {"__typename", "id"} <= taken.keys():
            return taken
        known = self._objects.setdefault((taken["__typename"], taken["id"]), {})
        known.update(taken)
        return known


async def test_a_cache_shows_the_account_that_was_picked(api: Api) -> None:
    by = await a_firm()
    first, second = await an_account(by, name="A"), await an_account(by, name="B")
    client = await a_client(by, first, second.id)
    cache = Cache()
    shown = cache.take(await api.ask(PORTAL, as_=client))["portal"]
    assert shown["account"]["name"] == "A"
    cache.take(await api.ask(SELECT, {"id": global_id(Kind.ACCOUNT, second.id)}, as_=client))
    assert shown["account"]["name"] == "B"


async def test_a_cache_counts_along_what_is_unread(api: Api) -> None:
    world = await a_world()
    cache = Cache()
    shown = cache.take(await api.ask(INBOX, as_=world.owner))
    assert shown["viewer"]["unreadCount"] == shown["inbox"]["unreadCount"] > 0
    async with api.follow(LIVE, as_=world.owner) as feed:
        await feed.next()
        told = cache.take(await api.ask(MARK, {"read": True}, as_=world.owner))["markNotifications"]
        live = await feed.next()
    assert (told["unreadCount"], shown["viewer"]["unreadCount"], live["member"]["unreadCount"]) == (0, 0, 0)
    cache.take(await api.ask(MARK, {"read": False}, as_=world.owner))
    assert shown["viewer"]["unreadCount"] == shown["inbox"]["unreadCount"]


async def test_nobody_is_told_what_a_colleague_has_not_read(api: Api) -> None:
    world = await a_world()
    shown = await api.ask(INBOX, as_=world.employee)
    mine = shown["viewer"]["id"]
    assert {member["unreadCount"] is None for member in shown["firm"]["members"] if member["id"] != mine} == {True}
    assert shown["viewer"]["unreadCount"] == shown["inbox"]["unreadCount"]
