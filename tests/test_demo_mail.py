"""The demo mail server: real processes and real sockets on loopback. Also the contract with pymap's private names."""

import asyncio
import imaplib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiosmtplib
import pytest

from mail.demo.kept import KeptFolder
from mail.demo.launch import DemoMail, DemoMailFailed
from mail.demo.users import HARBOUR, MAIL_PASSWORD, OUTSIDE, STUDIO
from tests.support.servers.dovecot import skip_without_dovecot
from tests.support.waiting import PATIENCE, patience

HELLO = b"From: anna@example.test\r\nTo: studio@demo.test\r\nSubject: Hello\r\n\r\nGood morning\r\n"
A_DAY = datetime(2024, 2, 29, 12, 30, 5, tzinfo=UTC)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[DemoMail]:
    async with DemoMail.start(tmp_path) as server:
        yield server


@contextmanager
def signed_in(server: DemoMail, mailbox: str = STUDIO.address) -> Iterator[imaplib.IMAP4]:
    with imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=PATIENCE) as client:
        client.login(mailbox, MAIL_PASSWORD)
        yield client


def raw_messages(server: DemoMail, *, folder: str = "INBOX", mailbox: str = STUDIO.address) -> dict[int, bytes]:
    """By UID, in the order in which the server tells them."""
    with signed_in(server, mailbox) as client:
        client.select(folder, readonly=True)
        _, found = client.uid("FETCH", "1:*", "(UID BODY.PEEK[])")
    parts = [part for part in found if isinstance(part, tuple)]
    return {int(head.split(b"UID ")[1].split()[0]): raw for head, raw in parts}


def figures(server: DemoMail, folder: str = "INBOX") -> bytes:
    with signed_in(server) as client:
        _, answer = client.status(folder, "(MESSAGES UIDNEXT UIDVALIDITY)")
    assert isinstance(answer[0], bytes)
    return answer[0]


def internal_dates(server: DemoMail, folder: str = "INBOX") -> list[bytes]:
    with signed_in(server) as client:
        client.select(folder, readonly=True)
        _, found = client.fetch("1:*", "(INTERNALDATE)")
    return [line for line in found if isinstance(line, bytes)]


def ends_within(seconds: float, *, pid: int) -> bool:
    exited = os.pidfd_open(pid)
    try:
        return bool(select.select([exited], [], [], seconds)[0])
    finally:
        os.close(exited)


async def test_an_empty_mailbox_has_inbox_and_sent_with_its_special_use(server: DemoMail) -> None:
    with signed_in(server) as client:
        _, listed = client.list()
    assert listed == [b'(\\HasNoChildren) "/" INBOX', b'(\\HasNoChildren \\Sent) "/" Sent']
    assert raw_messages(server) == {}
    with signed_in(server, HARBOUR.address) as client:
        assert client.select("Sent") == ("OK", [b"0"])


async def test_mail_by_smtp_lies_in_the_recipients_inbox_and_all_other_mail_is_caught(server: DemoMail) -> None:
    await server.deliver(
        HELLO, sender="anna@example.test", to=["Studio@Demo.test", "bo@example.test", "c@example.test"]
    )
    assert list(raw_messages(server).values()) == [HELLO]
    assert list(raw_messages(server, mailbox=OUTSIDE.address).values()) == [HELLO]
    assert raw_messages(server, mailbox=HARBOUR.address) == {}


async def test_what_the_firm_sends_can_be_read_also_after_a_restart(tmp_path: Path) -> None:
    def asked(server: DemoMail, *more: str) -> subprocess.CompletedProcess[str]:
        reading = [sys.executable, "-m", "mail.demo.read", "--port", str(server.imap_port), *more]
        return subprocess.run(reading, capture_output=True, text=True, check=False)

    link = "https://portal.firm.test/invitation/abc.def"
    async with DemoMail.start(tmp_path) as server:
        assert (await asyncio.to_thread(asked, server)).returncode == 1
        for name in ("anna", "bea"):
            raw = f"To: {name}@client.test\r\nSubject: Come in\r\n\r\nDear {name}, {link}\r\n".encode()
            await server.deliver(raw, sender="portal@demo.test", to=[f"{name}@client.test"])
    async with DemoMail.start(tmp_path) as server:
        newest = await asyncio.to_thread(asked, server)
        to_anna = await asyncio.to_thread(asked, server, "--to", "Anna@client.test")
    assert f"Dear bea, {link}" in newest.stdout
    assert f"Dear anna, {link}" in to_anna.stdout


