"""The IMAP door against servers that others wrote: pymap (the demo's) and Dovecot where it is installed."""

import asyncio
import imaplib
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mail.demo.launch import DemoMail
from mail.demo.users import MAIL_PASSWORD, STUDIO
from mail.imap import BEGINNING, Appended, Gone, Header, Imap, Message, Refused, SecretRefused, Unfetchable
from mail.sync.choosing import sort_out
from models.mailbox.mailbox import FolderKind
from models.mailbox.server import MailSecurity, MailServer
from tests.support.emails.imap_client import HOTEL
from tests.support.servers.certificate import certificate
from tests.support.servers.dovecot import PASSWORD, USERNAME, Dovecot, dovecot
from tests.support.waiting import NEVER, PATIENCE, patience

A_DAY = datetime(2024, 2, 29, 12, 30, 5, tzinfo=UTC)
NASTY = [
    HOTEL,
    b"\r\n",
    b"From: a@b.test\r\n\r\n",
    b'Subject: =?utf-8?q?x?=\r\nFrom: "(" <a@b.test>\r\n\r\n' + bytes({*range(1, 256)} - {10, 13}),
    b"no header at all, only words\r\n",
    b"From: a@b.test\r\n\r\n" + b"8-bit \xe4\xf6\xfc \xf0\x9f\x93\xa8\r\n" * 10_000,
    b"To: " + b",\r\n\t".join(b"client%d@example.test" % n for n in range(2_000)) + b"\r\n\r\nmany\r\n",
    b"X: {5}\r\nFrom: b@b.test {7}\r\n\r\n* 9 EXISTS\r\n+ \r\n)\r\n",
]


async def read_all(imap: Imap, folder: str) -> list[bytes]:
    state = await imap.examine(folder)
    headers = [found async for found in imap.headers(await imap.uids(1, state.uidnext - 1))]
    sizes = [(found.uid, found.size) for found in headers if isinstance(found, Header)]
    messages = [found async for found in imap.messages(sizes)]
    assert len(headers) == len(messages) == state.exists
    return [found.raw for found in messages if isinstance(found, Message)]


async def beginnings(imap: Imap, folder: str) -> list[bytes]:
    state = await imap.examine(folder)
    found = [one async for one in imap.beginnings(await imap.uids(1, state.uidnext - 1))]
    return [one.raw for one in found if isinstance(one, Message)]


async def test_a_session_with_pymap(tmp_path: Path) -> None:
    async with DemoMail.start(tmp_path) as mail:
        await mail.append(HOTEL, A_DAY)
        with pytest.raises(SecretRefused):
            await Imap.connect(mail.imap, username=STUDIO.address, password="wrong")
        async with await Imap.connect(mail.imap, username=STUDIO.address, password=MAIL_PASSWORD) as imap:
            assert "INBOX" in [folder.name for folder in await imap.folders()]
            assert await read_all(imap, "INBOX") == [HOTEL]
            assert [found.received_at async for found in imap.headers([1]) if isinstance(found, Header)] == [A_DAY]
            waiting = asyncio.ensure_future(imap.idle(NEVER))
            await mail.append(HOTEL + b"again\r\n", A_DAY)
            async with patience():
                assert await waiting
            assert await read_all(imap, "INBOX") == [HOTEL, HOTEL + b"again\r\n"]
            assert await beginnings(imap, "INBOX") == [HOTEL, HOTEL + b"again\r\n"]
            with pytest.raises(Refused):
                await imap.examine("no such folder")


async def sign_in(server: Dovecot) -> Imap:
    at = MailServer("127.0.0.1", server.port, MailSecurity.NONE)
    return await Imap.connect(at, username=USERNAME, password=PASSWORD, timeout=PATIENCE)


def put(server: Dovecot, *messages: bytes, folder: str = "INBOX") -> None:
    """As they are: imaplib would rewrite the ends of lines, these are already as it wants them."""
    with imaplib.IMAP4("127.0.0.1", server.port, timeout=PATIENCE) as other:
        other.login(USERNAME, PASSWORD)
        for message in messages:
            assert other.append(folder, "", "", message)[0] == "OK"


def delete(server: Dovecot, uid: int) -> None:
    with imaplib.IMAP4("127.0.0.1", server.port, timeout=PATIENCE) as other:
        other.login(USERNAME, PASSWORD)
        other.select("INBOX")
        other.uid("STORE", str(uid), "+FLAGS", "(\\Deleted)")
        other.expunge()


async def test_dovecot_gives_every_message_back_byte_for_byte() -> None:
    with dovecot() as server:
        put(server, *NASTY)
        async with await sign_in(server) as imap:
            assert await read_all(imap, "INBOX") == NASTY
            assert await beginnings(imap, "INBOX") == [message[:BEGINNING] for message in NASTY]


