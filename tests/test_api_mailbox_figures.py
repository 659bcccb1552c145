"""What the health of a mailbox shows is of that mailbox, that folder and that moment (R22, R23)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from graph import states
from mail.sync import Tools
from models import journal, mailbox
from models.ground import clock, store
from models.journal import JournalKind
from models.mailbox import MailboxChange, lease
from models.mailbox.mailbox import MailboxState
from models.session import SignedIn
from models.viewer import System, Viewer
from tests.support.api.client import Api
from tests.support.api.contact_state import heard
from tests.support.emails.synced_mailbox import connected, letter, past, synced
from tests.support.firm.cast import MARTA, STRANGER
from tests.support.firm.factories import a_firm, an_account
from tests.support.servers.imap import ImapServer
from tests.support.waiting import NEVER

FOLLOW = """subscription { mailboxHealth { address version health { state lagSeconds backfill { done total }
  onServer stored pending quarantined skipped { count }
  folders { name onServer stored pending skipped quarantined } } } }"""
LAGS = "{ mailboxes { address health { lagSeconds } } }"


def figures(of: dict[str, Any]) -> tuple[int, ...]:
    skipped = of["skipped"]
    skipped = skipped if isinstance(skipped, int) else sum(one["count"] for one in skipped)
    return of["onServer"], of["stored"], of["pending"], skipped, of["quarantined"]


async def test_each_mailbox_is_told_with_its_own_figures_folder_by_folder_and_no_other_firms(
    api: Api, server: ImapServer, by: System, tools: Tools, owner: SignedIn[Viewer]
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(), letter(), letter(STRANGER))
    past(server.folders[1], letter())
    async with ImapServer() as other:
        past(other.inbox, letter(), *[letter(STRANGER) for _ in range(4)])
        await synced(await connected(by, server.server, address="a@firm.test"), tools)
        await synced(await connected(by, other.server, address="b@firm.test"), tools)
        await synced(await connected(await a_firm("other"), other.server, address="c@firm.test"), tools)
    async with api.follow(FOLLOW, as_=owner) as told:
        a, b = await told.several(2)
    assert [one["address"] for one in (a, b)] == ["a@firm.test", "b@firm.test"]
    assert figures(a["health"]) == (4, 3, 0, 1, 0)
    assert {one["name"]: figures(one) for one in a["health"]["folders"]} == {
        "INBOX": (3, 2, 0, 1, 0),
        "Sent": (1, 1, 0, 0, 0),
    }
    assert figures(b["health"]) == (5, 1, 0, 4, 0)
    assert {one["name"]: figures(one) for one in b["health"]["folders"]} == {
        "INBOX": (5, 1, 0, 4, 0),
        "Sent": (0, 0, 0, 0, 0),
    }


async def test_the_lag_is_the_age_of_the_oldest_arrival_that_is_pending_in_any_folder(
    api: Api, server: ImapServer, by: System, tools: Tools, owner: SignedIn[Viewer]
) -> None:
    past(server.inbox, *[letter(STRANGER) for _ in range(3)])
    past(server.folders[1], letter(STRANGER))
    box = await connected(by, server.server)
    assert await lags(api, owner) == [None]
    await synced(box, tools)
    assert await lags(api, owner) == [0]
    now = clock.now()
    clock.set_source(lambda: now)
    try:
        for folder, uid, seconds, arrival in (
            ("INBOX", 1, 9999, False),
            ("INBOX", 2, 20, True),
            ("Sent", 1, 300, True),
        ):
            await pending(box, folder, uid, arrival=arrival, seconds=seconds)
        assert await lags(api, owner) == [300]
        await pending(box, "INBOX", 3, arrival=True, seconds=700)
        assert await lags(api, owner) == [700]
    finally:
        clock.set_source(None)


async def lags(api: Api, owner: SignedIn[Viewer]) -> list[int | None]:
    return [one["health"]["lagSeconds"] for one in (await api.ask(LAGS, as_=owner))["mailboxes"]]


async def pending(box: UUID, folder: str, uid: int, *, arrival: bool, seconds: int) -> None:
    query = """UPDATE occurrence o SET state = 'PENDING', skip_reason = NULL, arrival = $4, received_at = $5
      FROM mail_folder f WHERE f.id = o.folder_id AND f.mailbox_id = $1 AND f.name = $2 AND o.uid = $3"""
    assert await store.execute(query, box, folder, uid, arrival, clock.now() - timedelta(seconds=seconds))


async def test_one_that_changes_many_times_a_second_is_told_as_it_is_now_and_then(
    api: Api, server: ImapServer, by: System, owner: SignedIn[Viewer]
) -> None:
    box = await connected(by, server.server)
    async with api.follow(FOLLOW, as_=owner) as told:
        version = (await told.next())["version"]
        for number in range(30):
            await mailbox.update(by, box, MailboxChange(sent_folder=f"Sent {number}"))
            await heard(by)
        heard_of = [version]
        while heard_of[-1] < version + 30:
            heard_of.append((await told.next())["version"])
    assert heard_of == sorted(heard_of)
    assert len(heard_of) < 20


async def test_one_that_stands_still_is_not_told_again_while_another_is_under_way(
    api: Api, server: ImapServer, by: System, owner: SignedIn[Viewer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "REREAD", 0.01)
    monkeypatch.setattr(states, "EVERY", 0.0)
    moving, _ = [await connected(by, server.server, address=f"{name}@firm.test") for name in ("a", "b")]
    assert await lease.claim_one("worker", moving)
    await store.execute("UPDATE mailbox SET state = $2 WHERE id = $1", moving, MailboxState.SYNCING)
    async with api.follow(FOLLOW, as_=owner) as told:
        addresses = [state["address"] for state in await told.several(6)]
    assert addresses == ["a@firm.test", "b@firm.test", *["a@firm.test"] * 4]


async def test_a_stored_message_is_a_reason_to_look_at_the_progress(
    api: Api, server: ImapServer, by: System, owner: SignedIn[Viewer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "REREAD", NEVER)
    await connected(by, server.server)
    async with api.follow(FOLLOW, as_=owner) as told:
        await told.next()
        async with store.transaction(by.firm_id):
            await store.execute("UPDATE mailbox SET backfill_done = 1, backfill_total = 9")
            journal.record(JournalKind.EMAIL_STORED, by=by, subject=(journal.Subject.EMAIL, uuid7()))
        assert (await told.next())["health"]["backfill"] == {"done": 1, "total": 9}