async def test_a_wrong_password_is_refused_by_both_doors(server: DemoMail) -> None:
    with imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=PATIENCE) as client, pytest.raises(imaplib.IMAP4.error):
        client.login(STUDIO.address, "wrong")
    with pytest.raises(aiosmtplib.SMTPAuthenticationError):
        await send_signed_in(server, "wrong")
    await send_signed_in(server, MAIL_PASSWORD)
    assert len(raw_messages(server)) == 1


async def send_signed_in(server: DemoMail, password: str) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=server.smtp_port, start_tls=False) as client:
        await client.login(STUDIO.address, password)
        await client.sendmail("a@example.test", [STUDIO.address], HELLO)


async def test_a_restart_keeps_mail_uids_order_dates_and_uidvalidity(tmp_path: Path) -> None:
    async with DemoMail.start(tmp_path) as server:
        for number in range(12):
            await server.append(HELLO + b"%d\r\n" % number, A_DAY.replace(day=29 - number))
        await server.deliver(HELLO, sender="a@example.test", to=[STUDIO.address])
        before = raw_messages(server), figures(server), internal_dates(server), figures(server, "Sent")
        assert list(before[0]) == list(range(1, 14))
        assert b"29-Feb-2024 12:30:05 +0000" in before[2][0]
    async with DemoMail.start(tmp_path) as server:
        assert (raw_messages(server), figures(server), internal_dates(server), figures(server, "Sent")) == before


async def test_an_expunged_or_moved_message_stays_gone_and_its_uid_is_never_given_again(tmp_path: Path) -> None:
    async with DemoMail.start(tmp_path) as server:
        for _ in range(3):
            await server.append(HELLO, A_DAY)
        with signed_in(server) as client:
            client.select("INBOX")
            client.uid("MOVE", "2", "Sent")
            client.uid("STORE", "3", "+FLAGS", "\\Deleted")
            client.expunge()
    async with DemoMail.start(tmp_path) as server:
        assert list(raw_messages(server)) == [1]
        assert raw_messages(server, folder="Sent") == {1: HELLO}
        await server.append(HELLO, A_DAY)
        assert list(raw_messages(server)) == [1, 4]


async def test_a_folder_made_again_under_its_old_name_is_another_folder(server: DemoMail) -> None:
    with signed_in(server) as client:
        client.create("Old/Clients")
        first = figures(server, "Old/Clients")
        assert client.create("Old/Clients")[0] == "NO"
        client.delete("Old/Clients")
        client.create("Old/Clients")
    assert figures(server, "Old/Clients") != first


async def test_a_folder_filled_before_the_start_is_the_mailbox(tmp_path: Path) -> None:
    sent = KeptFolder(tmp_path, mailbox=STUDIO.address, name="Sent")
    for number in range(3):
        sent.keep(HELLO + b"%d" % number, A_DAY)
    async with DemoMail.start(tmp_path) as server:
        assert raw_messages(server, folder="Sent") == {n + 1: HELLO + b"%d" % n for n in range(3)}
        assert b"29-Feb-2024 12:30:05 +0000" in internal_dates(server, "Sent")[0]


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: caf\xe9 \xff\r\n\r\nna\xefve\x00 \x80\r\n",
        b"Subject: bare line feeds\n\nand a\rreturn\n",
        b"Subject: no body and no empty line\r\n",
        b"Subject: no end of line",
        b"no header at all",
        b"Content-Type: message/rfc822\r\n\r\n" * 3_000,
        b"\r\n\r\nonly a body\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nnever closed",
        b"Content-Type: ; ;;=\xff\r\nFrom: <<>>,;:\r\n\r\nx\r\n",
        b"Content-Type: text/plain; name*0*=%%\r\nReferences: <\r\nMessage-ID: [\r\n\r\nx\r\n",
        b"Subject: 5* hotel (\r\n \r\n folded over blank\r\n\r\n" + b"x" * 200_000 + b"\r\n",
    ],
    ids=lambda raw: repr(raw[:30]),
)
async def test_odd_bytes_come_out_as_they_went_in_now_and_after_a_restart(tmp_path: Path, raw: bytes) -> None:
    async with DemoMail.start(tmp_path) as server:
        await server.append(raw, A_DAY)
        assert raw_messages(server) == {1: raw}
    async with DemoMail.start(tmp_path) as server:
        assert raw_messages(server) == {1: raw}


async def test_smtp_passes_eight_bits_dots_and_endless_lines(server: DemoMail) -> None:
    raw = b"Subject: \xe9\xff\r\n\r\n.a dot\r\n..two\r\n.\r\n" + b"\x80" * 300_000 + b"\r\n"
    await server.deliver(raw, sender="a@example.test", to=[STUDIO.address])
    assert raw_messages(server) == {1: raw}


