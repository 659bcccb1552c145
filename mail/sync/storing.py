"""Bodies: fetch → parse → keep the files → store, batch by batch."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence

import structlog

from mail.imap import MESSAGE_LIMIT, Garbage, Gone, ImapError, Unfetchable, Unreachable
from mail.imap import Message as FetchedMessage
from mail.imap.fetching import BATCH_BYTES
from mail.parse import ParsedAttachment, ParsedEmail, Unreadable, content_ids
from mail.sync import reading
from mail.sync.ahead import Ahead
from mail.sync.tools import Visit
from mail.sync.turns import Turn
from models import document, stored_file
from models.email import MessageAttachment
from models.ground.checkpoint import checkpoint
from models.mailbox import backlog, health
from models.mailbox.backlog import MOST_CUTS, MOST_TRIES, Pending, Settled
from models.mailbox.finishing import Fetched, finish
from models.mailbox.folders import LedgerFolder
from models.mailbox.mailbox import MailboxState, OccurrenceState, SkipReason

log = structlog.get_logger("sync")
BATCH_MESSAGES = 100
"""Stored in one transaction; the mail server is asked for at most fifty at a time."""
Answer = FetchedMessage | Unfetchable | Gone


async def store_pending(visit: Visit, folder: LedgerFolder) -> bool:
    """
    What the ledger has to fetch in the open folder, until its turn is over: True where some is left. What has failed
    before comes last, one by one, and once a pass only.
    """
    turn = Turn(visit, folder.name)
    once_more = await backlog.failed_before(visit.leased, folder)
    async with Ahead(visit.tools.batches) as ahead:
        while await backlog.remains(visit.leased, folder, besides=ahead.ids):
            if await turn.is_over():
                return True
            if due := await backlog.due(visit.leased, folder, most=BATCH_MESSAGES, besides=ahead.ids):
                turn.fetches(history=not due[0].arrival)
                await _fetch_and_store(visit, _bite(due), ahead)
    for pending in once_more:
        if await turn.is_over():
            break
        async with Ahead(visit.tools.batches) as alone:
            await _fetch_and_store(visit, [pending], alone)
    return False


def _bite(due: Sequence[Pending]) -> list[Pending]:
    """At most 100 messages and 8 MB, or a single one that is larger; arrivals do not wait for history beside them."""
    batch, weight = [due[0]], due[0].size
    for pending in due[1:]:
        weight += pending.size
        if weight > BATCH_BYTES or pending.arrival != due[0].arrival:
            break
        batch.append(pending)
    return batch


async def _fetch_and_store(visit: Visit, batch: Sequence[Pending], ahead: Ahead) -> None:
    """Returns when it is fetched."""
    if not batch[0].arrival:
        await health.now(visit.leased, MailboxState.SYNCING)
    visit.noted.brought = True
    await ahead.room(sum(pending.size for pending in batch))
    try:
        answers = [answer async for answer in _fetch(visit, batch)]
    except BaseException:
        ahead.no_more()
        raise
    checkpoint("after the bodies of a batch")
    ahead.go_on((pending.id for pending in batch), _store(visit, batch, answers, ahead.turn))


async def _store(visit: Visit, batch: Sequence[Pending], answers: Sequence[Answer], turn: asyncio.Lock) -> None:
    by_uid = {pending.uid: pending for pending in batch}
    pairs = [(by_uid[answer.uid], answer) for answer in answers]
    again = [pending.id for pending, answer in pairs if _is_worth_a_try(pending, answer)]
    ready = await _read(visit, [(pending, answer) for pending, answer in pairs if pending.id not in again])
    checkpoint("after the files of a batch")
    async with turn:
        if again:
            await backlog.failed_once_more(visit.leased, again)
        if ready:
            ready.sort(key=lambda fetched: (fetched.pending.received_at, fetched.pending.uid))  # told as they came in
            await finish(visit.leased, ready)


async def _fetch(visit: Visit, batch: Sequence[Pending]) -> AsyncIterator[Answer]:
    """Whatever makes the server choke or vanish waits behind the others, so that it cannot hold them up."""
    fine = [(pending.uid, pending.size) for pending in batch if pending.size <= MESSAGE_LIMIT]
    for pending in batch:
        if pending.size > MESSAGE_LIMIT:
            yield Unfetchable(pending.uid, "")
    try:
        async for answer in visit.imap.messages(fine):
            yield answer
    except (Garbage, Unreachable) as error:
        await _stumbled(visit, batch, error)
        raise


async def _stumbled(visit: Visit, batch: Sequence[Pending], error: ImapError) -> None:
    visit.noted.blamed = True
    most = MOST_TRIES if isinstance(error, Garbage) else MOST_CUTS
    if len(batch) == 1 and batch[0].tries + 1 >= most:
        await finish(visit.leased, [_quarantined(batch[0], error.message)])
    else:
        await backlog.failed_once_more(visit.leased, [pending.id for pending in batch])


def _is_worth_a_try(pending: Pending, answer: Answer) -> bool:
    return isinstance(answer, Unfetchable) and pending.size <= MESSAGE_LIMIT and pending.tries + 1 < MOST_TRIES


async def _read(visit: Visit, batch: Sequence[tuple[Pending, Answer]]) -> list[Fetched]:
    """The files come before the rows that name them. Raises what the store of files does: not the message's fault."""
    came = [(pending, answer.raw) for pending, answer in batch if isinstance(answer, FetchedMessage)]
    raws = [raw for _, raw in came]
    parsed = await visit.tools.parsers.parse_all(raws)
    raw_files, attached = await _keep(visit, raws, parsed)
    messages = [
        _message(visit, pending, raw_file, message, attachments)
        for (pending, _), raw_file, message, attachments in zip(came, raw_files, parsed, attached, strict=True)
    ]
    settled = [_without(pending, answer) for pending, answer in batch if not isinstance(answer, FetchedMessage)]
    return [*settled, *messages]


