"""A mailbox is disconnected: its messages stay, or those that no other mailbox holds are forgotten (R18, R46)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from mail.sync import Tools, sync_once
from models import journal, mailbox, stored_file
from models.errors import ErrorCode
from models.ground import files, store
from models.ground.settings import Settings
from models.journal import FeedKind, JournalKind
from models.mailbox import StoredEmails, ending, lease
from models.mailbox.ending import end_mailboxes
from models.viewer import ApiScope, System, TeamRole, Viewer
from tests.support.emails.synced_mailbox import connected, letter, notifications, states, subjects_of, synced
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import a_firm, a_member, an_account, counting, switched
from tests.support.firm.invitations import later
from tests.support.refusals import refused
from tests.support.servers.imap import ImapServer

pytestmark = pytest.mark.usefixtures("store")
FORGET, KEEP = StoredEmails.FORGET, StoredEmails.KEEP


@pytest.fixture
async def other() -> AsyncIterator[ImapServer]:
    async with ImapServer() as other:
        yield other


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    files.open_files(Settings(var=tmp_path))
    return tmp_path / "files"


def names_in(folder: Path) -> set[str]:
    return {file.name for file in folder.rglob("*") if file.is_file()}


async def two_mailboxes(by: System, first: ImapServer, second: ImapServer, tools: Tools) -> tuple[UUID, UUID]:
    """Both hold "both", one of them each "first" and "second"; all have come in while they were watched."""
    boxes = [await connected(by, each.server, address=f"box{n}@firm.test") for n, each in enumerate((first, second))]
    for box in boxes:
        await synced(box, tools)
    copy = letter(subject="both", message_id="both@client.test")
    for served, subject in ((first, "first"), (second, "second")):
        served.inbox.append(letter(subject=subject, text=f"{subject} " * 9))
        served.inbox.append(copy)
    for box in boxes:
        await synced(box, tools)
    return boxes[0], boxes[1]


async def an_owner(by: System) -> Viewer:
    return await a_member(by, role=TeamRole.OWNER)


async def test_kept_messages_stay_and_connected_again_nothing_is_stored_twice(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    owner = await an_owner(by)
    box = await connected(by, server.server)
    server.inbox.append(letter(subject="first"))
    await synced(box, tools)
    told = await notifications(by)

    await mailbox.disconnect(owner, box)
    assert await mailbox.of_firm(owner) == []
    again = await connected(by, server.server)  # at once, while what it left is still there
    await end_mailboxes()

    assert await subjects_of(account.id) == ["first"]
    assert await store.value("SELECT count(*) FROM email WHERE mailbox_id IS NOT NULL") == 0
    await synced(again, tools)
    assert await subjects_of(account.id) == ["first"]
    assert await store.value("SELECT count(*) FROM email") == 1
    assert await states(again) == ["STORED"]
    assert await notifications(by) == told
    assert [view.id for view in await mailbox.of_firm(owner)] == [again]


async def test_what_the_other_mailbox_holds_is_still_there_and_the_rest_is_forgotten(
    server: ImapServer, other: ImapServer, by: System, tools: Tools, kept: Path
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    owner = await an_owner(by)
    first, second = await two_mailboxes(by, server, other, tools)
    sources = {row["subject"]: row["raw_file"] for row in await store.rows("SELECT subject, raw_file FROM email")}
    assert names_in(kept) == set(sources.values())

    await mailbox.disconnect(owner, first, FORGET)
    await end_mailboxes()

    assert await subjects_of(account.id) == ["both", "second"]
    assert await store.value("SELECT count(*) FROM email WHERE mailbox_id = $1", first) == 0
    assert [text for text, _ in await notifications(by) if "first" in text] == []
    assert len(await notifications(by)) == 2
    for table in ("occurrence", "mail_folder"):
        assert await store.value(f"SELECT count(*) FROM {table} WHERE mailbox_id = $1", first) == 0
    assert await said_of(by) == [{"address": None, "storedEmails": "FORGET"}, {"emailsForgotten": "1"}]
    assert names_in(kept) == set(sources.values()), "whoever has a link may follow it for a day"
    later(days=2)
    assert await stored_file.sweep() == 1
    assert names_in(kept) == {sources["both"], sources["second"]}

    await mailbox.disconnect(owner, second, FORGET)
    await end_mailboxes()
    assert await subjects_of(account.id) == []
    for table in ("email", "email_participant", "email_account", "attachment", "thread_ref", "notification"):
        assert await store.value(f"SELECT count(*) FROM {table}") == 0, table
    later(days=2)
    await stored_file.sweep()
    assert names_in(kept) == set()


async def test_what_the_other_mailbox_holds_is_still_there_though_nobody_asked_for_it_when_it_was_found_there(
    server: ImapServer, other: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    owner = await an_owner(by)
    first = await connected(by, server.server)
    for served in (server, other):
        served.inbox.append(letter(subject="both", message_id="both@client.test"))
    server.inbox.append(letter(subject="first"))
    await synced(first, tools)
    await switched(by, account.id, account.address, email_sync=False)
    second = await connected(by, other.server, address="second@firm.test")
    await synced(second, tools)

    await mailbox.disconnect(owner, first, FORGET)
    await end_mailboxes()
    assert await subjects_of(account.id) == ["both"]
    assert [row["mailbox_id"] for row in await store.rows("SELECT mailbox_id FROM email")] == [second]

    await mailbox.disconnect(owner, second, FORGET)
    await end_mailboxes()
    assert await store.value("SELECT count(*) FROM email") == 0


async def said_of(by: System) -> list[dict[str, str | None]]:
    """What the journal says of disconnected mailboxes, the first entry first: each field with what it is now."""
    query = "SELECT changes FROM journal_entry WHERE firm_id = $1 AND kind = $2 ORDER BY position"
    rows = await store.rows(query, by.firm_id, JournalKind.MAILBOX_DISCONNECTED)
    return [{field: after for field, _, after in orjson.loads(row["changes"])} for row in rows]


async def test_feeds_tell_that_the_lists_are_to_be_read_afresh(server: ImapServer, by: System, tools: Tools) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    owner = await an_owner(by)
    box = await connected(by, server.server)
    await synced(box, tools)
    server.inbox.append(letter(subject="first"))
    await synced(box, tools)
    await mailbox.disconnect(owner, box, FORGET)
    head = await journal.head(by.firm_id)
    await end_mailboxes()
    rows = await store.rows(
        "SELECT kind, account_ids, audience FROM journal_entry WHERE firm_id = $1 AND position > $2 ORDER BY position",
        *(by.firm_id, head),
    )
    told = {row["kind"]: row for row in rows}
    assert told[FeedKind.EMAILS_FORGOTTEN]["account_ids"] == [account.id]
    assert told[FeedKind.NOTIFICATIONS_MOVED]["audience"] == [owner.member_id]


async def test_a_worker_that_still_holds_it_writes_nothing_any_more(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    owner = await an_owner(by)
    box = await connected(by, server.server)
    server.inbox.append(letter())
    leased = await lease.claim_one("worker", box)
    assert leased is not None
    await mailbox.disconnect(owner, box)
    with pytest.raises(lease.LeaseLost):
        async with store.transaction(by.firm_id):
            await lease.check(leased)
    assert not await sync_once(box, tools)
    await end_mailboxes()
    assert await subjects_of(account.id) == []


async def test_who_may_disconnect_and_who_may_forget(by: System, server: ImapServer) -> None:
    owner, employee = await an_owner(by), await a_member(by, role=TeamRole.EMPLOYEE)
    colleague = await a_member(by, role=TeamRole.EMPLOYEE)
    stranger = await an_owner(await a_firm())
    shared = await connected(by, server.server)
    own = (await mailbox.connect(employee, _own(server, employee))).ids[0]
    for viewer, box, stored_emails, code in (
        (stranger, shared, KEEP, ErrorCode.NOT_FOUND),
        (employee, shared, KEEP, ErrorCode.NOT_ALLOWED),
        (colleague, own, KEEP, ErrorCode.NOT_ALLOWED),
        (employee, own, FORGET, ErrorCode.NOT_ALLOWED),
        (_by_token(owner), shared, FORGET, ErrorCode.NOT_ALLOWED),
    ):
        with refused(code):
            await mailbox.disconnect(viewer, box, stored_emails)
    await mailbox.disconnect(employee, own)
    with refused(ErrorCode.NOT_FOUND, "id"):
        await mailbox.disconnect(employee, own)
    with refused(ErrorCode.NOT_FOUND, "id"):
        await mailbox.update(employee, own, mailbox.MailboxChange(paused=False))
    await mailbox.disconnect(_by_token(owner), shared)


def _by_token(owner: Viewer) -> Viewer:
    return replace(owner, scopes=frozenset({ApiScope.READ, ApiScope.WRITE}))


def _own(server: ImapServer, employee: Viewer) -> mailbox.NewMailbox:
    return mailbox.NewMailbox(
        "own@firm.test", "secret", imap=server.server, smtp=server.server, owner_id=employee.member_id
    )


async def test_many_messages_go_in_a_few_statements_a_step(
    server: ImapServer, by: System, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    owner = await an_owner(by)
    counted: dict[int, int] = {}
    for many in (1, 40):
        box = await connected(by, server.server, address=f"box{many}@firm.test")
        for _ in range(many):
            server.inbox.append(letter())
        await synced(box, tools)
        await mailbox.disconnect(owner, box, FORGET)
        async with counting() as statements:
            await end_mailboxes()
        counted[many] = len(statements)
    assert counted[40] == counted[1]


async def test_two_that_are_forgotten_at_once_leave_nothing(
    server: ImapServer, other: ImapServer, by: System, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    owner = await an_owner(by)
    monkeypatch.setattr(ending, "AT_ONCE", 1)
    for box in await two_mailboxes(by, server, other, tools):
        await mailbox.disconnect(owner, box, FORGET)
    await end_mailboxes()
    assert await store.value("SELECT count(*) FROM email") == 0
    assert await store.value("SELECT count(*) FROM mailbox") == 0