async def test_an_arrival_is_pushed_to_an_idle_client(server: DemoMail) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.imap_port)
    writer.write(f'a LOGIN {STUDIO.address} "{MAIL_PASSWORD}"\r\nb EXAMINE INBOX\r\nc IDLE\r\n'.encode())
    async with patience():
        await reader.readuntil(b"+ Idling.\r\n")
        for count in (1, 2):
            await server.deliver(HELLO, sender="a@example.test", to=[STUDIO.address])
            await reader.readuntil(b"* %d EXISTS\r\n" % count)
    writer.close()
    await writer.wait_closed()


async def test_what_came_between_the_last_command_and_idle_is_told_at_once(server: DemoMail) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.imap_port)
    async with patience():
        writer.write(f'a LOGIN {STUDIO.address} "{MAIL_PASSWORD}"\r\nb EXAMINE INBOX\r\n'.encode())
        await _line(reader, b"b OK")
        await server.deliver(b"Subject: early\r\n\r\nx\r\n", sender="a@b.test", to=[STUDIO.address])
        writer.write(b"c IDLE\r\n")
        await _line(reader, b"* 1 EXISTS")
    writer.close()
    await writer.wait_closed()


async def _line(reader: asyncio.StreamReader, beginning: bytes) -> None:
    while not (await reader.readline()).startswith(beginning):
        pass


async def test_sigterm_ends_it_also_with_clients_connected(server: DemoMail) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.imap_port)
    writer.write(f'a LOGIN {STUDIO.address} "{MAIL_PASSWORD}"\r\nb SELECT INBOX\r\nc IDLE\r\n'.encode())
    await reader.readuntil(b"+ Idling.\r\n")
    _, smtp_writer = await asyncio.open_connection("127.0.0.1", server.smtp_port)
    server.process.send_signal(signal.SIGTERM)
    async with patience():
        assert await server.process.wait() == 0
    for open_writer in (writer, smtp_writer):
        open_writer.close()


async def test_it_says_nothing_of_a_client_that_is_gone_before_its_answers(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mail.demo.server", "--folder", str(tmp_path)]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    server = DemoMail(**json.loads(await process.stdout.readline()), process=process)
    for _ in range(5):
        await server.deliver(HELLO, sender="a@b.test", to=[STUDIO.address])
    for _ in range(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.imap_port)
        asked = f'a LOGIN {STUDIO.address} "{MAIL_PASSWORD}"\r\nb EXAMINE INBOX\r\n' + "c FETCH 1:* (FLAGS)\r\n" * 400
        writer.write(asked.encode())
        await _line(reader, b"b OK")
        writer.transport.abort()
    assert len(raw_messages(server)) == 5  # it answers others as before
    process.terminate()
    async with patience():
        assert await process.communicate() == (b"", b"")


PARENT = """
import asyncio, os, signal, sys
from pathlib import Path
from mail.demo.launch import DemoMail
async def main():
    server = await DemoMail.launch(Path(sys.argv[1]))
    print(server.process.pid, flush=True)
    if os.fork() == 0:  # as a pool of workers does: it holds the other end of the server's stdin
        print(os.getpid(), flush=True)
        signal.pause()
    await asyncio.Event().wait()
asyncio.run(main())
"""


def test_a_parent_killed_leaves_no_server_even_if_a_forked_child_of_it_lives_on(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        server, forked = int(parent.stdout.readline()), int(parent.stdout.readline())
        assert not ends_within(0, pid=server)
        parent.kill()
        try:
            assert ends_within(PATIENCE, pid=server)
            assert not ends_within(0, pid=forked)
        finally:
            os.kill(forked, signal.SIGKILL)


async def test_a_taken_port_and_a_taken_folder_are_said_in_plain_words(server: DemoMail, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(DemoMailFailed, match=f"port {port} for SMTP is in use by another program"):
            await DemoMail.launch(tmp_path / "other", smtp_port=port)
    with pytest.raises(DemoMailFailed, match=r"is using .*\. Stop it, or set SWITCHBOARD_VAR to another folder\.$"):
        await DemoMail.launch(tmp_path)


async def test_dovecot_waits_for_no_greeting_of_who_has_its_port(tmp_path: Path) -> None:
    """Another server that just starts has no time for one yet."""
    skip_without_dovecot()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(DemoMailFailed, match=f"port {port} is in use by another mail server"):
            await DemoMail.launch(tmp_path, dovecot=True, imap_port=port)
