"""
Killed anywhere between the event that the firm's software tells of and the firm's copy: no letter lost, two only where
the outcome was unknown and then the very same bytes, and what was answered stays true (R14, P1, P2).
"""

from functools import partial
from pathlib import Path

import orjson
import pytest

from models.ground import store as database
from tests.faults.killing import DOUBLED, killed
from tests.faults.notice_child import EVENTS, notify_and_send, tell
from tests.faults.telling import meanwhile, must_be_as_answered, told_firm
from tests.support.firm.notify_clients import Told
from tests.support.servers.smtp import SmtpSink

pytestmark = [pytest.mark.usefixtures("own_store"), pytest.mark.faults]
BY_A_NOTICE = {
    "killed at while notices are gathered",
    "killed at after a notice's letters were written",
    "killed at before the commit of a notice",
    "killed at after the commit of a notice",
}
BY_A_LETTER = {
    "killed at after letters were claimed",
    "killed at before a letter is handed over",
    "killed at after a letter was handed over",
    "killed at after the server took a letter",
    "killed at after a letter was settled",
}


async def leases_end() -> None:
    """As if the time of a dead worker's leases were over."""
    await database.execute("UPDATE letter SET locked_until = now() - interval '1 s' WHERE locked_until IS NOT NULL")


def answered(answers: Path) -> dict[str, Told]:
    """For each event, what was answered every time that it was told."""
    told: dict[str, Told] = {}
    for line in answers.read_bytes().splitlines():
        event, recipients = orjson.loads(line)
        answer = [(address, tuple(names), outcome) for address, names, outcome in recipients]
        assert told.setdefault(event, answer) == answer, event
    return told


async def test_killed_anywhere_from_the_event_to_the_copy(own_store: str, tmp_path: Path) -> None:
    """
    Each time another firm. Whoever got no answer asks again with the same key, though switches have changed meanwhile.
    """
    killed_at: list[str] = []
    async with SmtpSink() as sink:
        for crash_at in range(1, 200):
            by, made = await told_firm()
            answers = tmp_path / f"answers {crash_at}"
            work = partial(
                killed, notify_and_send, own_store, sink.port, by.firm_id, made.id, answers, said=tmp_path / "said"
            )
            if (where := await work(crash_at=crash_at)) is None:
                break
            killed_at.append(where)
            await meanwhile(by, made)
            await leases_end()
            assert await work() is None, where
            for event in EVENTS:
                await tell(by, made.id, event, answers)
            await must_be_as_answered(by, sink, answered(answers), doubled=where in DOUBLED)
            sink.letters.clear()
    assert set(killed_at) == BY_A_NOTICE | BY_A_LETTER, killed_at
