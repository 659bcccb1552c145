"""The feeds over real sockets: what a window shows, kept by events alone, equals what it would read afresh."""

from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from models import api_token, notification, session
from models.ground import clock, store
from models.notification import InboxFilter, Selection
from models.session import SignedIn
from models.viewer import ApiScope, System, TeamRole
from tests.support.api.client import Api, TopLevelErrors, begun
from tests.support.emails.received import a_mailbox
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import a_client, a_firm, an_account, signed_in
from tests.support.firm.random_work import Firm, arrives

ARRIVALS = """subscription ($after: Cursor, $account: ID) { emailArrived(after: $after, accountId: $account) {
  __typename ... on FeedEvent { cursor } ... on EmailArrived { email { subject accounts { name } } } } }"""
INBOX_LIVE = """subscription ($after: Cursor) { inboxNotifications(after: $after) { __typename
  ... on FeedEvent { cursor }
  ... on NotificationsChanged { unreadCount notifications { id text count read archived occurredAt } } } }"""
INBOX = """{ inbox(filter: { archived: null }, first: 100) { feedCursor unreadCount
  nodes { id text count read archived occurredAt } } }"""
SHOWN = """id code name archived loginStatus loginIndicator notify emailSync version
  toggles { id } unlinkedEmails { id }"""
SWITCHES = """id login notify emailSync loginState notificationPreferences { category on } version account { id }
  address { suppressed { since } portalUser { id } } invitation { id state sentAt }"""
TOGGLES_LIVE = f"""subscription ($after: Cursor) {{ togglesChanged(after: $after) {{ __typename
  ... on FeedEvent {{ cursor }}
  ... on TogglesChanged {{ accounts {{ {SHOWN} }} toggles {{ {SWITCHES} }} }} }} }}"""
ACCOUNTS = f"""{{ accounts(filter: {{ archived: null }}, first: 100) {{ feedCursor
  nodes {{ {SHOWN} switches: toggles {{ {SWITCHES} }} }} }} }}"""


async def test_every_email_of_a_batch_has_a_cursor_of_its_own(api: Api, by: System, owner: SignedIn) -> None:
    await an_account(by, address="anna@client.test", email_sync=True)
    box = await a_mailbox(owner)
    async with api.follow(ARRIVALS, as_=owner) as feed:
        await begun(feed)
        await arrives(by, box, 1, 2, 3, sender="anna@client.test")
        told = await feed.several(3)
    assert [one["email"]["subject"] for one in told] == ["VAT return 1", "VAT return 2", "VAT return 3"]
    for seen in (1, 2):
        async with api.follow(ARRIVALS, {"after": told[seen - 1]["cursor"]}, as_=owner) as feed:
            await begun(feed)
            assert await feed.several(len(told) - seen) == told[seen:]
            await arrives(by, box, 10 + seen, sender="anna@client.test")
            told.append(await feed.next())
            assert told[-1]["email"]["subject"] == f"VAT return {10 + seen}"


async def test_a_cursor_of_no_feed_is_refused_and_the_socket_goes_on(api: Api, owner: SignedIn) -> None:
    for cursor in ("x", "c", "c-1", "c" + "9" * 30, "c1\u0662"):
        async with api.follow(ARRIVALS, {"after": cursor}, as_=owner) as feed:
            with pytest.raises(TopLevelErrors) as refused:
                await feed.next()
        assert refused.value.codes == ["BAD_USER_INPUT"]


async def test_a_cursor_ahead_is_told_to_resync(api: Api, by: System, owner: SignedIn) -> None:
    async with api.follow(TOGGLES_LIVE, {"after": "c999999"}, as_=owner) as feed:
        await begun(feed)
        resync = await feed.next()
        assert resync["__typename"] == "ResyncRequired"
        made = await an_account(by)
        changed = await feed.next()
    assert [one["id"] for one in changed["accounts"]] == [f"account_{made.id.hex}"]
    assert int(changed["cursor"][1:]) > int(resync["cursor"][1:])


async def test_a_feed_tells_of_the_own_firm_and_the_own_inbox_only(api: Api, by: System, owner: SignedIn) -> None:
    colleague = await signed_in(by, role=TeamRole.EMPLOYEE)
    stranger = await signed_in(await a_firm("Harbour"))
    await an_account(by, address="anna@client.test", email_sync=True)
    box = await a_mailbox(owner)
    await arrives(by, box, 1, sender="anna@client.test")
    async with (
        api.follow(INBOX_LIVE, as_=owner) as ours,
        api.follow(INBOX_LIVE, as_=colleague) as theirs,
        api.follow(ARRIVALS, as_=stranger) as elsewhere,
    ):
        for each in (ours, theirs, elsewhere):
            await begun(each)
        await notification.mark(owner.viewer, Selection(matching=InboxFilter()), read=True)
        assert (await ours.next())["unreadCount"] == 0
        await arrives(by, box, 2, sender="anna@client.test")
        heard = await theirs.next()  # nothing of the owner's reading before
        assert (heard["unreadCount"], len(heard["notifications"])) == (2, 1)
        await elsewhere.socket.send('{"type": "ping"}')
        assert (await elsewhere.message())["type"] == "pong"  # and nothing before


