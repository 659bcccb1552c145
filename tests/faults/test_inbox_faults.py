"""Killed anywhere between an entry of Inbox+ and the letter about it that is settled (R38, P2)."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from models.ground import store as database
from models.viewer import Viewer
from tests.faults.inbox_child import write_and_send
from tests.faults.killing import DOUBLED, killed
from tests.support.firm.factories import a_firm, a_member
from tests.support.firm.inbox import ATTENTION, DIGEST, EMAIL, INBOX, RECEIVED, at, chosen, raised
from tests.support.letters.outbox import due_again
from tests.support.servers.smtp import SmtpSink

pytestmark = [pytest.mark.usefixtures("own_store"), pytest.mark.faults]
FIRST = datetime(2026, 6, 1, 12, tzinfo=UTC)


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
            work = partial(
                killed, write_and_send, own_store, sink.port, noon + timedelta(hours=20), said=tmp_path / "said"
            )
            where = await work(crash_at=crash_at)
            for _ in range(2):
                await due_again()  # as if the lease were over
                assert await work() is None
            for member in team:
                email = await database.value("SELECT email FROM team_member WHERE id = $1", member.member_id)
                arrived = [taken.raw for taken in sink.letters if taken.to == (email,)]
                assert len(set(arrived)) == 2, where
                assert len(arrived) == 2 or (where in DOUBLED and len(arrived) == 3), where
            assert await database.value("SELECT count(*) FROM inbox_digest WHERE firm_id = $1", team[0].firm_id) == 2
            if where is None:
                break
            killed_at.append(where)
    assert len(set(killed_at)) == 10, killed_at
    assert await database.value("SELECT count(*) FROM letter WHERE state <> 'SENT'") == 0