def _without(pending: Pending, answer: Unfetchable | Gone) -> Fetched:
    if isinstance(answer, Gone):
        return _skipped(pending, SkipReason.GONE_FROM_SERVER)
    if pending.size > MESSAGE_LIMIT:
        return _skipped(pending, SkipReason.TOO_LARGE)
    return _quarantined(pending, answer.reason)


def _message(
    visit: Visit,
    pending: Pending,
    raw_file: str,
    parsed: ParsedEmail | Unreadable,
    attachments: Sequence[MessageAttachment],
) -> Fetched:
    if isinstance(parsed, Unreadable):
        return _quarantined(pending, parsed.reason, raw_file)
    try:
        message = reading.message(parsed, raw_file=raw_file, attachments=attachments, received_at=pending.received_at)
    except Exception as error:  # a fault of ours that one message brings out must not hold up the mailbox
        log.error("sync.unreadable", mailbox=str(visit.leased.mailbox_id), uid=pending.uid, error=type(error).__name__)
        return _quarantined(pending, "The message could not be understood.", raw_file)
    return Fetched(pending, message=message)


async def _keep(
    visit: Visit, raws: Sequence[bytes], parsed: Sequence[ParsedEmail | Unreadable]
) -> tuple[list[str], list[list[MessageAttachment]]]:
    """Of each message, in order, its source and its attachments, all kept together."""
    attachments = [message.attachments if isinstance(message, ParsedEmail) else () for message in parsed]
    contents = [attachment.content for of_message in attachments for attachment in of_message]
    names = await stored_file.keep(visit.leased.firm_id, [*raws, *contents])
    files = iter(names[len(raws) :])
    shown = [_shown(message) if isinstance(message, ParsedEmail) else set() for message in parsed]
    attached = [
        [_kept(attachment, next(files), of_html) for attachment in of_message]
        for of_message, of_html in zip(attachments, shown, strict=True)
    ]
    return names[: len(raws)], attached


def _shown(message: ParsedEmail) -> set[str]:
    """Content-IDs of what its HTML shows."""
    has_ids = any(attachment.content_id for attachment in message.attachments)
    return content_ids(message.safe_html) if has_ids and message.safe_html else set()


def _kept(attachment: ParsedAttachment, file: str, shown: Collection[str]) -> MessageAttachment:
    content_type, size = attachment.content_type[:255], len(attachment.content)
    is_shown = attachment.content_id in shown and content_type.startswith("image/")
    reason = document.unfit(attachment.name, attachment.content, shown=is_shown)
    return MessageAttachment(attachment.name, content_type, attachment.content_id, size, file, reason)


def _skipped(pending: Pending, reason: SkipReason) -> Fetched:
    return Fetched(pending, settled=Settled(pending.id, OccurrenceState.SKIPPED, skip=reason))


def _quarantined(pending: Pending, reason: str, raw_file: str | None = None) -> Fetched:
    state = OccurrenceState.QUARANTINED
    return Fetched(pending, settled=Settled(pending.id, state, raw_file=raw_file, reason=reason))
