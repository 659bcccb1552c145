"""Killed anywhere between a switch that is set with an invitation and the letter that is settled (P1, P2)."""

from pathlib import Path

import pytest

from graph.ids import Kind, global_id
from models.ground import store as database
from tests.faults.inviting_child import invite, invite_and_send
from tests.faults.killing import DOUBLED, killed
from tests.support.api.client import an_api
from tests.support.firm.factories import MadeAccount, a_firm, an_account, signed_in
from tests.support.letters.outbox import due_again, sent_all
from tests.support.servers.smtp import SmtpSink

pytestmark = [pytest.mark.usefixtures("own_store"), pytest.mark.faults]
NOT_YET = {"killed at after switches were set", "killed at before the commit of switches"}


async def stands(made: MadeAccount) -> tuple[bool, int, int]:
    """Whether Login is on, how many invitations there are, and how many letters."""
    row = await database.row(
        "SELECT login, (SELECT count(*) FROM invitation i WHERE i.address_id = t.address_id) AS invitations,"
        " (SELECT count(*) FROM letter l WHERE l.address_id = t.address_id) AS letters"
        " FROM toggles t WHERE t.account_id = $1 AND t.address_id = $2",
        made.id,
        made.address,
    )
    assert row is not None
    return row["login"], row["invitations"], row["letters"]


async def test_either_nothing_happened_or_login_is_on_and_one_letter_leaves(own_store: str, tmp_path: Path) -> None:
    """Whoever got no answer asks again with the same key, and it has happened once."""
    killed_at: list[str] = []
    async with SmtpSink() as sink, an_api(own_store, tmp_path) as api:
        for crash_at in range(1, 100):
            to = f"{crash_at}@client.test"
            by = await a_firm()
            owner, made = await signed_in(by), await an_account(by, address=to)
            ids = {"account": global_id(Kind.ACCOUNT, made.id), "address": global_id(Kind.EMAIL_ADDRESS, made.address)}
            asked = own_store, sink.port, own_store, tmp_path, owner.token, ids
            where = await killed(invite_and_send, *asked, said=tmp_path / "said", crash_at=crash_at)
            if where is None:
                break
            killed_at.append(where)
            assert await stands(made) == ((False, 0, 0) if where in NOT_YET else (True, 1, 1)), where
            await invite(api, owner.token, ids)
            assert await stands(made) == (True, 1, 1), where
            await due_again()  # as if the lease were over
            assert (await sent_all(sink.server)).barred is None
            arrived = [one.raw for one in sink.letters if one.to == (to,)]
            assert len(arrived) == (2 if where in DOUBLED else 1), where
            assert len(set(arrived)) == 1, where
    assert len(killed_at) == len(set(killed_at)) == 9, killed_at
    unsettled = "SELECT count(*) FROM letter WHERE state <> 'SENT' OR sealed IS NOT NULL"
    assert await database.value(unsettled) == 0
