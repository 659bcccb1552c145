"""
The store of files is away or full, or the disk of the database is: each mailbox says so in plain words, and afterwards
the ledger equals the server and the store, nothing twice (R22, R23, P8).
"""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from mail.sync import Tools, sync_once
from models import mailbox, stored_file
from models.ground import files, store
from models.viewer import System, Viewer
from tests.support.emails.sync_worker import idling, working
from tests.support.emails.synced_mailbox import (
    connected,
    eventually,
    ledger_equals_server,
    letter,
    nothing_is_there_twice,
    notifications,
    past,
    row_of,
    subjects_of,
    synced,
    tells,
)
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import MadeAccount, an_account
from tests.support.firm.invitations import later
from tests.support.servers.bucket import SILENCE, Bucket
from tests.support.servers.imap import ImapServer

pytestmark = pytest.mark.usefixtures("store")
THE_STORE = "The store of files (SWITCHBOARD_FILES_URL) "


@pytest.fixture
async def bucket(store: str) -> AsyncIterator[Bucket]:
    async with Bucket() as bucket:
        with bucket.opened():
            yield bucket


@pytest.fixture
async def account(by: System, viewer: Viewer) -> MadeAccount:
    return await an_account(by, address=MARTA, email_sync=True)


@pytest.fixture
async def mailbox_id(server: ImapServer, by: System, account: MadeAccount) -> UUID:
    past(server.inbox, *(letter(subject=str(number), text="word " * 4_000) for number in range(5)))
    return await connected(by, server.server)


async def all_is_well(server: ImapServer, mailbox_id: UUID, by: System, account: MadeAccount) -> None:
    await ledger_equals_server(server, mailbox_id)
    await nothing_is_there_twice(by)
    assert (await row_of(mailbox_id))["error_code"] is None
    assert len(await subjects_of(account.id)) == len(server.inbox.messages)


WAYS = {
    "refused": (None, f"{THE_STORE}cannot be reached, or takes nothing."),
    "503": (b"503 Slow Down", f"{THE_STORE}cannot be reached, or takes nothing."),
    "silent": (SILENCE, f"{THE_STORE}cannot be reached, or takes nothing."),
    "no bucket": (b"404 Not Found", f"{THE_STORE}cannot be reached, or takes nothing."),
    "not allowed": (b"403 Forbidden", f"{THE_STORE}lets us write nothing. Look at what we are allowed there."),
    "full": (b"507 Insufficient Storage", f"{THE_STORE}is full: no message can be kept. Make room there."),
}


@pytest.mark.parametrize(("says", "words"), WAYS.values(), ids=WAYS)
async def test_while_the_store_of_files_is_away_the_mailbox_says_so_and_then_all_is_there(
    server: ImapServer,
    bucket: Bucket,
    by: System,
    account: MadeAccount,
    mailbox_id: UUID,
    tools: Tools,
    monkeypatch: pytest.MonkeyPatch,
    says: bytes | None,
    words: str,
) -> None:
    monkeypatch.setattr(files, "LONGEST", 0.3 if says == SILENCE else files.LONGEST)
    if says is None:
        await bucket.away()
    bucket.says = says or b""
    assert not await sync_once(mailbox_id, tools)
    assert await tells(mailbox_id, words)
    assert await store.value("SELECT count(*) FROM email") == 0
    if says is None:
        await bucket.back()
    bucket.says = b""
    monkeypatch.undo()
    await synced(mailbox_id, tools)
    await all_is_well(server, mailbox_id, by, account)


async def test_what_comes_while_the_store_of_files_is_away_is_told_once_when_it_is_back(
    server: ImapServer,
    bucket: Bucket,
    by: System,
    viewer: Viewer,
    account: MadeAccount,
    mailbox_id: UUID,
    tools: Tools,
) -> None:
    """Somebody asks for a look: by itself it is tried again within a minute."""

    async def all_there() -> bool:
        return len(await subjects_of(account.id)) == 6

    async with working(tools.parsers):
        await idling(server)
        bucket.says = b"503"
        server.inbox.append(letter(subject="meanwhile"))
        await eventually(lambda: tells(mailbox_id, WAYS["503"][1]))
        bucket.says = b""
        await mailbox.sync_now(viewer, mailbox_id)
        await eventually(all_there)
    await synced(mailbox_id, tools)
    await all_is_well(server, mailbox_id, by, account)
    assert await notifications(by) == [(f"{MARTA}: meanwhile", 1)]


async def test_trouble_of_our_own_keeps_no_mailbox_waiting_for_longer_than_a_minute(
    bucket: Bucket, mailbox_id: UUID, tools: Tools
) -> None:
    await bucket.away()
    await store.execute("UPDATE mailbox SET failures = 20")
    assert not await sync_once(mailbox_id, tools)
    wait = await store.value("SELECT extract(epoch FROM retry_at - now())::float8 FROM mailbox")
    assert 20 < wait <= 60


async def test_files_go_from_a_bucket_and_are_not_forgotten_while_it_is_away(by: System, bucket: Bucket) -> None:
    await stored_file.keep(by.firm_id, [b"one", b"two"])
    later(days=2)
    for says in (b"404 Not Found", b"503"):
        bucket.says = says
        with pytest.raises(files.Away):
            await stored_file.sweep()
    bucket.says = b""
    assert len(bucket.kept) == 2
    assert await stored_file.sweep() == 2
    assert bucket.kept == {}
