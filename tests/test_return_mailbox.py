"""The return mailbox of the installation: read by one worker, in order, and nothing in it is touched (R17)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from mail.imap import Unreachable
from mail.parsing import ParserPool
from mail.returns.reading import read
from mail.returns.running import ReturnReader, reach
from models import return_mailbox
from models.ground import store
from models.mailbox.backlog import MOST_CUTS
from models.return_mailbox import LeaseLost
from tests.support.emails.synced_mailbox import eventually, letter
from tests.support.firm.factories import a_firm, a_member
from tests.support.letters.outbox import state_of
from tests.support.letters.reports import a_report
from tests.support.letters.returned import is_bounced, looked, place_of, sent, told
from tests.support.servers.imap import ARRIVED, ImapServer, ServedFolder
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    async with ImapServer(folders=[ServedFolder("INBOX"), ServedFolder("Returned")]) as server:
        yield server


@pytest.fixture
async def parsers() -> AsyncIterator[ParserPool]:
    async with ParserPool(workers=1) as parsers:
        yield parsers


def fetched(server: ImapServer) -> int:
    return sum("BODY.PEEK[]" in command for command in server.commands)


@asynccontextmanager
async def reading(server: ImapServer, parsers: ParserPool, **place: str) -> AsyncIterator[ReturnReader]:
    reader = ReturnReader(place_of(server, **place), parsers, timeout=PATIENCE)
    running = asyncio.create_task(reader.run())
    try:
        yield reader
    finally:
        await reader.stop()
        await running


async def test_reports_on_the_letters_of_all_firms_are_read_there(server: ImapServer, parsers: ParserPool) -> None:
    firms = [await a_firm(), await a_firm()]
    (first, raw), (second, more) = [(await sent(by, f"{n}@x.test"))[0] for n, by in enumerate(firms)]
    server.inbox.append(letter(), ARRIVED)
    server.inbox.append(a_report(raw, about="0@x.test"), ARRIVED)
    async with reading(server, parsers):
        await eventually(lambda: is_bounced(first))
        server.inbox.append(a_report(more, about="1@x.test", signed="", return_path="<>"), ARRIVED)
        await eventually(lambda: is_bounced(second))
    assert await store.value("SELECT count(*) FROM email_address WHERE suppressed_at IS NOT NULL") == 2
    assert await store.value("SELECT count(*) FROM email") == 0


async def test_all_else_in_it_is_left_as_it_is(server: ImapServer, parsers: ParserPool) -> None:
    ((_, raw),) = await sent(await a_firm(), "anna@client.test")
    before = [server.inbox.append(message, ARRIVED) for message in (letter(), a_report(raw), b"no message at all")]
    await looked(server, parsers)
    assert [message.uid for message in server.inbox.messages] == before
    words = {command.split()[0] for command in server.commands}
    assert words <= {"CAPABILITY", "LOGIN", "EXAMINE", "UID", "LOGOUT", "IDLE"}
    assert not any("BODY[" in command or "STORE" in command for command in server.commands)


async def test_a_restart_neither_misses_nor_repeats(server: ImapServer, parsers: ParserPool) -> None:
    by = await a_firm()
    await a_member(by)
    (first, raw), (second, more) = await sent(by, "anna@client.test", "luca@client.test")
    server.inbox.append(a_report(raw), ARRIVED)
    await looked(server, parsers)
    assert (await state_of(first), await told(), fetched(server)) == ("BOUNCED", 1, 1)
    await looked(server, parsers)
    assert fetched(server) == 1
    server.inbox.append(a_report(more, about="luca@client.test"), ARRIVED)
    await looked(server, parsers)
    assert (await state_of(second), await told(), fetched(server)) == ("BOUNCED", 2, 2)


async def test_renumbered_it_is_read_anew_and_each_report_counts_once(server: ImapServer, parsers: ParserPool) -> None:
    by = await a_firm()
    await a_member(by)
    ((letter_id, raw),) = await sent(by, "anna@client.test")
    server.inbox.append(a_report(raw), ARRIVED)
    await looked(server, parsers)
    server.inbox.renumber()
    await looked(server, parsers)
    assert (await state_of(letter_id), await told(), fetched(server)) == ("BOUNCED", 1, 2)


async def test_another_folder_is_another_place_and_read_from_its_beginning(
    server: ImapServer, parsers: ParserPool
) -> None:
    ((letter_id, raw),) = await sent(await a_firm(), "anna@client.test")
    server.inbox.append(letter(), ARRIVED)
    server.inbox.append(letter(), ARRIVED)
    await looked(server, parsers)
    server.folders[1].append(a_report(raw), ARRIVED)
    await looked(server, parsers, folder="Returned")
    assert await is_bounced(letter_id)


async def test_one_worker_reads_at_a_time_and_who_was_thought_dead_writes_nothing() -> None:
    first = await return_mailbox.claim("first", "here")
    assert first is not None
    assert await return_mailbox.claim("second", "here") is None
    await store.execute("UPDATE return_mailbox SET lease_until = now() - interval '1 s'")
    second = await return_mailbox.claim("second", "here")
    assert second is not None
    await return_mailbox.mark(second, 7)
    for late in (
        return_mailbox.mark(first, 8),
        return_mailbox.advance(first, 99),
        return_mailbox.went_well(first),
        return_mailbox.renew(first),
        return_mailbox.stumbled(first),
    ):
        with pytest.raises(LeaseLost):
            await late
    await return_mailbox.failed(first, "late")
    await return_mailbox.release(first)
    assert (await return_mailbox.state()).error is None
    assert await return_mailbox.claim("third", "here") is None
    assert (await return_mailbox.mark(second, 7)).watermark == 1


async def test_the_next_worker_goes_on_when_the_first_one_stops(server: ImapServer, parsers: ParserPool) -> None:
    by = await a_firm()
    (first, raw), (second, more) = await sent(by, "anna@client.test", "luca@client.test")
    async with reading(server, parsers):
        server.inbox.append(a_report(raw), ARRIVED)
        await eventually(lambda: is_bounced(first))
    async with reading(server, parsers):
        server.inbox.append(a_report(more, about="luca@client.test"), ARRIVED)
        await eventually(lambda: is_bounced(second))
    assert await store.value("SELECT lease_owner FROM return_mailbox") is None


async def test_a_message_that_the_server_chokes_on_holds_up_no_other(server: ImapServer, parsers: ParserPool) -> None:
    ((letter_id, raw),) = await sent(await a_firm(), "anna@client.test")
    bad = server.inbox.append(letter(), ARRIVED)
    server.inbox.append(a_report(raw), ARRIVED)

    def choke(uid: int) -> None:
        if uid == bad:
            server.cut_after = 0

    server.on_fetch = choke
    cuts = 0
    while not await is_bounced(letter_id):
        with suppress(Unreachable):
            await looked(server, parsers)
        cuts += 1
        assert cuts <= MOST_CUTS + 2
    assert cuts >= MOST_CUTS  # whoever cuts once or twice may have another reason
    assert (await store.value("SELECT watermark FROM return_mailbox")) == server.inbox.uidnext


async def test_what_is_refused_or_too_large_is_passed_over(server: ImapServer, parsers: ParserPool) -> None:
    ((letter_id, raw),) = await sent(await a_firm(), "anna@client.test")
    server.refused_uids.add(server.inbox.append(letter(), ARRIVED))
    server.inbox.append(letter(text="x" * 1_200_000), ARRIVED)
    server.inbox.append(a_report(raw), ARRIVED)
    await looked(server, parsers)
    assert await is_bounced(letter_id)


async def test_why_it_cannot_be_read_is_told_without_its_password(server: ImapServer, parsers: ParserPool) -> None:
    assert (await return_mailbox.state()).trouble == "The return mailbox has not been read yet."
    async with reading(server, parsers, password="hunter2"):
        await eventually(lambda: has_trouble("The return mailbox cannot be read: The mail server refused the name"))
    row = await store.row("SELECT * FROM return_mailbox")
    assert row is not None
    assert "hunter2" not in str(dict(row))
    assert "hunter2" not in repr(place_of(server, password="hunter2"))
    async with reading(server, parsers):
        await eventually(lambda: has_trouble(None))
    await store.execute("UPDATE return_mailbox SET read_at = now() - interval '11 min'")
    assert str((await return_mailbox.state()).trouble).endswith("no worker reads it.")


async def has_trouble(words: str | None) -> bool:
    trouble = (await return_mailbox.state()).trouble
    return trouble is None if words is None else (trouble or "").startswith(words)


async def test_what_was_settled_by_a_worker_that_then_lost_its_lease_counts_once(
    server: ImapServer, parsers: ParserPool
) -> None:
    by = await a_firm()
    await a_member(by)
    ((letter_id, raw),) = await sent(by, "anna@client.test")
    server.inbox.append(a_report(raw), ARRIVED)
    held = await return_mailbox.claim("slow", place_of(server).name)
    assert held is not None
    async with await reach(place_of(server), timeout=PATIENCE) as imap:
        state = await imap.examine("INBOX")
        await return_mailbox.mark(held, state.uidvalidity)
        taken = asyncio.Event()
        server.on_fetch = lambda uid: taken.set()
        work = asyncio.create_task(read(held, imap, "INBOX", parsers))
        await taken.wait()
        await store.execute("UPDATE return_mailbox SET lease_token = lease_token + 1, lease_until = NULL")
        with pytest.raises(LeaseLost):
            await work
    assert await store.value("SELECT watermark FROM return_mailbox") == 1
    server.on_fetch = lambda uid: None
    await looked(server, parsers)
    assert (await state_of(letter_id), await told()) == ("BOUNCED", 1)
