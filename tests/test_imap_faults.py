"""The IMAP door against a server that fails, lies or falls silent: it always raises, and soon."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from mail.imap import Garbage, Header, Imap, ImapError, Message, Unfetchable, Unreachable
from mail.imap.dates import NO_DATE
from tests.support.emails.imap_client import HOTEL, signed_in
from tests.support.servers.imap import ARRIVED, ImapServer
from tests.support.waiting import NEVER, patience


async def whole_session(server: ImapServer) -> list[Message]:
    imap = await signed_in(server, timeout=NEVER)
    try:
        await imap.folders()
        state = await imap.examine("INBOX")
        uids = await imap.uids(1, state.uidnext - 1)
        headers = [found async for found in imap.headers(uids)]
        sizes = [(found.uid, found.size) for found in headers if isinstance(found, Header)]
        messages = [found async for found in imap.messages(sizes)]
        assert not await imap.idle(0)
        return [found for found in messages if isinstance(found, Message)]
    finally:
        imap.abort()


async def test_1500_lines_in_one_packet_are_read() -> None:
    async with ImapServer() as server, await signed_in(server) as imap:
        await imap.examine("INBOX")
        server.say["UID SEARCH"] = b"* 3 FETCH (FLAGS ())\r\n" * 1_500 + b"* SEARCH 7 8\r\n{tag} OK done\r\n"
        assert await imap.uids(1) == [7, 8]
        lines = b"".join(
            b"* %d FETCH (UID %d BODY[] {3}\r\n(*)\r\n)\r\n".replace(b"\r\n)", b")") % (n, n) for n in range(1, 1_501)
        )
        server.say["UID FETCH"] = lines + b"{tag} OK done\r\n"
        found = [found async for found in imap.messages([(n, 3) for n in range(1, 51)])]
        assert [message.raw for message in found if isinstance(message, Message)] == [b"(*)"] * 50


@pytest.mark.parametrize("at", range(0, 1_200, 7))
async def test_a_cut_at_any_byte_raises_at_once_and_the_next_session_is_whole(at: int) -> None:
    async with ImapServer() as server:
        for _ in range(2):
            server.inbox.append(HOTEL)
        server.cut_after = at
        async with patience():
            with pytest.raises(Unreachable):
                await whole_session(server)
        assert [message.raw for message in await whole_session(server)] == [HOTEL, HOTEL]


async def test_a_literal_cut_in_the_middle_gives_no_half_message() -> None:
    async with ImapServer() as server, await signed_in(server) as imap:
        server.inbox.append(b"x" * 1_000_000)
        await imap.examine("INBOX")
        server.cut_after = 500_000
        async with patience():
            with pytest.raises(Unreachable):
                _ = [found async for found in imap.messages([(1, 1_000_000)])]


async def test_a_cut_fails_whoever_is_idling() -> None:
    async with ImapServer() as server, await signed_in(server) as imap:
        await imap.examine("INBOX")
        waiting = asyncio.ensure_future(imap.idle(NEVER))
        await server.until("IDLE")
        await server.cut_all()
        async with patience():
            with pytest.raises(Unreachable):
                await waiting
            with pytest.raises(Unreachable):
                await imap.uids(1)


@pytest.mark.parametrize(
    "answer",
    [
        b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n",
        b"* 1 FETCH (UID 1 BODY[] {" + b"9" * 5_000 + b"}\r\n",
        b"* 1 FETCH (UID 1 BODY[] {52428801}\r\n",
        b"* 1 FETCH (UID 1 FLAGS (" + b"x" * 100_000,
        b"* 1 FETCH (UID 1 BODY[] NIL\r\n{tag} OK done\r\n",
        b"* 1 FETCH " + b"(" * 60_000 + b"\r\n{tag} OK done\r\n",
        b"* 1 FETCH (UID 1))\r\n{tag} OK done\r\n",
        b"* 1 FETCH (UID 99999999999 BODY[] {1}\r\nx)\r\n{tag} OK done\r\n",
        b'* 1 FETCH (UID 1 BODY[] "x)\r\n{tag} OK done\r\n',
        b"* 1 FETCH (UID 1 BODY[ {1}\r\nx)\r\n{tag} OK done\r\n",
        b"\xff\xfe \x00\r\n",
        b"B99 OK done\r\n",
        b"{tag} MAYBE\r\n",
        b"+ go on\r\n",
    ],
)
async def test_garbage_ends_the_connection_at_once_and_costs_no_memory(answer: bytes) -> None:
    async with ImapServer() as server, await signed_in(server, timeout=NEVER) as imap:
        await imap.examine("INBOX")
        server.say["UID FETCH"] = answer
        async with patience():
            with pytest.raises(Garbage) as raised:
                _ = [found async for found in imap.messages([(1, 10)])]
            assert len(raised.value.message) < 100
            with pytest.raises(ImapError):
                await imap.folders()


@pytest.mark.parametrize(
    "line", [b'* LIST () "/" a\r\n' * 100_001, b'* LIST () "/" "%b"\r\n' % (b"x" * 60_000) * 1_200]
)
async def test_an_answer_without_end_is_garbage(line: bytes) -> None:
    async with ImapServer() as server, await signed_in(server, timeout=NEVER) as imap:
        server.say["LIST"] = line
        with pytest.raises(Garbage, match=r"without end|more than 64 MB"):
            await imap.folders()


async def test_half_a_million_deletions_told_at_once_are_not_kept() -> None:
    async with ImapServer() as server, await signed_in(server, timeout=NEVER) as imap:
        await imap.examine("INBOX")
        server.say["UID SEARCH"] = b"* 1 EXPUNGE\r\n" * 500_000 + b"* SEARCH\r\n{tag} OK done\r\n"
        assert await imap.uids(1) == []
        assert await imap.idle(NEVER)


async def test_a_bye_ends_the_wait() -> None:
    async with ImapServer() as server, await signed_in(server, timeout=NEVER) as imap:
        server.say["LIST"] = b"* BYE going down\r\n"
        async with patience():
            with pytest.raises(Unreachable):
                await imap.folders()


@pytest.mark.parametrize("command", ["CAPABILITY", "LOGIN", "LIST", "EXAMINE", "UID SEARCH", "UID FETCH", "IDLE"])
async def test_silence_ends_in_a_timeout_and_the_connection_is_not_used_again(command: str) -> None:
    async with ImapServer() as server:
        server.inbox.append(HOTEL)
        server.say[command] = b""
        with pytest.raises(Unreachable, match=r"said nothing|did not answer"):
            await session_with_patience(server, 0.1)
        assert [line for line in server.commands if line.startswith(command)][1:] in ([], ["CAPABILITY"])


async def session_with_patience(server: ImapServer, seconds: float) -> None:
    imap = await signed_in(server, timeout=seconds)
    try:
        await imap.folders()
        await imap.examine("INBOX")
        await imap.uids(1)
        _ = [found async for found in imap.messages([(1, 9)])]
        await imap.idle(0)
    except ImapError:
        with pytest.raises(Unreachable):
            await imap.folders()
        raise
    finally:
        imap.abort()


async def test_silence_before_the_greeting_ends_in_a_timeout() -> None:
    async with ImapServer() as server:
        server.greeting = b""
        with pytest.raises(Unreachable, match="did not answer"):
            await signed_in(server, timeout=0.1)


@pytest.mark.parametrize("call", [Imap.folders, lambda imap: imap.idle(NEVER), lambda imap: imap.uids(1)])
async def test_a_cancelled_call_leaves_no_connection_that_answers_the_wrong_question(
    call: Callable[[Imap], Coroutine[None, None, object]],
) -> None:
    async with ImapServer() as server, await signed_in(server) as imap:
        await imap.examine("INBOX")
        server.say["LIST"] = server.say["UID SEARCH"] = b""
        before = len(server.commands)
        waiting = asyncio.ensure_future(call(imap))
        async with server.arrived:
            await server.arrived.wait_for(lambda: len(server.commands) > before)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        with pytest.raises(Unreachable):
            await imap.status("INBOX")


async def test_a_message_left_out_without_a_word_is_told_from_one_that_is_gone() -> None:
    async with ImapServer() as server, await signed_in(server) as imap:
        for _ in range(3):
            server.inbox.append(HOTEL)
        await imap.examine("INBOX")
        server.inbox.expunge(2)
        server.say["UID FETCH"] = b"{tag} OK done\r\n"
        found = [type(found).__name__ async for found in imap.messages([(1, 9), (2, 9), (3, 9)])]
    assert found == ["Unfetchable", "Gone", "Unfetchable"]


async def test_a_message_without_a_body_is_unfetchable_and_one_without_headers_is_not() -> None:
    async with ImapServer() as server, await signed_in(server) as imap:
        server.inbox.append(HOTEL)
        await imap.examine("INBOX")
        server.say["UID FETCH"] = b"* 1 FETCH (UID 1 RFC822.SIZE 9 BODY[] NIL)\r\n{tag} OK done\r\n"
        reason = "The mail server lists the message but does not hand it out."
        assert [found async for found in imap.messages([(1, 9)])] == [Unfetchable(1, reason)]
        assert [found async for found in imap.headers([1])] == [Header(1, 9, NO_DATE, b"")]
        server.say["UID FETCH"] = b"* 1 FETCH (UID 1 FLAGS ())\r\n{tag} OK done\r\n"
        assert [found async for found in imap.headers([1])] == [Unfetchable(1, reason)]


async def test_a_busy_server_is_no_reason_to_give_up_a_message() -> None:
    async with ImapServer() as server, await signed_in(server) as imap:
        server.inbox.append(HOTEL)
        await imap.examine("INBOX")
        server.say["UID FETCH"] = b"{tag} NO [UNAVAILABLE] storage is down\r\n"
        with pytest.raises(ImapError) as refused:
            _ = [found async for found in imap.messages([(1, 9)])]
        assert getattr(refused.value, "response_code", "") == "UNAVAILABLE"
        del server.say["UID FETCH"]
        assert [found async for found in imap.messages([(1, 9)])] == [Message(1, ARRIVED, HOTEL)]


async def test_a_renumbered_folder_is_seen_in_its_state() -> None:
    async with ImapServer() as server:
        for _ in range(2):
            server.inbox.append(HOTEL)
        server.inbox.expunge(1)
        async with await signed_in(server) as imap:
            before = await imap.examine("INBOX")
            server.inbox.renumber()
            with pytest.raises(Unreachable):
                await imap.uids(1)
        async with await signed_in(server) as imap:
            after = await imap.examine("INBOX")
            assert await imap.uids(1) == [1]
    assert (before.uidvalidity, after.uidvalidity) == (1, 2)