async def test_dovecot_says_which_folder_holds_what_was_sent() -> None:
    with dovecot() as server:
        async with await sign_in(server) as imap:
            listed = sort_out(await imap.folders())
    assert [(folder.name, folder.kind, folder.why_not) for folder in listed] == [
        ("INBOX", FolderKind.INBOX, None),
        ("Gesendete Post", FolderKind.SENT, None),
    ]


async def test_dovecot_wakes_who_idles_and_forgets_what_was_deleted() -> None:
    with dovecot() as server:
        put(server, HOTEL, HOTEL)
        async with await sign_in(server) as imap:
            assert await read_all(imap, "INBOX") == [HOTEL, HOTEL]
            await asyncio.to_thread(delete, server, 1)
            found = [found async for found in imap.messages([(1, 9), (2, 9)])]
            assert not any(isinstance(one, Unfetchable) for one in found)
            assert await imap.idle(NEVER)
            assert [found async for found in imap.messages([(1, 9)])] == [Gone(1)]
            waiting = asyncio.ensure_future(imap.idle(NEVER))
            await asyncio.to_thread(put, server, NASTY[2])
            async with patience():
                assert await waiting
            assert await imap.uids(2) == [2, 3]


async def pieces(raw: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(raw), 1_000):
        yield raw[start : start + 1_000]


OURS = b"Message-ID: <1@firm.test>\r\nFrom: a@b.test\r\n\r\nhello\r\n"


async def test_what_is_put_into_a_folder_of_pymap_lies_there_byte_for_byte_and_is_found(tmp_path: Path) -> None:
    async with (
        DemoMail.start(tmp_path) as mail,
        await Imap.connect(mail.imap, username=STUDIO.address, password=MAIL_PASSWORD) as imap,
    ):
        told = [await imap.append("Sent", pieces(raw), size=len(raw), at=A_DAY) for raw in (HOTEL, OURS)]
        validity = (await imap.examine("Sent")).uidvalidity
        assert (await read_all(imap, "Sent"))[-2:] == [HOTEL, OURS]
        assert told[-1] in (None, Appended(validity, (await imap.uids(1))[-1]))
        assert await imap.with_header("Message-ID", "<1@firm.test>", since=A_DAY) == [(await imap.uids(1))[-1]]
        with pytest.raises(Refused):
            await imap.append("no such folder", pieces(OURS), size=len(OURS), at=A_DAY)


async def test_what_is_put_into_a_folder_of_dovecot_lies_there_byte_for_byte_and_is_found() -> None:
    with dovecot() as server:
        async with await sign_in(server) as imap:
            await imap.folders()
            for raw in (*NASTY[2:], OURS):
                told = await imap.append("Gesendete Post", pieces(raw), size=len(raw), at=A_DAY)
            state = await imap.examine("Gesendete Post")
            assert await read_all(imap, "Gesendete Post") == [*NASTY[2:], OURS]
            assert told == Appended(state.uidvalidity, len(NASTY) - 1)
            found = [one async for one in imap.headers([len(NASTY) - 1])]
            assert [one.received_at for one in found if isinstance(one, Header)] == [A_DAY]
            assert await imap.with_header("Message-ID", "<1@firm.test>", since=A_DAY) == [len(NASTY) - 1]
            assert await imap.with_header("Message-ID", "<2@firm.test>", since=A_DAY) == []
            with pytest.raises(Refused, match="The mail server has no such folder"):
                await imap.append("no such folder", pieces(OURS), size=len(OURS), at=A_DAY)


async def test_dovecot_secures_the_line_by_starttls(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "localhost")
    with dovecot(pem) as server:
        put(server, *NASTY)
        at = MailServer("localhost", server.port, MailSecurity.STARTTLS)
        tls = ssl.create_default_context(cafile=pem)
        async with await Imap.connect(
            at, username=USERNAME, password=PASSWORD, address="127.0.0.1", tls=tls, timeout=PATIENCE
        ) as imap:
            assert await read_all(imap, "INBOX") == NASTY


async def test_dovecot_refuses_a_wrong_password_and_takes_no_injection() -> None:
    with dovecot() as server:
        at = MailServer("127.0.0.1", server.port, MailSecurity.NONE)
        for wrong in ("wrong", "grün", 'x" OR ALL', "a\r\nA1 LOGOUT"):
            with pytest.raises(SecretRefused):
                await Imap.connect(at, username=USERNAME, password=wrong, timeout=PATIENCE)
        async with await sign_in(server) as imap:
            with pytest.raises(Refused):
                await imap.examine('x" OR ALL')
