"""Which numbers a folder's messages have, also where the server does not tell the truth about them (R22)."""

from mail.imap import FolderState
from mail.sync.tools import Visit
from models.mailbox import folders
from models.mailbox.folders import LedgerFolder


async def opened(visit: Visit, name: str) -> tuple[LedgerFolder, FolderState]:
    """
    The folder as the ledger knows it, and as the server says it stands. A UIDNEXT below what was found before begins
    it anew, as numbers may be given twice then; unless there are messages beyond it, or it was never told.
    """
    state = await visit.imap.examine(name)
    folder = await folders.opened(visit.leased, name, state.uidvalidity, uidnext=0)
    if state.uidnext < folder.watermark and not state.counted and not await visit.imap.uids(state.uidnext):
        folder = await folders.opened(visit.leased, name, state.uidvalidity, uidnext=state.uidnext)
    return folder, state


async def listed(visit: Visit, folder: LedgerFolder, state: FolderState) -> set[int]:
    """
    The UIDs of all messages of the open folder below UIDNEXT, or beyond it where messages have been found there. Where
    these are fewer than the server counts, each is asked for its own: some are found by no search.
    """
    uids = set(await visit.imap.uids(1, max(state.uidnext, folder.watermark) - 1))
    if len(uids) < state.exists:
        uids.update(await visit.imap.counted_uids())
    return uids
