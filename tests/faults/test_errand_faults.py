"""Killed anywhere between what a stranger asked for and the letter that is settled (R42, R47, P2)."""

from functools import partial
from pathlib import Path

import pytest

from models import invitation, password_reset
from models.ground import store as database
from models.invitation import WhoAsks
from tests.faults.errand_child import run_and_send
from tests.faults.killing import DOUBLED, killed
from tests.support.firm.factories import a_client, a_firm, an_account
from tests.support.letters.outbox import due_again
from tests.support.servers.smtp import SmtpSink

pytestmark = [pytest.mark.usefixtures("own_store"), pytest.mark.faults]


async def test_what_was_asked_for_and_answered_arrives_once_wherever_it_is_killed(
    own_store: str, tmp_path: Path
) -> None:
    """Each time another firm, one who forgot a password and one who waits for an invitation."""
    killed_at: list[str] = []
    async with SmtpSink() as sink:
        for crash_at in range(1, 100):
            by, anna, bruno = await a_firm(), f"anna-{crash_at}@client.test", f"bruno-{crash_at}@client.test"
            await a_client(by, await an_account(by, address=anna))
            await an_account(by, address=bruno, login=True)
            await password_reset.ask(email=anna, key="k", caller=f"192.0.2.{crash_at}")
            await invitation.ask(WhoAsks(email=bruno, caller=f"192.0.2.{crash_at}"), key="k")
            work = partial(killed, run_and_send, own_store, sink.port, said=tmp_path / "said")
            where = await work(crash_at=crash_at)
            for _ in range(2):
                await database.execute("UPDATE errand SET due_at = now()")
                await due_again()  # as if the lease were over
                assert await work() is None
            for address in (anna, bruno):
                arrived = [taken.raw for taken in sink.letters if taken.to == (address,)]
                assert len(set(arrived)) == 1, where
                assert len(arrived) == 1 or (where in DOUBLED and len(arrived) == 2), where
            if where is None:
                break
            killed_at.append(where)
    assert len(set(killed_at)) == 8, killed_at
    assert await database.value("SELECT count(*) FROM errand") == 0
