"""A message put into a folder, piece by piece: taken, refused, cut anywhere."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import pytest

from mail.imap import Appended, Imap, Refused, Unreachable
from mail.imap.answers import appended
from mail.imap.names import to_wire
from mail.imap.searching import says
from tests.support.emails.imap_client import HOTEL, signed_in
from tests.support.servers.imap import ARRIVED, ImapServer, ServedFolder, Wording
from tests.support.waiting import NEVER, patience

LONG = HOTEL + b"".join(b"line %d of it\r\n" % number for number in range(20_000))


async def pieces(raw: bytes, *, size: int = 10_000) -> AsyncIterator[bytes]:
    for start in range(0, len(raw), size):
        yield raw[start : start + size]


async def put(imap: Imap, raw: bytes = HOTEL, folder: str = "Sent") -> Appended | None:
    return await imap.append(folder, pieces(raw), size=len(raw), at=ARRIVED)


def sent_in(server: ImapServer) -> list[bytes]:
    return [message.raw for message in server.folders[1].messages]


@pytest.mark.parametrize("raw", [HOTEL, LONG, b"", b"\r\n.\r\n"])
async def test_what_is_put_into_a_folder_lies_there_byte_for_byte_as_read_and_under_the_number_told(raw: bytes) -> None:
    async with ImapServer() as server, await signed_in(server) as imap:
        assert await put(imap, raw) == Appended(1, 1)
        assert await put(imap, raw) == Appended(1, 2)
        assert (await imap.examine("Sent")).exists == 2
        (first, second) = server.folders[1].messages
        assert (first.raw, second.raw, first.received_at) == (raw, raw, ARRIVED)
        assert server.commands.count(f'APPEND "Sent" (\\Seen) "01-Mar-2026 09:30:00 +0000" {{{len(raw)}}}') == 2


async def test_a_server_without_uidplus_tells_no_number() -> None:
    async with ImapServer() as server:
        server.capabilities = "IMAP4rev1 IDLE"
        async with await signed_in(server) as imap:
            assert await put(imap) is None
            assert sent_in(server) == [HOTEL]


@pytest.mark.parametrize(
    "said",
    [b"[APPENDUID 0 5]", b"[APPENDUID 1 0]", b"[APPENDUID 1 4294967296]", b"[APPENDUID x]", b"[APPENDUID 1 2:3]"],
)
def test_a_number_that_can_be_none_is_taken_for_none(said: bytes) -> None:
    assert appended(said + b" there") is None
    assert appended(b"[appenduid 17 5] there") == (17, 5)
    assert appended(b"[APPENDUID 1764510000000 5]") == (1764510000000 % 2**32, 5)


async def test_the_open_folder_stays_open_and_says_that_something_came() -> None:
    async with ImapServer() as server, await signed_in(server) as imap:
        await imap.examine("Sent")
        await put(imap)
        assert imap.has_news
        assert await imap.uids(1) == [1]
        await imap.examine("INBOX")
        await put(imap)
        assert not imap.has_news


@pytest.mark.parametrize("name", ["Gesendete Größe", "台北 & more", 'a"b'])
async def test_the_folder_may_have_any_name(name: str) -> None:
    folders = [ServedFolder("INBOX"), ServedFolder(to_wire(name))]
    async with ImapServer(folders) as server, await signed_in(server) as imap:
        await put(imap, folder=name)
        assert sent_in(server) == [HOTEL]


async def test_a_name_that_fits_in_no_quotes_goes_as_a_literal_before_the_message() -> None:
    raw = "Größe".encode()
    folder = ServedFolder(raw.decode("latin-1"))
    async with ImapServer([ServedFolder("INBOX"), folder]) as server, await signed_in(server) as imap:
        await imap.folders()
        await put(imap, folder="Größe")
        assert sent_in(server) == [HOTEL]


REFUSALS = {
    b"NO [OVERQUOTA] Quota exceeded": "The mailbox is full. Make room there; the mail server says: Quota exceeded.",
    b"NO [TRYCREATE] Mailbox doesn't exist": "The mail server has no such folder: Mailbox doesn't exist.",
    b"NO [LIMIT] Too big": "The mail server asks for patience: Too big.",
    b"NO [OVERQUOTA] Account exceeded bandwidth limits": (
        "The mail server asks for patience: Account exceeded bandwidth limits."
    ),
    b"BAD what is that": "The mail server refused: what is that.",
    b"NO": "The mail server refused: it gave no reason.",
}


@pytest.mark.parametrize("said", REFUSALS)
async def test_a_refusal_is_told_in_plain_words_costs_no_byte_and_the_line_goes_on(said: bytes) -> None:
    async with ImapServer() as server, await signed_in(server) as imap:
        server.say["APPEND"] = b"{tag} " + said + b"\r\n"
        with pytest.raises(Refused) as refusal:
            await put(imap)
        assert refusal.value.message == REFUSALS[said]
        server.say.clear()
        assert await put(imap)
        assert sent_in(server) == [HOTEL]


async def test_refused_in_the_midst_it_is_told_and_the_line_is_dropped() -> None:
    async with ImapServer() as server:
        imap = await signed_in(server)
        server.say["APPEND"] = b"+ go on\r\n{tag} NO [OVERQUOTA] Quota exceeded\r\n"
        with pytest.raises(Refused, match="The mailbox is full"):
            await imap.append("Sent", pieces(LONG, size=1), size=len(LONG), at=ARRIVED)
        with pytest.raises(Unreachable):
            await imap.examine("INBOX")


@pytest.mark.parametrize("size", [len(HOTEL) - 1, len(HOTEL) + 1])
async def test_content_of_another_size_than_was_said_leaves_nothing_there(size: int) -> None:
    async with ImapServer() as server:
        imap = await signed_in(server)
        with pytest.raises(ValueError, match="another size"):
            await imap.append("Sent", pieces(HOTEL, size=7), size=size, at=ARRIVED)
        with pytest.raises(Unreachable):
            await imap.examine("INBOX")
        assert sent_in(server) == []


async def test_what_the_store_of_files_does_is_raised_and_leaves_nothing_there() -> None:
    async def away() -> AsyncIterator[bytes]:
        yield HOTEL[:5]
        raise OSError("the store of files is away")

    async with ImapServer() as server:
        imap = await signed_in(server)
        with pytest.raises(OSError, match="store of files"):
            await imap.append("Sent", away(), size=len(HOTEL), at=ARRIVED)
        assert sent_in(server) == []


@pytest.mark.parametrize("at", range(0, len(LONG), 997 * 31))
async def test_cut_at_any_byte_it_is_not_there_and_whoever_waits_hears_at_once(at: int) -> None:
    async with ImapServer() as server:
        imap = await signed_in(server, timeout=NEVER)
        server.cut_append_after = at
        async with patience():
            with pytest.raises(Unreachable):
                await put(imap, LONG)
        assert sent_in(server) == []
        async with await signed_in(server) as again:
            await put(again, LONG)
        assert sent_in(server) == [LONG]


async def test_cancelled_in_the_midst_the_line_is_dropped_and_nothing_is_there() -> None:
    async with ImapServer() as server:
        imap, begun = await signed_in(server, timeout=NEVER), asyncio.Event()

        async def stuck() -> AsyncIterator[bytes]:
            yield LONG[:100_000]
            begun.set()
            await asyncio.Event().wait()

        putting = asyncio.ensure_future(imap.append("Sent", stuck(), size=len(LONG), at=ARRIVED))
        async with patience():
            await begun.wait()
            putting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await putting
            with pytest.raises(Unreachable):
                await imap.examine("INBOX")
        assert sent_in(server) == []


async def test_a_server_that_takes_no_more_bytes_ends_in_words_and_not_in_memory() -> None:
    async with ImapServer() as server:
        imap, given = await signed_in(server, timeout=0.3), 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal given
            while True:
                given += 100_000
                yield b"x" * 100_000

        server.reads.clear()
        async with patience():
            with pytest.raises(Unreachable, match="said nothing"):
                await imap.append("Sent", endless(), size=10**9, at=ARRIVED)
        assert given < 40_000_000


async def test_a_message_is_found_by_its_header_and_what_a_server_only_nearly_finds_is_not() -> None:
    other, ours = b"Message-ID: <a1@b.test>\r\n\r\n", b"Subject: x\r\nMessage-ID:\r\n\t<1@b.test>\r\n\r\n"
    async with ImapServer() as server, await signed_in(server) as imap:
        for raw in (other, ours, other):
            server.folders[1].append(raw)
        await imap.examine("Sent")
        assert await imap.with_header("Message-ID", "<1@b.test>", since=ARRIVED) == [2]
        assert await imap.with_header("Message-ID", "1@b.test", since=ARRIVED) == []
        assert 'UID SEARCH SINCE 1-Mar-2026 HEADER "Message-ID" "<1@b.test>"' in server.commands
        with pytest.raises(ValueError, match="ASCII"):
            await imap.with_header("Message-ID", 'ü" OR ALL', since=ARRIVED)


@pytest.mark.parametrize("said", [b"NO [CANNOT] no headers here", b"BAD what is that", b"OK nothing searched"])
async def test_where_a_server_searches_no_headers_its_newest_messages_are_looked_at(said: bytes) -> None:
    async with ImapServer() as server:
        server.wording = Wording(searched_by_header=said)
        for number in range(300):
            server.folders[1].append(b"Message-ID: <%d@b.test>\r\n\r\n" % number)
        async with await signed_in(server) as imap:
            await imap.examine("Sent")
            assert await imap.with_header("Message-ID", "<299@b.test>", since=ARRIVED) == [300]
            assert await imap.with_header("Message-ID", "<12@b.test>", since=ARRIVED + dt.timedelta(1)) == []
            await imap.examine("INBOX")
            assert await imap.with_header("Message-ID", "<299@b.test>", since=ARRIVED) == []


@pytest.mark.parametrize(
    ("header", "is_said"),
    [
        (b"Message-ID: <1@b.test>\r\n", True),
        (b"MESSAGE-ID:\r\n <1@b.test>\r\nTo: x\r\n", True),
        (b"To: x\nmessage-id : <1@b.test>\n", True),
        (b"References: <1@b.test>\r\n", False),
        (b"Message-ID: <11@b.test>\r\n", False),
        (b"Message-ID: <1@b.test> <2@b.test>\r\n", False),
        (b"", False),
    ],
)
def test_a_field_says_a_value_and_no_other(header: bytes, is_said: bool) -> None:
    assert says(header, "Message-ID", "<1@b.test>") is is_said
