"""The IMAP door against the scripted server: a session as it should go."""

import asyncio
import datetime as dt

import pytest

from mail.imap import Gone, Header, Message, Refused, Unfetchable
from tests.support.emails.imap_client import HOTEL, signed_in
from tests.support.servers.imap import ARRIVED, ImapServer, ServedFolder
from tests.support.waiting import NEVER, patience


async def test_a_session_reads_headers_and_messages_byte_for_byte() -> None:
    async with ImapServer() as server:
        server.inbox.append(HOTEL)
        server.inbox.append(
            b"From: x@y.test\r\n\r\n", dt.datetime(2024, 2, 29, 23, 30, tzinfo=dt.timezone(-dt.timedelta(hours=5)))
        )
        async with await signed_in(server) as imap:
            state = await imap.examine("INBOX")
            assert (state.uidvalidity, state.uidnext, state.exists) == (1, 3, 2)
            assert await imap.status("INBOX") == state
            uids = await imap.uids(1, state.uidnext - 1)
            headers = [found async for found in imap.headers(uids)]
            messages = [found async for found in imap.messages([(1, len(HOTEL)), (2, 18)])]
    fields = b"From: (5* hotel) <anna@example.test>\r\nTo: b@example.test,\r\n\tc@example.test\r\n\r\n"
    leap = dt.datetime(2024, 3, 1, 4, 30, tzinfo=dt.UTC)
    assert headers == [Header(1, len(HOTEL), ARRIVED, fields), Header(2, 18, leap, b"From: x@y.test\r\n\r\n")]
    assert messages == [Message(1, ARRIVED, HOTEL), Message(2, leap, b"From: x@y.test\r\n\r\n")]


async def test_a_session_never_changes_the_mailbox() -> None:
    async with ImapServer() as server:
        server.inbox.append(HOTEL)
        async with await signed_in(server) as imap:
            await imap.examine("INBOX")
            assert [found async for found in imap.messages([(1, 9)])]
        words = " ".join(server.commands).upper()
    assert "SELECT" not in words
    assert "STORE" not in words
    assert "BODY[" not in words
    assert "ENVELOPE" not in words
    assert "BODYSTRUCTURE" not in words
    assert server.commands[-1] == "LOGOUT"


async def test_the_last_message_is_not_found_again_beyond_the_end() -> None:
    async with ImapServer() as server:
        uids = [server.inbox.append(HOTEL) for _ in range(3)]
        async with await signed_in(server) as imap:
            await imap.examine("INBOX")
            assert await imap.uids(4) == []
            assert await imap.uids(2) == uids[1:]
            assert await imap.uids(3, 2) == []


async def test_1000_messages_come_in_batches_of_50_and_8_megabytes() -> None:
    async with ImapServer() as server:
        sizes = [(server.inbox.append(HOTEL), len(HOTEL)) for _ in range(1_000)]
        large = [(server.inbox.append(b"x" * 5_000_000), 5_000_000) for _ in range(3)]
        async with await signed_in(server) as imap:
            await imap.examine("INBOX")
            messages = [found async for found in imap.messages(sizes + large)]
        assert [found.uid for found in messages] == list(range(1, 1_004))
        assert len([command for command in server.commands if command.startswith("UID FETCH")]) == 23


async def test_folder_names_go_both_ways() -> None:
    names = {"Entw&APw-rfe": "Entwürfe", "R&-D": "R&D", "&U,BTFw-": "台北", "a\\\\b": "a\\b"}
    async with ImapServer([ServedFolder(name) for name in names]) as server:
        server.folders[3].name = "a\\\\b"
        async with await signed_in(server) as imap:
            assert [folder.name for folder in await imap.folders()] == list(names.values())
            await imap.examine("Entwürfe")
            await imap.examine("R&D")
            await imap.examine("台北")
    assert 'EXAMINE "Entw&APw-rfe"' in server.commands


async def test_a_quote_or_a_line_break_in_a_folder_name_injects_nothing() -> None:
    async with ImapServer() as server, await signed_in(server) as imap:
        for name in ('x" OR ALL', 'x\r\nA9 DELETE "INBOX"', "x\0"):
            with pytest.raises(Refused):
                await imap.examine(name)
        await imap.examine("INBOX")
    assert [line for line in server.commands if line.startswith("EXAMINE")] == [
        'EXAMINE "x\\" OR ALL"',
        'EXAMINE "x&AA0ACg-A9 DELETE \\"INBOX\\""',
        'EXAMINE "x&AAA-"',
        'EXAMINE "INBOX"',
    ]


