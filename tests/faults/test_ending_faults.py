"""Killed at each step of forgetting a mailbox: another goes on, what others hold stays, and the count is right."""

from pathlib import Path

import pytest

from mail.sync import Tools
from models import mailbox
from models.ground import store as database
from models.mailbox import StoredEmails
from models.mailbox.ending import end_mailboxes
from tests.faults.ending_child import end_in_small_steps
from tests.faults.killing import killed
from tests.support.emails.synced_mailbox import connected, letter, subjects_of, synced
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import a_firm, a_member, an_account
from tests.support.servers.imap import ImapServer

pytestmark = [pytest.mark.usefixtures("own_store"), pytest.mark.faults]
COUNT = """
SELECT changes->0->>2 FROM journal_entry WHERE firm_id = $1 AND kind = 'MAILBOX_DISCONNECTED' ORDER BY position DESC
"""


async def test_forgetting_goes_on_wherever_it_is_killed(own_store: str, tools: Tools, tmp_path: Path) -> None:
    """Each time another firm, two mailboxes: one holds two letters alone, and one with the other."""
    killed_at: list[str] = []
    for crash_at in range(1, 100):
        by = await a_firm()
        owner, account = await a_member(by), await an_account(by, address=MARTA, email_sync=True)
        async with ImapServer() as first, ImapServer() as second:
            both = letter(subject="both", message_id="both@client.test")
            for raw in (letter(subject="one"), letter(subject="two"), both):
                first.inbox.append(raw)
            second.inbox.append(both)
            boxes = [
                await connected(by, each.server, address=f"{n}@firm.test") for n, each in enumerate((first, second))
            ]
            for box in boxes:
                await synced(box, tools)
        await mailbox.disconnect(owner, boxes[0], StoredEmails.FORGET)
        where = await killed(end_in_small_steps, own_store, said=tmp_path / "said", crash_at=crash_at)
        await end_mailboxes()
        assert await subjects_of(account.id) == ["both"], where
        assert await database.value(COUNT, by.firm_id) == "2", where
        assert await database.value("SELECT count(*) FROM mailbox WHERE firm_id = $1", by.firm_id) == 1, where
        if where is None:
            break
        killed_at.append(where)
    assert len(killed_at) >= 6
