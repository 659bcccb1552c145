"""
What was sent stands once in Sent. Whoever holds the mailbox looks for it there, and puts the same bytes there where its
server does not do so by itself; looks again before each try, as whoever tried before may have been killed in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from mail.imap import Refused
from mail.own_email import SIGNED, signed
from mail.sync.discovering import discover
from mail.sync.providers import keeps_copies
from mail.sync.tools import Visit
from models.ground import files
from models.ground.checkpoint import checkpoint
from models.mailbox import folder_list
from models.mailbox.folder_list import KnownFolder
from models.mailbox.mailbox import FolderKind
from models.mailbox.put import Put
from models.submission import copies, settling
from models.submission.copies import Copy

_NO_FOLDER = "There is no folder of sent mail to put it into."
_NOT_KEPT = (
    "The mail server keeps copies of what is sent by itself, as the mailbox's settings say (keepsSent), and has none of"
    " this one."
)
_LOST = "The file of what was sent is not there any more."
_SENT = (FolderKind.SENT, FolderKind.ALL)
log = structlog.get_logger("sync")


async def look_after_copies(visit: Visit) -> bool:
    """True: one was put there under a number that nobody told, so the folder is to be looked at. Raises ImapError."""
    leased, due = visit.leased, await copies.due(visit.leased)
    if not due:
        return False
    if due[0].keeps is None and keeps_copies(leased, visit.imap):
        await copies.server_keeps(leased, True)
        return False
    places = await _places(visit)
    try:
        await places.bring_up_to_date(visit)
    except Refused as refusal:
        for copy in due:
            await _unlooked(copy, refusal.message)
        return False
    return any([await _look_after(visit, places, copy) for copy in await copies.due(leased)])


@dataclass(frozen=True, slots=True)
class _Places:
    """Where to look: folders that are read. `put_in`: where a copy belongs, read or not."""

    read: Sequence[KnownFolder]
    put_in: str | None

    async def bring_up_to_date(self, visit: Visit) -> None:
        """Whatever says by our header that it was sent from here is settled on the way."""
        for folder in self.read:
            await discover(visit, folder)

    @property
    def unread(self) -> str | None:
        """Where a copy belongs, if nobody reads what lies there."""
        return None if self.put_in in {folder.name for folder in self.read} else self.put_in


async def _places(visit: Visit) -> _Places:
    folders = [folder for folder in await folder_list.known(visit.leased) if folder.ledger.kind in _SENT]
    marked = {folder.name for folder in await visit.imap.folders() if "\\Sent" in folder.special_use}
    fit = [folder for folder in folders if folder.ledger.kind is FolderKind.SENT]
    fit.sort(key=lambda folder: (folder.name not in marked, not folder.synced, folder.name))
    return _Places([folder for folder in folders if folder.synced], fit[0].name if fit else None)


async def _unlooked(copy: Copy, why: str) -> None:
    """The folder cannot be opened: nobody knows what lies there."""
    await copies.later(copy)
    if not copy.uncertain:
        await copies.failed(copy, why)


async def _look_after(visit: Visit, places: _Places, copy: Copy) -> bool:
    is_there = await _is_there(visit, places, copy)
    checkpoint("looked for in Sent")
    if copy.uncertain:
        await (settling.found_in_sent if is_there else settling.not_in_sent)(copy.firm_id, copy.id)
    if is_there:
        await copies.is_there(visit.leased, copy)
    elif copy.keeps and copy.is_set:
        await copies.given_up(copy, _NOT_KEPT)
    elif not copy.uncertain:
        return await _put(visit, places.put_in, copy)
    return False


async def _is_there(visit: Visit, places: _Places, copy: Copy) -> bool:
    """Also without our header, which some servers take out; and in a folder that is not read."""
    if await copies.is_listed(visit.leased, copy, [folder.ledger.id for folder in places.read]):
        return True
    if places.unread is None:
        return False
    await visit.imap.examine(places.unread)
    for field, value in (("Message-ID", f"<{copy.message_id}>"), (SIGNED, signed(copy.id))):
        if await visit.imap.with_header(field, value, since=copy.written_at - copies.DAYS_APART):
            return True
    return False


async def _put(visit: Visit, folder: str | None, copy: Copy) -> bool:
    try:
        size, content = await files.measured(copy.firm_id, copy.file)
    except FileNotFoundError:
        await copies.given_up(copy, _LOST)
        return False
    except files.Away as away:
        await copies.later(copy)
        await copies.failed(copy, away.why)
        return False
    if not await copies.begin(visit.leased, copy):
        return False
    if folder is None:
        await copies.failed(copy, _NO_FOLDER)
        return False
    try:
        async with visit.tools.batches:
            number = await visit.imap.append(folder, content, size=size, at=copy.sent_at)
    except Refused as refusal:
        log.info("sync.copy_refused", mailbox=str(visit.leased.mailbox_id), code=refusal.response_code)
        await copies.failed(copy, refusal.message)
        return False
    checkpoint("appended")
    place = (folder, number.uidvalidity, number.uid, copy.id, copy.message_id) if number else None
    await copies.was_put(visit.leased, copy, Put(*place, size, copy.sent_at) if place else None)
    checkpoint("copy noted")
    if not number:
        visit.noted.changed.add(folder)
    return not number
