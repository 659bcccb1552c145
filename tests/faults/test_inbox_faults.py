"""Killed anywhere between an entry of Inbox+ and the letter about it that is settled (R38, P2)."""

import asyncio
import multiprocessing
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.ground import store as database
from models.viewer import Viewer
from tests.faults import inbox_child
from tests.inbox import ATTENTION, DIGEST, EMAIL, INBOX, RECEIVED, at, chosen, raised
from tests.letters import due_again
from tests.make import a_firm, a_member
from tests.smtp_server import SmtpSink

pytestmark = [pytest.mark.usefixtures("own_store"), pytest.mark.faults]
forked = multiprocessing.get_context("forkserver")
forked.set_forkserver_preload([inbox_child.__name__])
DOUBLED = "killed at after the server took a letter"
FIRST = datetime(2026, 6, 1, 12, tzinfo=UTC)


async def killed(said: Path, crash_at: int, *asked: object) -> str | None:
    """Where; None: it came to its end."""
    process = forked.Process(target=inbox_child.run, args=(said, crash_at, *asked))
    process.start()
    await asyncio.to_thread(process.join)
    words = await asyncio.to_thread(said.read_text)
    if process.exitcode == -signal.SIGKILL:
        return next(line for line in words.splitlines() if line.startswith("killed at"))
    assert process.exitcode == 0, words
    return None


async def two_colleagues() -> list[Viewer]:
    """Of a new firm, each with a letter for an entry and a digest to come."""
    by = await a_firm()
    team = [await a_member(by), await a_member(by)]
    for member in team:
        await chosen(member, INBOX, EMAIL)
        await chosen(member, INBOX, DIGEST, kinds=[ATTENTION])
    return team


async def test_each_entry_has_its_letter_and_each_day_its_digest_wherever_it_is_killed(
    own_store: str, tmp_path: Path
) -> None:
    """Each time another firm, on a day of its own; the next worker goes on on the same morning."""
    killed_at: list[str] = []
    async with SmtpSink() as sink:
        for crash_at in range(1, 100):
            at(noon := FIRST + timedelta(days=crash_at))
            team = await two_colleagues()
            await raised(team[0], kind=RECEIVED)
            await raised(team[0], kind=ATTENTION)
            asked = own_store, str(sink.port), noon + timedelta(hours=20)
            where = await killed(tmp_path / "said", crash_at, *asked)
            for _ in range(2):
                await due_again()  # as if the lease were over
                assert await killed(tmp_path / "said", 0, *asked) is None
            for member in team:
                email = await database.value("SELECT email FROM team_member WHERE id = $1", member.member_id)
                arrived = [taken.raw for taken in sink.letters if taken.to == (email,)]
                assert len(set(arrived)) == 2, where
                assert len(arrived) == 2 or (where == DOUBLED and len(arrived) == 3), where
            assert await database.value("SELECT count(*) FROM inbox_digest WHERE firm_id = $1", team[0].firm_id) == 2
            if where is None:
                break
            killed_at.append(where)
    assert len(set(killed_at)) == 9, killed_at
    assert await database.value("SELECT count(*) FROM letter WHERE state <> 'SENT'") == 0
