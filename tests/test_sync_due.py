"""What is to be fetched next: asked while others write, and right nevertheless (R18, R24)."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import pytest

from models import firm_key, mailbox
from models.email import history
from models.mailbox import MailServer, NewMailbox, backlog, folders, lease, ledger
from models.mailbox.folders import LedgerFolder
from models.mailbox.lease import Leased
from models.mailbox.ledger import Found
from models.viewer import System
from tests.support.emails.received import CAME
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import a_firm, an_account, switched
from tests.support.waiting import held, patience, until_waiting


@dataclass(frozen=True)
class AtHand:
    """A mailbox with two messages of Anna's that are to be fetched, and the account that asks for them."""

    by: System
    spot: tuple[UUID, UUID]
    leased: Leased
    folder: LedgerFolder

    async def due(self) -> list[int]:
        async with patience():
            return sorted(one.uid for one in await backlog.due(self.leased, self.folder, most=10))


@pytest.fixture
async def at_hand(store: str) -> AtHand:
    by = await a_firm()
    asking = await an_account(by, address=ANNA, email_sync=True)
    server = MailServer("mail.firm.test", 993)
    done = await mailbox.connect(by, NewMailbox("studio@firm.test", "a secret", server, server))
    leased = await lease.claim_one("a worker", done.ids[0])
    assert leased is not None
    folder = await folders.opened(leased, "INBOX", 1, uidnext=1)
    anna = ((await firm_key.of(by.firm_id)).address_hash(ANNA),)
    await ledger.found(leased, folder, [Found(uid, 9, CAME, hashes=anna) for uid in (1, 2)], watermark=3)
    return AtHand(by, (asking.id, asking.address), leased, folder)


async def test_whoever_fetches_waits_for_no_batch_that_is_being_stored(at_hand: AtHand) -> None:
    async with held(history.lock(at_hand.by.firm_id)):
        assert await at_hand.due() == [1, 2]


async def test_what_nobody_asks_for_any_more_is_not_fetched_until_somebody_does(at_hand: AtHand) -> None:
    await switched(at_hand.by, *at_hand.spot, email_sync=False)
    assert await at_hand.due() == []
    assert not await backlog.remains(at_hand.leased, at_hand.folder)
    await switched(at_hand.by, *at_hand.spot, email_sync=True)
    assert await at_hand.due() == [1, 2]


async def test_whoever_switches_on_just_then_gets_all(store: str, at_hand: AtHand) -> None:
    """It looked as if nobody asked for them; when the lock is free, somebody does."""
    await switched(at_hand.by, *at_hand.spot, email_sync=False)
    async with held(switched(at_hand.by, *at_hand.spot, email_sync=True)):
        looking = asyncio.create_task(at_hand.due())
        await until_waiting(store, 1)
    assert await looking == []
    assert await at_hand.due() == [1, 2]
