"""
Mail is stored without reading all of a firm's for each message: tables have just begun to grow, and nobody looks how
large they are. Rows are counted, not time.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from models import firm_key
from models.email import MessageAttachment
from models.ground import store
from models.mailbox import backlog, finishing, folders, lease, ledger
from models.mailbox.finishing import Fetched
from models.mailbox.folders import LedgerFolder
from models.mailbox.lease import Leased
from models.mailbox.ledger import Found
from models.viewer import System
from tests.support.emails.received import CAME, a_message, a_synced_firm
from tests.support.firm.cast import ANNA
from tests.support.firm.many_addresses import nobody_analyses, rows_read

AT_ONCE = 50
BATCHES = 40
MOST = 120
"""Rows looked at for a message, from its header to its end; of a batch one or two read all that the firm has."""
FILE = MessageAttachment("bill.pdf", "application/pdf", None, 5, "1" * 64)


@pytest.fixture
async def by(own_store: str) -> tuple[System, UUID]:
    await nobody_analyses()
    by, _, box = await a_synced_firm()
    return by, box


async def listed(leased: Leased, folder: LedgerFolder, uids: Sequence[int]) -> None:
    key = await firm_key.of(leased.firm_id)
    anna = (key.address_hash(ANNA),)
    found = [Found(uid, 5000, CAME, message_id=f"{uid}@client.test", hashes=anna) for uid in uids]
    await ledger.found(leased, folder, found, watermark=uids[-1] + 1)


async def fetched(leased: Leased, folder: LedgerFolder, *, anew: bool) -> None:
    if anew:
        await store.execute("DISCARD PLANS")
    due = await backlog.due(leased, folder, most=AT_ONCE)
    assert len(due) == AT_ONCE
    messages = [replace(a_message(pending.uid), attachments=(FILE,), raw_file=f"{pending.uid:064}") for pending in due]
    await finishing.finish(leased, [Fetched(*each) for each in zip(due, messages, strict=True)])


@pytest.mark.parametrize("anew", [False, True], ids=["plans kept since it was empty", "another connection each time"])
async def test_no_message_is_stored_by_reading_all_that_the_firm_has(by: tuple[System, UUID], anew: bool) -> None:
    firm, box = by
    leased = await lease.claim_one("a worker", box)
    assert leased is not None
    folder = await folders.opened(leased, "INBOX", 1, uidnext=1)
    batches = [range(first, first + AT_ONCE) for first in range(1, BATCHES * AT_ONCE, AT_ONCE)]
    headers = [await rows_read(firm, listed(leased, folder, uids)) for uids in batches]
    bodies = [await rows_read(firm, fetched(leased, folder, anew=anew)) for _ in batches]
    assert max(headers) + max(bodies) < MOST * AT_ONCE, (headers, bodies)
