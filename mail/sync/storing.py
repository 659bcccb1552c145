"""Bodies: fetch → parse → keep the files → store, batch by batch."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import structlog

from mail.imap import MESSAGE_LIMIT, Garbage, Gone, ImapError, Unfetchable, Unreachable
from mail.imap import Message as FetchedMessage
from mail.imap.fetching import BATCH_BYTES, BATCH_MESSAGES
from mail.parse import ParsedEmail, Unreadable
from mail.sync import reading
from mail.sync.tools import Visit
from models import files
from models.checkpoint import checkpoint
from models.email import MessageAttachment
from models.mailbox import backlog, figures
from models.mailbox.backlog import MOST_TRIES, Pending, Settled
from models.mailbox.folders import LedgerFolder
from models.mailbox.storing import Fetched, finish
from models.mailbox.tables import MailboxState, OccurrenceState, SkipReason

log = structlog.get_logger("sync")


async def store_pending(visit: Visit, folder: LedgerFolder, *, until: float) -> bool:
    """
    What the ledger has to fetch in the open folder, until the loop's time is `until`: True where some is left. What has
    failed before comes last, one by one, and once a pass only.
    """
    loop = asyncio.get_running_loop()
    once_more = await backlog.failed_before(visit.leased, folder)
    while await backlog.remains(visit.leased, folder):
        if loop.time() >= until:
            return True
        if due := await backlog.due(visit.leased, folder, most=BATCH_MESSAGES):
            await _store(visit, _bite(due))
    for one in once_more:
        if loop.time() >= until:
            break
        await _store(visit, [one])
    return False


def _bite(due: Sequence[Pending]) -> list[Pending]:
    """At most 50 messages and 8 MB, or a single one that is larger."""
    batch, weight = [due[0]], due[0].size
    for one in due[1:]:
        weight += one.size
        if weight > BATCH_BYTES:
            break
        batch.append(one)
    return batch


async def _store(visit: Visit, batch: Sequence[Pending]) -> None:
    if not batch[0].arrival:
        await figures.now(visit.leased, MailboxState.SYNCING)
    async with visit.tools.batches:
        await _store_now(visit, batch)


async def _store_now(visit: Visit, batch: Sequence[Pending]) -> None:
    answers = [one async for one in _fetch(visit, batch)]
    checkpoint("after the bodies of a batch")
    by_uid = {one.uid: one for one in batch}
    again = [by_uid[one.uid].id for one in answers if _is_worth_a_try(by_uid[one.uid], one)]
    async with asyncio.TaskGroup() as group:
        left = [one for one in answers if by_uid[one.uid].id not in again]
        tasks = [group.create_task(_read(visit, by_uid[one.uid], one)) for one in left]
    ready = [task.result() for task in tasks]
    checkpoint("after the files of a batch")
    if again:
        await backlog.failed_once_more(visit.leased, again)
    if ready:
        ready.sort(key=lambda one: (one.pending.received_at, one.pending.uid))  # told in the order they came in
        await finish(visit.leased, ready)


Answer = FetchedMessage | Unfetchable | Gone


async def _fetch(visit: Visit, batch: Sequence[Pending]) -> AsyncIterator[Answer]:
    """Whatever makes the server choke or vanish waits behind the others, so that it cannot hold them up."""
    fine = [(one.uid, one.size) for one in batch if one.size <= MESSAGE_LIMIT]
    for one in batch:
        if one.size > MESSAGE_LIMIT:
            yield Unfetchable(one.uid, "")
    try:
        async for answer in visit.imap.messages(fine):
            yield answer
    except (Garbage, Unreachable) as error:
        await _stumbled(visit, batch, error)
        raise


async def _stumbled(visit: Visit, batch: Sequence[Pending], error: ImapError) -> None:
    if len(batch) == 1 and isinstance(error, Garbage) and batch[0].tries + 1 >= MOST_TRIES:
        await finish(visit.leased, [_quarantined(batch[0], error.message)])
    else:
        await backlog.failed_once_more(visit.leased, [one.id for one in batch])


def _is_worth_a_try(pending: Pending, answer: Answer) -> bool:
    return isinstance(answer, Unfetchable) and pending.size <= MESSAGE_LIMIT and pending.tries + 1 < MOST_TRIES


async def _read(visit: Visit, pending: Pending, answer: Answer) -> Fetched:
    match answer:
        case Gone():
            return _skipped(pending, SkipReason.GONE_FROM_SERVER)
        case Unfetchable() if pending.size > MESSAGE_LIMIT:
            return _skipped(pending, SkipReason.TOO_LARGE)
        case Unfetchable(reason=reason):
            return _quarantined(pending, reason)
        case FetchedMessage(raw=raw):
            return await _parse(visit, pending, raw)


async def _parse(visit: Visit, pending: Pending, raw: bytes) -> Fetched:
    """The files come before the rows that name them. Raises what the store of files does: not the message's fault."""
    firm_id = visit.leased.firm_id
    raw_file = await files.keep(firm_id, raw)
    try:
        parsed = await visit.tools.parsers.parse(raw)
    except Unreadable as error:
        return _quarantined(pending, error.reason, raw_file)
    kept = [await _keep(visit, parsed, place) for place in range(len(parsed.attachments))]
    try:
        message = await reading.message(parsed, raw_file=raw_file, attachments=kept, received_at=pending.received_at)
    except Exception as error:  # a fault of ours that one message brings out must not hold up the mailbox
        log.error("sync.unreadable", mailbox=str(visit.leased.mailbox_id), uid=pending.uid, error=type(error).__name__)
        return _quarantined(pending, "The message could not be understood.", raw_file)
    return Fetched(pending, message=message)


async def _keep(visit: Visit, parsed: ParsedEmail, place: int) -> MessageAttachment:
    one = parsed.attachments[place]
    file = await files.keep(visit.leased.firm_id, one.content)
    return MessageAttachment(one.name, one.content_type[:255], one.content_id, len(one.content), file)


def _skipped(pending: Pending, reason: SkipReason) -> Fetched:
    return Fetched(pending, settled=Settled(pending.id, OccurrenceState.SKIPPED, skip=reason))


def _quarantined(pending: Pending, reason: str, raw_file: str | None = None) -> Fetched:
    state = OccurrenceState.QUARANTINED
    return Fetched(pending, settled=Settled(pending.id, state, raw_file=raw_file, reason=reason))
