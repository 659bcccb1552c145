"""Every UID of a folder gets its row in the ledger, and the figures of both sides are made to agree (R22)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mail.imap import FolderState, Garbage, Header, Unfetchable, Unreachable
from mail.parse import ParsedHeaders
from mail.sync.certified import with_people_inside
from mail.sync.numbering import listed, opened
from mail.sync.own_emails import with_own_emails
from mail.sync.reading import found
from mail.sync.reports import own_reports
from mail.sync.tools import Visit
from models import firm_key
from models.ground.checkpoint import checkpoint
from models.mailbox import backlog, folders, ledger
from models.mailbox.backlog import MOST_CUTS, MOST_TRIES
from models.mailbox.folder_list import KnownFolder
from models.mailbox.folders import LedgerFolder
from models.mailbox.ledger import Found
from models.mailbox.mailbox import SkipReason

HEADERS_AT_ONCE = 200
NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)
ONCE = MOST_CUTS // MOST_TRIES  # a refusal weighs as much as so many broken lines
ROUNDS = 3
"""Mail that comes or goes between two questions makes them disagree: then both are asked again."""


@dataclass(frozen=True, slots=True)
class Discovered:
    """
    `state` as the server told it. `unread`: UIDs whose headers it did not hand out in earlier passes. `doubt`: its
    figures have disagreed for too long, in plain words.
    """

    folder: LedgerFolder
    state: FolderState
    unread: Sequence[int]
    doubt: str | None = None


async def discover(visit: Visit, known_folder: KnownFolder) -> Discovered:
    """
    Opens the folder and brings its ledger up to date. For the first time in a visit they are compared UID by UID, not
    only by their number.

    Raises ImapError, LeaseLost.
    """
    for _ in range(ROUNDS):
        folder, state = await opened(visit, known_folder.name)
        unread = await ledger.unread(visit.leased, folder)
        await _list(visit, folder, state)
        if await _agrees(visit, folder, state, thorough=folder.id not in visit.noted.compared):
            await folders.scanned(visit.leased, folder, on_server=state.exists)
            visit.noted.compared.add(folder.id)
            visit.noted.changed.discard(folder.name)
            return Discovered(folder, state, unread)
    why = (
        f"The mail server counts {state.exists} messages in {known_folder.name} and lists another number of them."
        " It is asked again by itself."
    )
    await folders.doubted(visit.leased, folder, why, on_server=state.exists)
    return Discovered(folder, state, unread, why if known_folder.doubts >= folders.MOST_DOUBTS else None)


async def lose(visit: Visit, known_folder: KnownFolder) -> None:
    """Opens the folder and puts down what is not there any more, before what is new anywhere is looked at."""
    folder, state = await opened(visit, known_folder.name)
    if folder.scanned:
        await _compare(visit, folder, state)


async def read_again(visit: Visit, looked: Discovered) -> bool:
    """Headers that were not handed out, one by one and behind all else: True where some of it is to be fetched."""
    if not looked.unread or (await visit.imap.examine(looked.folder.name)).uidvalidity != looked.folder.uidvalidity:
        return False
    for uid in looked.unread:
        await _read(visit, looked.folder, [uid])
    return await backlog.remains(visit.leased, looked.folder)


async def _list(visit: Visit, folder: LedgerFolder, state: FolderState) -> None:
    """UIDNEXT was read before the first question, and only what is below it is asked for: the watermark is sound."""
    new = await visit.imap.uids(folder.watermark, state.uidnext - 1)
    await _read(visit, folder, new)
    if folder.watermark < state.uidnext:
        await ledger.found(visit.leased, folder, [], watermark=state.uidnext)


async def _read(visit: Visit, folder: LedgerFolder, uids: Sequence[int]) -> None:
    for start in range(0, len(uids), HEADERS_AT_ONCE):
        batch = uids[start : start + HEADERS_AT_ONCE]
        visit.noted.brought = True
        try:
            read = await _headers(visit, folder, batch)
        except (Garbage, Unreachable) as error:  # one of them may be the cause: the others must not wait for it
            tries = ONCE if len(batch) == 1 and isinstance(error, Garbage) else 1
            unread = [_unread(Unfetchable(uid, error.message), tries) for uid in batch]
            await ledger.found(visit.leased, folder, unread, watermark=batch[-1] + 1)
            visit.noted.blamed = True
            raise
        checkpoint("after the headers of a batch")
        await ledger.found(visit.leased, folder, read, watermark=batch[-1] + 1)
        checkpoint("after the ledger of a batch")


async def _headers(visit: Visit, folder: LedgerFolder, uids: Sequence[int]) -> list[Found]:
    answers = [answer async for answer in visit.imap.headers(uids)]
    headers = [answer for answer in answers if isinstance(answer, Header)]
    results = await visit.tools.parsers.read_headers([header.header for header in headers])
    key = await firm_key.of(visit.leased.firm_id)  # in a thread, since a header may name 2,000 people
    pairs = list(zip(headers, results, strict=True))
    read = await asyncio.to_thread(lambda: [found(key, *pair) for pair in pairs])
    readable = {header.uid: (header, parsed) for header, parsed in pairs if isinstance(parsed, ParsedHeaders)}
    read = await with_own_emails(visit.leased.firm_id, folder, read, readable)
    if envelopes := {uid for uid, (_, parsed) in readable.items() if parsed.envelope}:
        read = await with_people_inside(visit, folder, read, envelopes)
    if folder.scanned:  # reports of the past are about letters of the past
        read = await own_reports(visit, read, {uid for uid, (_, parsed) in readable.items() if parsed.report})
    unread = [_unread(answer, ONCE) for answer in answers if isinstance(answer, Unfetchable)]
    return sorted([*read, *unread], key=lambda header: header.uid)


def _unread(answer: Unfetchable, tries: int) -> Found:
    return Found(answer.uid, 0, NO_DATE, skip=SkipReason.UNREADABLE, reason=answer.reason, tries=tries)


async def _agrees(visit: Visit, folder: LedgerFolder, state: FolderState, *, thorough: bool) -> bool:
    if not thorough and await ledger.count(visit.leased, folder) == state.exists:
        return True
    there, in_ledger = await _compare(visit, folder, state)
    missed = sorted(there - in_ledger)
    await _read(visit, folder, missed)
    return not missed and len(there) == state.exists


async def _compare(visit: Visit, folder: LedgerFolder, state: FolderState) -> tuple[set[int], set[int]]:
    """UIDs that the server lists, and those that the ledger has. What is not there any more is gone."""
    there = await listed(visit, folder, state)
    in_ledger = await ledger.uids(visit.leased, folder)
    if vanished := in_ledger - there:
        visit.noted.brought = True
        await ledger.gone(visit.leased, folder, vanished)
    return there, in_ledger
