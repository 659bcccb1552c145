"""Whether reports are read is told wherever an installation is looked at, and keeps nobody from being served (R17)."""

import asyncio
import subprocess
from pathlib import Path

from pydantic import SecretStr

from models import feed, return_mailbox
from models.ground import store as database
from tests.support.api.client import an_api
from tests.support.api.toy_server import until
from tests.support.api.watching import WAITING, labels, read, ready
from tests.support.processes.switchboard import a_free_port, run
from tests.support.servers.imap import ImapServer
from tests.support.servers.smtp import SmtpSink

URL = SecretStr("imaps://anna:hunter2@mail.test")


async def looked_well() -> None:
    held = await return_mailbox.claim("me", "here")
    assert held is not None
    await return_mailbox.went_well(held)


async def test_a_process_is_ready_without_its_return_mailbox_and_says_so(store: str, tmp_path: Path) -> None:
    async with an_api(store, tmp_path, return_mailbox=URL) as api:
        await until(lambda: feed.hub.hears)
        assert await ready(api) == (200, f"ready\n{WAITING}The return mailbox has not been read yet.\n")
        held = await return_mailbox.claim("me", "here")
        assert held is not None
        await return_mailbox.failed(held, "mail.test takes no connections on port 993.")
        trouble = "The return mailbox cannot be read: mail.test takes no connections on port 993.\n"
        assert await ready(api) == (200, f"ready\n{WAITING}{trouble}")
        await return_mailbox.went_well(held)
        assert await ready(api) == (200, f"ready\n{WAITING}")


async def test_nothing_is_said_of_one_that_nobody_has_named(store: str, tmp_path: Path) -> None:
    async with an_api(store, tmp_path) as api:
        await until(lambda: feed.hub.hears)
        assert await ready(api) == (200, f"ready\n{WAITING}")


async def test_it_is_gauged(store: str, tmp_path: Path) -> None:
    async with an_api(store, tmp_path, metrics=True, return_mailbox=URL) as api:
        before = await read(api)
        await looked_well()
        await _age("20 min")
        silent = await read(api)
        await looked_well()
        after = await read(api)
    nothing = labels()
    assert [page["switchboard_return_mailbox_read", nothing] for page in (before, silent, after)] == [0, 0, 1]
    assert before["switchboard_return_mailbox_silent_seconds", nothing] == 0
    assert silent["switchboard_return_mailbox_silent_seconds", nothing] >= 1200


async def _age(interval: str) -> None:
    await database.execute(f"UPDATE return_mailbox SET read_at = now() - interval '{interval}', lease_until = NULL")


async def test_doctor_looks_into_it(own_store: str, tmp_path: Path) -> None:
    async with ImapServer() as server, SmtpSink() as sink:

        async def examined(port: int) -> subprocess.CompletedProcess[str]:
            return await asyncio.to_thread(
                run, "doctor", DATABASE_URL=own_store, SWITCHBOARD_VAR=str(tmp_path), SWITCHBOARD_KEY="00" * 32,
                SWITCHBOARD_SMTP_URL=f"smtp://127.0.0.1:{sink.port}", SWITCHBOARD_MAIL_FROM="portal@nuovo.example",
                SWITCHBOARD_RETURN_MAILBOX=f"imap://anna:secret@127.0.0.1:{port}/INBOX",
            )  # fmt: skip

        port = server.server.port
        unread = await examined(port)
        await looked_well()
        well, away = await examined(port), await examined(a_free_port())
    place = f"anna@127.0.0.1:{port}/INBOX"
    assert (
        f"MEND  Return mailbox: {place} can be read, and holds 0 messages. The return mailbox has not" in unread.stdout
    )
    assert f"ok    Return mailbox: {place} is read; it holds 0 messages." in well.stdout
    assert "MEND  Return mailbox: 127.0.0.1 takes no connections on port" in away.stdout
    assert "Look at SWITCHBOARD_RETURN_MAILBOX." in away.stdout
    assert "secret" not in unread.stdout + unread.stderr + well.stdout + away.stdout + away.stderr
