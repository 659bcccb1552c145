"""The last step of an e-mail's way in: a batch with its links, Inbox+, ledger and journal in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from models import firm_key, journal
from models.email import Incoming, Message, Received, history, receive
from models.ground import store
from models.ground.checkpoint import checkpoint
from models.ground.keys import Key
from models.journal import JournalKind
from models.mailbox.backlog import Pending, Settled, settle
from models.mailbox.lease import POISON, Leased, check
from models.mailbox.mailbox import OccurrenceState, SkipReason
from models.viewer import System


@dataclass(frozen=True, slots=True)
class Fetched:
    """A pending message, with `message` where it could be fetched, else with how it is settled without one."""

    pending: Pending
    message: Message | None = None
    settled: Settled | None = None


async def finish(leased: Leased, batch: Sequence[Fetched]) -> None:
    """
    All or nothing. Where one message cannot be stored, that one is quarantined and the others are stored.

    Raises LeaseLost, asyncpg.PostgresError or OSError: then nothing has happened, and it can be tried again.
    """
    try:
        await _store(leased, batch)
    except POISON:
        if len(batch) > 1:
            await finish(leased, batch[: len(batch) // 2])
            await finish(leased, batch[len(batch) // 2 :])
        elif batch[0].settled:
            raise
        else:
            await finish(leased, [_quarantined(batch[0])])


def _quarantined(fetched: Fetched) -> Fetched:
    reason = "The message holds something that the database does not take."
    raw_file = fetched.message.raw_file if fetched.message else None
    state = OccurrenceState.QUARANTINED
    return Fetched(fetched.pending, settled=Settled(fetched.pending.id, state, raw_file=raw_file, reason=reason))


async def _store(leased: Leased, batch: Sequence[Fetched]) -> None:
    by = System(leased.firm_id)
    async with store.transaction(leased.firm_id):
        await history.lock(leased.firm_id)
        await check(leased)
        messages = [
            (fetched, Incoming(fetched.message, fetched.pending.arrival, fetched.pending.in_sent))
            for fetched in batch
            if fetched.message
        ]
        received = await receive(by, leased.mailbox_id, [incoming for _, incoming in messages])
        key, outcomes = await firm_key.of(by.firm_id), list(zip(messages, received, strict=True))
        settled = [_kept(key, fetched.pending, incoming.message, outcome) for (fetched, incoming), outcome in outcomes]
        await settle(leased, [*(fetched.settled for fetched in batch if fetched.settled), *settled])
        _tell_history(by, [outcome for (fetched, _), outcome in outcomes if _is_past(fetched, outcome)])
        checkpoint("before the commit of a batch")
    checkpoint("after the commit of a batch")


def _kept(key: Key, pending: Pending, message: Message, received: Received) -> Settled:
    if received.email_id is None:
        skipped, named = OccurrenceState.SKIPPED, _hashes(key, message)
        return Settled(pending.id, skipped, skip=SkipReason.NOT_SWITCHED_ON, hashes=named)
    return Settled(pending.id, OccurrenceState.STORED, email_id=received.email_id)


def _hashes(key: Key, message: Message) -> tuple[bytes, ...]:
    """Of the addresses in the message itself, for the next switch: a forged envelope may have named others (R18)."""
    return tuple(key.address_hash(address_key) for address_key in message.address_keys())


def _is_past(fetched: Fetched, received: Received) -> bool:
    return bool(received.accounts) and not (fetched.pending.arrival and received.new)


def _tell_history(by: System, received: Sequence[Received]) -> None:
    """One entry for all that is not told message by message, with the accounts that it was linked to."""
    if received:
        accounts = {account for message in received for account in message.accounts}
        change = journal.Change("history", None, str(len(received)))
        journal.record(JournalKind.EMAIL_STORED, by=by, accounts=accounts, changes=[change])
