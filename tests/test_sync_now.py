"""A mailbox is tried again: at once where somebody asks, and what could not be read where a new parser may (R23)."""

from dataclasses import replace
from uuid import UUID

import pytest

from mail.parsing import ParserPool
from mail.sync import Tools, sync_once
from models import mailbox
from models.errors import ErrorCode, Refusal
from models.ground import store
from models.mailbox import MailboxChange, backlog, lease
from models.session import SignedIn
from models.viewer import System, TeamRole, Viewer
from tests.support.emails.sync_worker import idling, reading_all_but_odd, working
from tests.support.emails.synced_mailbox import (
    announced,
    connected,
    eventually,
    ledger_equals_server,
    ledger_of,
    letter,
    past,
    row_of,
    states,
    synced,
)
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_account, signed_in
from tests.support.servers.imap import ImapServer

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
async def anna(by: System) -> SignedIn[Viewer]:
    """Who has no other right than to be of the team."""
    return await signed_in(by, role=TeamRole.EMPLOYEE)


async def quarantined(server: ImapServer, by: System, tools: Tools) -> UUID:
    """A mailbox with three letters, one of which could not be read so far. All are history."""
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(text="1"), letter(text="odd"), letter(text="3"))
    mailbox_id = await connected(by, server.server)
    async with ParserPool(workers=1, reading=reading_all_but_odd) as parsers:
        await synced(mailbox_id, replace(tools, parsers=parsers))
    assert await states(mailbox_id) == ["STORED", "QUARANTINED", "STORED"]
    return mailbox_id


async def asked_for_a_look(anna: SignedIn[Viewer], mailbox_id: UUID, key: str | None = None) -> None:
    done = await mailbox.sync_now(anna.viewer, mailbox_id, key=key)
    assert (done.ids, done.cursor is not None) == ((mailbox_id,), True)


async def test_what_is_quarantined_is_read_once_more_and_only_that_is_told(
    server: ImapServer, by: System, tools: Tools, anna: SignedIn[Viewer]
) -> None:
    mailbox_id = await quarantined(server, by, tools)
    before = await announced(by.firm_id)
    await asked_for_a_look(anna, mailbox_id)
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "STORED", "STORED"]
    assert len(await announced(by.firm_id)) == len(before) + 1
    await ledger_equals_server(server, mailbox_id)


async def test_what_fails_again_is_quarantined_again_with_its_reason_and_its_source(
    server: ImapServer, by: System, tools: Tools, anna: SignedIn[Viewer]
) -> None:
    mailbox_id = await quarantined(server, by, tools)
    before = await ledger_of("INBOX", mailbox_id), await announced(by.firm_id)
    await asked_for_a_look(anna, mailbox_id)
    async with ParserPool(workers=1, reading=reading_all_but_odd) as parsers:
        await synced(mailbox_id, replace(tools, parsers=parsers))
    assert (await ledger_of("INBOX", mailbox_id), await announced(by.firm_id)) == before


async def test_the_source_of_what_the_server_has_no_more_when_it_is_tried_again_is_kept(
    server: ImapServer, by: System, tools: Tools, anna: SignedIn[Viewer]
) -> None:
    mailbox_id = await quarantined(server, by, tools)
    raw_file = (await ledger_of("INBOX", mailbox_id))[1]["raw_file"]
    await asked_for_a_look(anna, mailbox_id)
    server.inbox.expunge(2)
    await synced(mailbox_id, tools)
    await ledger_equals_server(server, mailbox_id)
    assert await store.value("SELECT raw_file FROM occurrence WHERE uid = 2") == raw_file


async def test_what_another_mailbox_has_quarantined_and_what_the_server_has_no_more_stays_as_it_is(
    server: ImapServer, by: System, tools: Tools, anna: SignedIn[Viewer]
) -> None:
    mailbox_id = await quarantined(server, by, tools)
    server.inbox.expunge(2)
    await synced(mailbox_id, tools)
    async with ImapServer() as second, ParserPool(workers=1, reading=reading_all_but_odd) as parsers:
        past(second.inbox, letter(text="odd"))
        other = await connected(by, second.server, address="second@firm.test")
        await synced(other, replace(tools, parsers=parsers))
    await asked_for_a_look(anna, mailbox_id)
    kept = await store.rows("SELECT mailbox_id, state FROM occurrence WHERE state <> 'STORED' ORDER BY found_at")
    assert [(row["mailbox_id"], row["state"]) for row in kept] == [(mailbox_id, "QUARANTINED"), (other, "QUARANTINED")]


async def test_the_same_key_asks_once(server: ImapServer, by: System, tools: Tools, anna: SignedIn[Viewer]) -> None:
    mailbox_id = await quarantined(server, by, tools)
    for _ in range(2):
        await asked_for_a_look(anna, mailbox_id, "now")
    assert (await row_of(mailbox_id))["asks"] == 1


async def test_a_mailbox_that_waits_for_its_next_try_is_looked_at_at_once(
    server: ImapServer, by: System, tools: Tools, anna: SignedIn[Viewer]
) -> None:
    mailbox_id = await connected(by, server.server)
    server.greeting = b"* BYE full house\r\n"
    assert not await sync_once(mailbox_id, tools)
    await store.execute("UPDATE mailbox SET retry_at = now() + interval '1 day'")
    server.greeting = b"* OK\r\n"
    await asked_for_a_look(anna, mailbox_id)
    async with working(tools.parsers):
        await idling(server)
    assert (await row_of(mailbox_id))["state"] == "LIVE"