@pytest.mark.parametrize("ending", ["signed out elsewhere", "removed", "expired"])
async def test_whoever_lost_the_session_hears_nothing_more(api: Api, by: System, owner: SignedIn, ending: str) -> None:
    async with api.follow(TOGGLES_LIVE, as_=owner) as feed:
        await begun(feed)
        await an_account(by, name="Heard")
        assert (await feed.next())["accounts"][0]["name"] == "Heard"
        if ending == "signed out elsewhere":
            await session.sign_out(owner.viewer)
        elif ending == "removed":
            await store.execute("UPDATE team_member SET state = 'REMOVED' WHERE id = $1", owner.viewer.member_id)
        else:
            await store.execute("UPDATE session SET expires_at = $1", clock.now())
        await an_account(by, name="Never heard")
        with pytest.raises((TopLevelErrors, ConnectionClosed)) as ended:
            await feed.next()
    if isinstance(ended.value, TopLevelErrors):
        assert ended.value.codes == ["UNAUTHENTICATED"]


LOST = {
    "a client's session": "DELETE FROM session WHERE user_id IS NOT NULL",
    "a client's Login": "UPDATE toggles SET login = false",
    "a colleague's session": "DELETE FROM session WHERE member_id IS NOT NULL",
    "a colleague's place in the team": "UPDATE team_member SET state = 'REMOVED'",
    "an API token": "DELETE FROM api_token",
}


@pytest.mark.parametrize("lost", LOST)
async def test_who_follows_alone_is_asked_for_the_right_at_each_delivery(
    api: Api, by: System, owner: SignedIn, lost: str
) -> None:
    """Nobody shares a feed with links, or a client's; and nobody tells the watcher of the sockets of what was lost."""
    account = await an_account(by, address=ANNA, email_sync=True)
    client, box = await a_client(by, account), await a_mailbox(owner)
    token = (await api_token.create(owner.viewer, name="Ledger", scopes=[ApiScope.READ])).token
    who = client if "client" in lost else token if "token" in lost else owner
    alone = ARRIVALS.replace("email {", "email { attachments { url }")
    async with api.follow(alone, as_=who) as feed:
        await begun(feed)
        await arrives(by, box, 1, sender=ANNA)
        assert (await feed.next())["email"]["subject"] == "VAT return 1"
        await store.execute(LOST[lost])
        await arrives(by, box, 2, sender=ANNA)
        with pytest.raises((TopLevelErrors, ConnectionClosed)):
            await feed.next()


async def test_signing_out_closes_the_socket_at_once(api: Api, owner: SignedIn) -> None:
    async with api.follow(TOGGLES_LIVE, as_=owner) as feed:
        await begun(feed)
        await api.ask("mutation { signOut(input: {}) { errors { message } } }", as_=owner)
        assert await feed.closed() == 4403


class Window:
    """A browser's window: read once, then kept by what the feeds tell."""

    def __init__(self, accounts: Any, inbox: Any) -> None:
        self.accounts: dict[str, Any] = {}
        self.toggles: dict[str, Any] = {}
        self.entries = {one["id"]: one for one in inbox["nodes"]}
        self.unread = inbox["unreadCount"]
        for one in accounts["nodes"]:
            self.toggles |= {each["id"]: each for each in one["switches"]}
            self._show({name: value for name, value in one.items() if name != "switches"})

    def apply(self, event: Any) -> None:
        assert event["__typename"] in {"TogglesChanged", "NotificationsChanged"}, event
        self.toggles |= {each["id"]: each for each in event.get("toggles", ())}
        for one in event.get("accounts", ()):
            self._show(one)
        self.entries |= {one["id"]: one for one in event.get("notifications", ())}
        self.unread = event.get("unreadCount", self.unread)

    def _show(self, one: Any) -> None:
        self.accounts[one["id"]] = one

    def shown(self) -> Any:
        """Lists in one order; of the switches only those that an account lists."""
        listed = {each["id"] for one in self.accounts.values() for each in one["toggles"]}
        accounts = {
            key: one | {name: sorted(each["id"] for each in one[name]) for name in ("toggles", "unlinkedEmails")}
            for key, one in self.accounts.items()
        }
        return accounts, {key: self.toggles.get(key) for key in listed}, self.entries, self.unread


async def read(api: Api, owner: SignedIn) -> tuple[Window, Any]:
    accounts, inbox = await api.ask(ACCOUNTS, as_=owner), await api.ask(INBOX, as_=owner)
    return Window(accounts["accounts"], inbox["inbox"]), (accounts["accounts"], inbox["inbox"])


@pytest.mark.parametrize("seed", range(8))
async def test_a_window_kept_by_events_equals_one_read_afresh(api: Api, by: System, owner: SignedIn, seed: int) -> None:
    firm = Firm(by, owner, await a_mailbox(owner), seed)
    await firm.begin()
    window, (accounts, inbox) = await read(api, owner)
    await firm.act()  # between the reading and the subscribing
    async with (
        api.follow(TOGGLES_LIVE, {"after": accounts["feedCursor"]}, as_=owner) as switches,
        api.follow(INBOX_LIVE, {"after": inbox["feedCursor"]}, as_=owner) as entries,
    ):
        for feed in (switches, entries):
            await begun(feed)
        done = [await firm.act() for _ in range(40)]
        last = await an_account(by, name="The last")
        await arrives(by, firm.box, 1_000, sender="a3@client.test")
        await notification.mark(owner.viewer, Selection(matching=InboxFilter(archived=None)), read=False)
        await notification.mark(owner.viewer, Selection(matching=InboxFilter(archived=None)), read=True)
        while f"account_{last.id.hex}" not in window.accounts:
            window.apply(await switches.next())
        fresh, (_, now) = await read(api, owner)
        while window.entries != fresh.entries or window.unread != now["unreadCount"]:
            window.apply(await entries.next())
    assert window.shown() == fresh.shown(), done
