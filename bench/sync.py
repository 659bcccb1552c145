"""A mailbox's past: download, parse and store, against others that only download it.

Against mbsync (Debian's isync) where it is installed, which keeps what it gets on the disk, as we do; else against
Python's imaplib, which keeps nothing, so that there is no target. From Dovecot where that is installed, else from the
demo mail server, which is slower, so that the ratios flatter us.
"""

import asyncio
import gc
import imaplib
import os
import random
import shutil
from base64 import encodebytes
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from bench import mbsync, memory
from bench.figure import Figure, best
from bench.ground import Ground, ground
from graph.process.collector import collect_rarely
from mail.demo.kept import KeptFolder
from mail.demo.launch import DemoMail
from mail.demo.users import MAIL_PASSWORD, STUDIO
from mail.parsing import ParserPool
from mail.sync import Tools, sync_once
from models import mailbox
from models.ground import store
from models.mailbox import MailSecurity, MailServer, NewMailbox
from models.viewer import System
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import a_firm, an_account
from tests.support.servers.dovecot import PASSWORD, USERNAME, dovecot

BATCH = 50
SIZES = (8_000, 8_000, 8_000, 255_000)  # bytes of attachment: 95 kB a letter on average, as base64


async def run(*, messages: int = 5000, rounds: int = 3) -> list[Figure]:
    async with ground() as on, _served(on, messages) as login:
        downloads = [await asyncio.to_thread(_download, login, messages) for _ in range(rounds)]
        mirrors = [await _mirrored(on, login, number) for number in range(rounds) if mbsync.is_here()]
        synced = [await _synced(await a_firm(), login, messages) for _ in range(rounds)]
    took, grown = best(took for took, _ in synced), max(grown for _, grown in synced)
    mirrored = [best(mirrors)] if mirrors else []
    imaplib_took = best(each for each, _ in downloads)
    return [
        *(Figure("download, parse and store, against mbsync's download", took / one, "×", 2) for one in mirrored),
        *(Figure("mbsync's download", one, "s") for one in mirrored),
        Figure("download, parse and store, against imaplib's download", took / imaplib_took, "×"),
        Figure(f"download, parse and store {messages} messages", took, "s"),
        Figure("the worker's memory at its peak, over what it was", grown, "MB", 200),
        Figure("messages per second", messages / took, "/s"),
        Figure("imaplib's download", imaplib_took, "s"),
        Figure("mail", downloads[0][1] / 1e6, "MB"),
    ]


def letters(count: int) -> Iterator[bytes]:
    chance = random.Random(5)
    for number in range(count):
        body = encodebytes(chance.randbytes(SIZES[number % len(SIZES)])).decode()
        text = (
            f"From: Marta <{MARTA}>\nTo: {STUDIO.address}\nSubject: The glass, {number}\n"
            f"Message-ID: <{number}@client.test>\nDate: Mon, 23 Nov 2026 09:00:00 +0000\nMIME-Version: 1.0\n"
            'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n'
            + "When does the glass come? It was promised for the first of the month.\n"
            * 30
            + "\n--b\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n"
            f'Content-Disposition: attachment; filename="invoice-{number}.pdf"\n\n{body}\n--b--\n'
        )
        yield text.replace("\n", "\r\n").encode()


Login = tuple[MailServer, str, str]


@asynccontextmanager
async def _served(on: Ground, messages: int) -> AsyncIterator[Login]:
    if shutil.which("dovecot", path=os.environ["PATH"] + ":/usr/sbin"):
        with dovecot() as server:
            await asyncio.to_thread(_fill_maildir, server.mail, messages)
            yield MailServer("127.0.0.1", server.port, MailSecurity.NONE), USERNAME, PASSWORD
        return
    kept = KeptFolder(on.folder / "mail", mailbox=STUDIO.address, name="INBOX")
    for each in letters(messages):
        kept.keep(each, datetime(2026, 11, 23, 9, tzinfo=UTC))
    async with DemoMail.start(on.folder / "mail") as demo:
        yield demo.imap, STUDIO.address, MAIL_PASSWORD


def _fill_maildir(folder: Path, messages: int) -> None:
    for each in ("cur", "new", "tmp"):
        (folder / each).mkdir(parents=True, exist_ok=True)
    for number, letter in enumerate(letters(messages)):
        (folder / "new" / f"{1_700_000_000 + number}.M{number}.bench").write_bytes(letter)
    owner = folder.parent.stat()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)


def _download(login: Login, messages: int) -> tuple[float, int]:
    """Seconds, and bytes."""
    server, username, password = login
    begun = perf_counter()
    with imaplib.IMAP4(server.host, server.port) as client:
        client.login(username, password)
        client.select("INBOX", readonly=True)
        size = 0
        for first in range(1, messages + 1, BATCH):
            _, told = client.uid("FETCH", f"{first}:{first + BATCH - 1}", "(UID BODY.PEEK[])")
            size += sum(len(each[1]) for each in told if isinstance(each, tuple))
    assert size > messages * 1000
    return perf_counter() - begun, size


async def _mirrored(on: Ground, login: Login, number: int) -> float:
    """Seconds. What it made is deleted at the very end: for a while a disk seeks longer beside what has just gone."""
    folder = on.folder / f"mirror-{number}"
    folder.mkdir()
    return await asyncio.to_thread(mbsync.mirror, folder, *login)


async def _synced(firm: System, login: Login, messages: int) -> tuple[float, float]:
    """Seconds, and MB of memory."""
    server, username, password = login
    await an_account(firm, address=MARTA, email_sync=True)
    new = NewMailbox(STUDIO.address, password, imap=server, smtp=server, username=username)
    mailbox_id = (await mailbox.connect(firm, new)).ids[0]
    async with ParserPool() as parsers:
        await asyncio.gather(*map(parsers.parse, letters(8)))  # its processes are up, as in a worker that runs
        with _collecting_rarely():
            before, begun = memory.forget_peak(), perf_counter()
            assert await sync_once(mailbox_id, Tools(parsers, development=True))
            took, grown = perf_counter() - begun, memory.peak() - before
    assert await store.value("SELECT count(*) FROM email WHERE firm_id = $1", firm.firm_id) == messages
    return took, grown


@contextmanager
def _collecting_rarely() -> Iterator[None]:
    """As a worker does."""
    before = gc.get_threshold()
    collect_rarely()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