async def test_idle_wakes_for_arrivals_before_and_during_it() -> None:
    async with ImapServer() as server, await signed_in(server) as imap:
        await imap.examine("INBOX")
        assert not await imap.idle(0.05)
        waiting = asyncio.ensure_future(imap.idle(NEVER))
        await server.until("IDLE")
        server.inbox.append(HOTEL)
        async with patience():
            assert await waiting
        server.inbox.append(HOTEL)
        await imap.status("INBOX")  # the server tells of it here, and in IDLE no more
        async with patience():
            assert await imap.idle(NEVER)
        assert not await imap.idle(0.05)
        assert await imap.uids(1) == [1, 2]


async def test_a_number_of_messages_that_is_only_said_again_is_no_news() -> None:
    """Else a server that says it at each IDLE would be looked through without a pause."""
    async with ImapServer() as server:
        server.capabilities = "IMAP4rev1"
        server.inbox.append(HOTEL)
        async with await signed_in(server) as imap:
            await imap.examine("INBOX")
            for said, news in (("1 EXISTS", False), ("2 EXISTS", True), ("2 EXISTS", False), ("1 EXPUNGE", True)):
                server.say["NOOP"] = f"* {said}\r\n* 0 RECENT\r\n{{tag}} OK done\r\n".encode()
                assert await imap.idle(0) is news, said


async def test_without_idle_the_server_is_asked_at_the_end() -> None:
    async with ImapServer() as server:
        server.capabilities = "IMAP4rev1"
        async with await signed_in(server) as imap:
            assert not imap.can_idle
            await imap.examine("INBOX")
            assert not await imap.idle(0.05)
            server.inbox.append(HOTEL)
            assert await imap.idle(0.05)


async def test_one_refused_message_does_not_take_its_batch_along() -> None:
    async with ImapServer() as server:
        uids = [server.inbox.append(HOTEL) for _ in range(50)]
        server.refused_uids = {17}
        async with await signed_in(server) as imap:
            await imap.examine("INBOX")
            messages = [found async for found in imap.messages([(uid, 9) for uid in uids])]
            headers = [found async for found in imap.headers(uids)]
    for outcomes in (messages, headers):
        assert [found.uid for found in outcomes] == uids
        failed = [found for found in outcomes if isinstance(found, Unfetchable)]
        assert failed == [Unfetchable(17, "The mail server refused the message: cannot read that.")]


async def test_a_message_deleted_during_the_fetch_is_gone_and_the_others_come() -> None:
    async with ImapServer() as server:
        uids = [server.inbox.append(HOTEL + b"%d" % n) for n in range(5)]
        server.on_fetch = lambda uid: server.inbox.expunge(4) if uid == 2 else None
        async with await signed_in(server) as imap:
            await imap.examine("INBOX")
            found = [found async for found in imap.messages([(uid, 9) for uid in uids])]
    assert found == [Gone(n) if n == 4 else Message(n, ARRIVED, HOTEL + b"%d" % (n - 1)) for n in uids]


async def test_a_message_over_50_megabytes_is_not_asked_for() -> None:
    async with ImapServer() as server:
        server.inbox.append(HOTEL)
        async with await signed_in(server) as imap:
            await imap.examine("INBOX")
            found = [found async for found in imap.messages([(1, 51 * 2**20)])]
    assert found == [Unfetchable(1, "The message is larger than 50 MB.")]
    assert not any(command.startswith("UID FETCH") for command in server.commands)


async def test_another_folder_opened_in_the_midst_of_messages_is_a_mistake() -> None:
    async with ImapServer() as server, await signed_in(server) as imap:
        with pytest.raises(RuntimeError):
            await imap.uids(1)
        uids = [(server.inbox.append(HOTEL), 9) for _ in range(51)]
        await imap.examine("INBOX")
        messages = imap.messages(uids)
        assert [(await anext(messages)).uid for _ in range(50)] == list(range(1, 51))
        await imap.examine("Sent")
        with pytest.raises(RuntimeError):
            await anext(messages)


async def test_folders_are_listed_in_the_order_of_the_server() -> None:
    async with ImapServer() as server, await signed_in(server) as imap:
        assert [folder.name for folder in await imap.folders()] == ["INBOX", "Sent"]
