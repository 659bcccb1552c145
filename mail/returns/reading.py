"""One look into the return mailbox: every message since the last one, by UID. Nothing in it is changed."""

from collections.abc import AsyncIterator, Sequence

import structlog

from mail.imap import FolderState, Garbage, Header, Imap, Message, Unreachable
from mail.parse import Unreadable
from mail.parse.report import LARGEST_REPORT
from mail.parsing import ParserPool
from mail.returns.settling import settle
from models import return_mailbox
from models.ground.checkpoint import checkpoint
from models.mailbox.backlog import MOST_CUTS, MOST_TRIES
from models.mailbox.lease import POISON
from models.return_mailbox import Held, Mark

AT_ONCE = 50
log = structlog.get_logger("returns")


async def read(held: Held, imap: Imap, folder: str, parsers: ParserPool) -> FolderState:
    """
    Settles what came since the last look, and returns the state in which the folder was found. Killed anywhere, it goes
    on where it was; a report that is read twice counts once, as it ends its letter once. Raises ImapError, LeaseLost.
    """
    state = await imap.examine(folder)
    mark = await _mark(held, imap, state)
    new = await imap.uids(mark.watermark)  # whatever UIDNEXT says: some tell it too low
    for batch in _batches(new, mark):
        try:
            raws = [raw async for raw in _small(imap, batch)]
        except (Garbage, Unreachable) as error:
            await _stumbled(held, mark, batch, error)
            raise
        for raw in raws:
            await _settle(raw, parsers)
        checkpoint("after the reports of a batch")
        await return_mailbox.advance(held, batch[-1] + 1)
    return state


async def _mark(held: Held, imap: Imap, state: FolderState) -> Mark:
    """Where to go on. A mailbox set back to an earlier state gives numbers twice, and is read from its beginning."""
    mark = await return_mailbox.mark(held, state.uidvalidity)
    if state.uidnext < mark.watermark and not state.counted and not await imap.uids(state.uidnext):
        await return_mailbox.begin_anew(held)
        mark = await return_mailbox.mark(held, state.uidvalidity)
    return mark


def _batches(uids: Sequence[int], mark: Mark) -> list[Sequence[int]]:
    """After trouble the first ones one by one, so that only the message that makes it is given up."""
    alone = AT_ONCE if mark.stumbles else 0
    together = range(alone, len(uids), AT_ONCE)
    return [*([uid] for uid in uids[:alone]), *(uids[at : at + AT_ONCE] for at in together)]


async def _small(imap: Imap, uids: Sequence[int]) -> AsyncIterator[bytes]:
    """Those small enough to be reports; what the server does not hand out is passed over."""
    sizes = [(header.uid, header.size) async for header in imap.headers(uids) if isinstance(header, Header)]
    async for answer in imap.messages([(uid, size) for uid, size in sizes if size <= LARGEST_REPORT]):
        if isinstance(answer, Message):
            yield answer.raw


async def _stumbled(held: Held, mark: Mark, batch: Sequence[int], error: Garbage | Unreachable) -> None:
    """Whatever makes the server choke or vanish must not hold up the others for ever."""
    most = MOST_TRIES if isinstance(error, Garbage) else MOST_CUTS
    if len(batch) == 1 and mark.stumbles + 1 >= most:
        log.warning("returns.given_up", uid=batch[0], why=error.message)
        await return_mailbox.advance(held, batch[0] + 1)
    else:
        await return_mailbox.stumbled(held)


async def _settle(raw: bytes, parsers: ParserPool) -> None:
    try:
        report = await parsers.read_report(raw)
        if report is not None:
            await settle(report)
    except Unreadable:
        pass
    except POISON as error:  # a fault of ours that one message brings out must not hold up the others
        log.error("returns.not_settled", error=type(error).__name__)
