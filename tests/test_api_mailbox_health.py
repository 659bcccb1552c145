"""How mailboxes are, live: each at once, then each that has moved (R23, P4)."""

from typing import Any

import pytest
from uuid_utils.compat import uuid7
from websockets.exceptions import ConnectionClosed

from graph.ids import Kind, global_id
from models import mailbox
from models.errors import ErrorCode
from models.ground import store
from models.mailbox import MailboxChange, MailSecurity, MailServer, NewMailbox, health, lease
from models.mailbox.mailbox import MailboxState
from models.session import SignedIn
from models.viewer import System, Viewer
from tests.support.api.client import Api, Following, TopLevelErrors
from tests.support.firm.factories import a_client, an_account, counting
from tests.support.waiting import patience

FOLLOW = """subscription($id: ID) { mailboxHealth(id: $id) { id address version health { id state lastSyncAt lagSeconds
  backfill { done total } error { code message path } onServer stored pending quarantined } } }"""
SYNC = """mutation($input: SyncMailboxNowInput!) { syncMailboxNow(input: $input) { cursor errors { code message path }
  mailbox { id health { state } } } }"""
NOWHERE = MailServer("127.0.0.1", 1, MailSecurity.NONE)


async def a_mailbox(by: System, name: str) -> Any:
    done = await mailbox.connect(by, NewMailbox(f"{name}@firm.test", "secret", NOWHERE, NOWHERE))
    return done.ids[0]


async def until(states: Following, address: str, **health: Any) -> dict[str, Any]:
    """The next state of that mailbox that says so."""
    async with patience():
        while True:
            state = await states.next()
            if state["address"] == address and health.items() <= state["health"].items():
                return state


async def test_all_mailboxes_are_told_at_once_then_each_that_has_moved(
    api: Api, by: System, owner: SignedIn[Viewer]
) -> None:
    first, _ = [await a_mailbox(by, name) for name in ("a", "b")]
    async with api.follow(FOLLOW, as_=owner) as states:
        assert [state["address"] for state in await states.several(2)] == ["a@firm.test", "b@firm.test"]
        leased = await lease.claim_one("worker", first)
        assert leased
        await health.succeeded(leased)
        live = await states.next()
        assert (live["address"], live["health"]["state"], live["health"]["error"]) == ("a@firm.test", "LIVE", None)
        await health.failed(leased, ErrorCode.MAILBOX_UNREACHABLE, "Nobody is there.", path="imap.host")
        failed = await until(states, "a@firm.test", state="RETRYING")
        assert failed["health"]["error"] == {
            "code": "MAILBOX_UNREACHABLE",
            "message": "Nobody is there.",
            "path": ["imap", "host"],
        }
        third = await a_mailbox(by, "c")
        assert (await until(states, "c@firm.test", state="CHECKING"))["id"] == global_id(Kind.MAILBOX, third)


async def test_whoever_lost_the_session_hears_of_no_mailbox_any_more(
    api: Api, by: System, owner: SignedIn[Viewer]
) -> None:
    box = await a_mailbox(by, "a")
    async with api.follow(FOLLOW, as_=owner) as states:
        await states.next()
        await mailbox.update(by, box, MailboxChange(paused=True))
        await until(states, "a@firm.test", state="PAUSED")
        await store.execute("DELETE FROM session")  # without an entry
        await mailbox.update(by, box, MailboxChange(paused=False))
        with pytest.raises((TopLevelErrors, ConnectionClosed)):
            await states.next()


async def test_what_writes_no_entry_is_told_as_well(api: Api, by: System, owner: SignedIn[Viewer]) -> None:
    box = await a_mailbox(by, "a")
    leased = await lease.claim_one("worker", box)
    assert leased
    await health.succeeded(leased)
    entries = await store.value("SELECT count(*) FROM journal_entry")
    async with api.follow(FOLLOW, {"id": global_id(Kind.MAILBOX, box)}, as_=owner) as states:
        before = (await states.next())["health"]["lastSyncAt"]
        await health.succeeded(leased)
        assert (await states.next())["health"]["lastSyncAt"] > before
        await store.execute("UPDATE mailbox SET backfill_total = 7, backfill_done = 3")
        assert (await states.next())["health"]["backfill"] == {"done": 3, "total": 7}
        await health.now(leased, MailboxState.SYNCING)
        for _ in range(2):  # its figures move along
            assert (await states.next())["health"]["state"] == "SYNCING"
    assert await store.value("SELECT count(*) FROM journal_entry") == entries


async def test_a_mailbox_that_was_never_there_is_not_found_and_a_client_follows_none(
    api: Api, by: System, owner: SignedIn[Viewer]
) -> None:
    client = await a_client(by, await an_account(by, login=True))
    for key, who, code in ((global_id(Kind.MAILBOX, uuid7()), owner, "NOT_FOUND"), (None, client, "FORBIDDEN")):
        async with api.follow(FOLLOW, {"id": key}, as_=who) as states:
            with pytest.raises(TopLevelErrors) as refused:
                await states.next()
        assert refused.value.codes == [code]


async def test_all_mailboxes_and_their_figures_are_read_in_a_constant_number_of_statements(
    api: Api, by: System, owner: SignedIn[Viewer]
) -> None:
    counts = []
    for names in (("a",), ("b", "c", "d", "e")):
        boxes = [await a_mailbox(by, name) for name in names]
        assert boxes
        async with counting() as statements, api.follow(FOLLOW, as_=owner) as states:
            await states.several(1 if len(boxes) == 1 else 5)
            counts.append(sum("occurrence" in text for text in statements))
    assert counts[0] == counts[1]


async def test_a_look_is_asked_for_over_the_api_and_whoever_follows_is_told(
    api: Api, by: System, owner: SignedIn[Viewer]
) -> None:
    box = await a_mailbox(by, "a")
    key = global_id(Kind.MAILBOX, box)
    async with api.follow(FOLLOW, {"id": key}, as_=owner) as states:
        await states.next()
        told = (await api.ask(SYNC, {"input": {"id": key}}, as_=owner))["syncMailboxNow"]
        assert (told["errors"], told["mailbox"]["id"], told["cursor"] is not None) == ([], key, True)
        assert (await states.next())["id"] == key
    await mailbox.update(by, box, MailboxChange(paused=True))
    told = (await api.ask(SYNC, {"input": {"id": key}}, as_=owner))["syncMailboxNow"]
    assert [(error["code"], error["path"]) for error in told["errors"]] == [("INVALID", ["id"])]


async def test_a_mailbox_that_is_disconnected_is_not_found_any_more_and_the_others_go_on(
    api: Api, by: System, owner: SignedIn[Viewer]
) -> None:
    box, other = [await a_mailbox(by, name) for name in ("a", "b")]
    key = global_id(Kind.MAILBOX, box)
    async with api.follow(FOLLOW, {"id": key}, as_=owner) as states, api.follow(FOLLOW, as_=owner) as all_states:
        await states.next()
        await all_states.several(2)
        await mailbox.disconnect(by, box)
        with pytest.raises(TopLevelErrors) as ended:
            await states.next()
        assert (ended.value.codes, ended.value.messages) == (["NOT_FOUND"], ["There is no such mailbox."])
        await mailbox.update(by, other, MailboxChange(paused=True))
        assert (await until(all_states, "b@firm.test", state="PAUSED"))["id"] == global_id(Kind.MAILBOX, other)