async def test_a_mailbox_that_is_watched_is_looked_at_without_a_new_connection(
    server: ImapServer, by: System, tools: Tools, anna: SignedIn[Viewer]
) -> None:
    mailbox_id = await quarantined(server, by, tools)
    await mailbox.sync_now(anna.viewer, mailbox_id)
    await synced(mailbox_id, tools)
    server.commands.clear()
    async with working(tools.parsers):
        await idling(server)
        before = (await row_of(mailbox_id))["last_sync_at"]
        await asked_for_a_look(anna, mailbox_id)

        async def is_looked_at() -> bool:
            return bool((await row_of(mailbox_id))["last_sync_at"] > before)

        await eventually(is_looked_at)
        assert server.commands.count("LOGIN") == 1


async def test_a_refused_secret_is_tried_once_more_and_then_waits_again(
    server: ImapServer, by: System, tools: Tools, anna: SignedIn[Viewer]
) -> None:
    mailbox_id = await connected(by, server.server, password="wrong")
    for _ in range(3):
        assert not await sync_once(mailbox_id, tools)
    await asked_for_a_look(anna, mailbox_id)
    row = await row_of(mailbox_id)
    assert (row["state"], row["error_code"]) == ("CHECKING", "MAILBOX_SECRET_REFUSED")
    for _ in range(2):
        assert not await sync_once(mailbox_id, tools)
    assert server.commands.count("LOGIN") == 4
    assert (await row_of(mailbox_id))["state"] == "NEEDS_ATTENTION"


async def test_a_server_that_is_away_at_that_try_is_tried_again_by_itself(
    server: ImapServer, by: System, tools: Tools, anna: SignedIn[Viewer]
) -> None:
    mailbox_id = await connected(by, server.server, password="wrong")
    for _ in range(3):
        assert not await sync_once(mailbox_id, tools)
    await asked_for_a_look(anna, mailbox_id)
    server.greeting = b"* BYE full house\r\n"
    assert not await sync_once(mailbox_id, tools)
    row = await row_of(mailbox_id)
    assert (row["state"], row["error_code"]) == ("RETRYING", "MAILBOX_UNREACHABLE")


async def test_what_is_paused_stays_paused_and_what_was_never_there_is_not_found(
    server: ImapServer, by: System, tools: Tools, anna: SignedIn[Viewer]
) -> None:
    mailbox_id = await quarantined(server, by, tools)
    await mailbox.update(by, mailbox_id, MailboxChange(paused=True))
    with pytest.raises(Refusal) as refused:
        await mailbox.sync_now(anna.viewer, mailbox_id)
    assert (refused.value.code, refused.value.message[:24]) == (ErrorCode.INVALID, "This mailbox is paused. ")
    assert await states(mailbox_id) == ["STORED", "QUARANTINED", "STORED"]
    with pytest.raises(Refusal) as refused:
        await mailbox.sync_now(anna.viewer, by.firm_id)
    assert refused.value.code is ErrorCode.NOT_FOUND


async def test_a_new_parser_reads_once_more_what_came_and_could_not_be_read_and_does_so_once(
    server: ImapServer, by: System, tools: Tools
) -> None:
    mailbox_id = await quarantined(server, by, tools)
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "QUARANTINED", "STORED"]
    await store.execute("UPDATE mailbox SET parser_version = parser_version - 1")
    async with ParserPool(workers=1, reading=reading_all_but_odd) as parsers:
        await synced(mailbox_id, replace(tools, parsers=parsers))
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "QUARANTINED", "STORED"]
    await store.execute("UPDATE mailbox SET parser_version = parser_version - 1")
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "STORED", "STORED"]


async def test_a_new_parser_asks_for_nothing_that_the_server_never_handed_out(
    server: ImapServer, by: System, tools: Tools
) -> None:
    mailbox_id = await quarantined(server, by, tools)
    await store.execute("UPDATE mailbox SET parser_version = parser_version - 1")
    await store.execute("UPDATE occurrence SET raw_file = NULL WHERE state = 'QUARANTINED'")
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "QUARANTINED", "STORED"]


async def test_progress_of_a_backfill_never_falls_though_more_is_left_than_was_counted_on(
    server: ImapServer, by: System, tools: Tools
) -> None:
    mailbox_id = await quarantined(server, by, tools)
    leased = await lease.claim_one("worker", mailbox_id)
    assert leased
    await store.execute("UPDATE mailbox SET backfill_done = 4, backfill_total = 5")
    for pending, progress in ((3, (4, 7)), (1, (6, 7)), (0, (0, 0))):
        await store.execute(
            "UPDATE occurrence SET email_id = NULL, state = CASE WHEN uid <= $1 THEN 'PENDING' ELSE 'QUARANTINED' END",
            pending,
        )
        await backlog.progress(leased)
        row = await row_of(mailbox_id)
        assert (row["backfill_done"], row["backfill_total"]) == progress


async def test_what_is_read_once_more_is_part_of_a_backfill_that_is_under_way(
    server: ImapServer, by: System, tools: Tools, anna: SignedIn[Viewer]
) -> None:
    mailbox_id = await quarantined(server, by, tools)
    await asked_for_a_look(anna, mailbox_id)
    assert (await row_of(mailbox_id))["backfill_total"] == 0
    await store.execute("UPDATE occurrence SET state = 'QUARANTINED' WHERE uid = 2")
    await store.execute("UPDATE mailbox SET backfill_done = 4, backfill_total = 5")
    await asked_for_a_look(anna, mailbox_id)
    row = await row_of(mailbox_id)
    assert (row["backfill_done"], row["backfill_total"]) == (4, 6)
