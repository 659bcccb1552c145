"""The demo gets a long past, and a certified letter, as docs/mailboxes.md says."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from mail.demo.archive import FOLDER
from mail.demo.certified import PROVIDER_NAME, enveloped
from mail.demo.kept import KeptFolder
from mail.demo.launch import DemoMail
from mail.demo.letters import NEWCOMER
from mail.demo.send import letter
from mail.demo.users import STUDIO
from mail.parse import parse
from tests.support.processes.switchboard import CHECKOUT

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def said(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mail.demo.archive", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, text=True, capture_output=True, check=False)


async def test_the_studio_gets_a_long_past_of_the_newcomer(tmp_path: Path) -> None:
    async with DemoMail.start(tmp_path) as server:
        for _ in range(2):
            done = await asyncio.to_thread(said, "12", "--port", str(server.imap_port))
            assert (done.returncode, done.stderr) == (0, "")
    kept = list(KeptFolder(tmp_path, mailbox=STUDIO.address, name=FOLDER).messages())
    assert len(kept) == 24
    first = kept[:12]
    assert [one.received_at for one in first] == sorted({one.received_at for one in first})
    for one in kept:
        message = message_from_bytes(one.raw, _class=EmailMessage, policy=default)
        assert NEWCOMER.address in message["From"]
        assert message["Date"].datetime == one.received_at


def test_without_a_demo_the_archive_says_so() -> None:
    done = said("--port", "1")
    assert (done.returncode, done.stderr) == (
        1,
        "No mail server takes them on 127.0.0.1, port 1. Is the demo running?\n",
    )


@pytest.mark.parametrize("count", ["0", "-1", "many", "100001"])
def test_the_archive_says_what_it_takes(count: str) -> None:
    done = said(count)
    assert done.returncode == 2
    assert "say how many, from 1 to 100000" in done.stderr


def test_the_certified_letter_of_the_demo_is_read_as_its_writers() -> None:
    raw = letter(sender=NEWCOMER.address, subject="Più & meno", text="Entro venerdì.", at=NOW)
    envelope = enveloped(raw, sender=NEWCOMER.address, to=STUDIO.address, at=NOW)
    parsed, inside = parse(envelope), parse(raw)
    assert parsed.certified_by == PROVIDER_NAME
    assert parsed.participants[: len(inside.participants)] == inside.participants
    assert (parsed.subject, parsed.text, parsed.message_id) == (inside.subject, inside.text, inside.message_id)
    assert parse(envelope.replace(b"X-Trasporto: posta-certificata\r\n", b"")).certified_by is None
