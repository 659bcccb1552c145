"""A letter of the demo comes back, as docs/demo.md says."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from mail.compose import Sender
from mail.demo.launch import DemoMail
from mail.demo.read import letters
from mail.demo.users import PORTAL_FROM, RETURNS
from mail.outbox import Route, new_owner, one_pass
from mail.parsing import ParserPool
from mail.returns.place import Place
from mail.returns.reading import read
from mail.returns.running import reach
from mail.smtp import SmtpServer
from models import return_mailbox
from models.ground import store as database
from models.mailbox import MailSecurity
from tests.support.firm.factories import a_firm, an_address
from tests.support.letters.outbox import row_of, written

HANNAH = "hannah@whitmoreinteriors.example"


def put_back(server: DemoMail, *more: str) -> subprocess.CompletedProcess[str]:
    ports = ["--port", str(server.smtp_port), "--imap-port", str(server.imap_port)]
    command = [sys.executable, "-m", "mail.demo.bounce", *ports, *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("said", "state", "suppressed"),
    [
        ([], "BOUNCED", 1),
        (["--status", "5.2.2", "--text", "Mailbox full"], "BOUNCED", 0),
        (["--status", "4.4.1", "--text", "later"], "SENT", 0),
    ],
)
async def test_a_letter_of_the_demo_comes_back(
    store: str, tmp_path: Path, said: list[str], state: str, suppressed: int
) -> None:
    by = await a_firm()
    letter_id = await written(by, HANNAH, address_id=await an_address(by, HANNAH))
    async with DemoMail.start(tmp_path) as server, ParserPool(workers=1) as parsers:
        none = await asyncio.to_thread(put_back, server, "--to", HANNAH)
        assert (none.returncode, none.stderr) == (1, f"There is no letter to {HANNAH} yet.\n")
        smtp = SmtpServer("127.0.0.1", server.smtp_port, MailSecurity.NONE)
        await one_pass(Route(smtp, Sender(PORTAL_FROM, "http://127.0.0.1:8000")), owner=new_owner())
        done = await asyncio.to_thread(put_back, server, "--to", HANNAH, *said)
        assert done.returncode == 0, done.stderr
        assert f"to {HANNAH} has come back" in done.stdout
        assert len(list(await asyncio.to_thread(lambda: list(letters(port=server.imap_port))))) == 1
        place = Place(server.imap, RETURNS.address, RETURNS.password, "INBOX")
        held = await return_mailbox.claim("me", place.name)
        assert held is not None
        async with await reach(place) as imap:
            await read(held, imap, place.folder, parsers)
    assert (await row_of(letter_id))["state"] == state
    assert await database.value("SELECT count(*) FROM email_address WHERE suppressed_at IS NOT NULL") == suppressed


def test_without_a_demo_it_says_so() -> None:
    command = [sys.executable, "-m", "mail.demo.bounce", "--to", HANNAH, "--port", "1", "--imap-port", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "No mail server answers on 127.0.0.1, ports 1 and 1. Does it run?\n")
