"""A mailbox, attended: pass after pass as long as all goes well, and its health written down (R23)."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import structlog

from mail.imap import FolderState, ImapError, Refused
from mail.parse import PARSER_VERSION
from mail.reaching import reach_imap, reach_smtp
from mail.submission import Sender
from mail.sync.copies import look_after_copies
from mail.sync.failing import tell
from mail.sync.looking import look
from mail.sync.sending import looking_after_sending
from mail.sync.tools import Tools, Visit
from mail.sync.turns import Pace
from models.ground import clock
from models.ground.cancelled import heed
from models.mailbox import credentials, health, lease, reading_again
from models.mailbox.lease import Leased, LeaseLost
from models.mailbox.mailbox import MailboxState
from models.mailbox.signing_in import signed_in

POLL_SECONDS = (60.0, 110.0)
"""How long INBOX is watched before everything is looked at again; so IDLE is begun anew often enough, too."""
RELEASE_SECONDS = 2.0
log = structlog.get_logger("sync")


@dataclass(eq=False, slots=True)
class Attendance:
    """
    A mailbox in the hands of this process. `stir` ends the watching at once, when there is something to fetch, or
    somebody asks for a look: `asks` counts those that were heard. `sender`: once it is at work.
    """

    leased: Leased
    stir: asyncio.Event = field(default_factory=asyncio.Event)
    watching: bool = False
    sender: Sender | None = None
    asks: int = field(init=False)

    def __post_init__(self) -> None:
        self.asks = self.leased.asks


async def sync_once(mailbox_id: UUID, tools: Tools, *, owner: str = "once") -> bool:
    """
    All there is to do for one mailbox now, its health included. False where it failed (the mailbox says why), or where
    nobody may claim it: held by a worker, paused, or in need of attention.
    """
    leased = await lease.claim_one(owner, mailbox_id)
    return leased is not None and await attend(Attendance(leased), tools, once=True)


async def attend(attendance: Attendance, tools: Tools, *, once: bool = False) -> bool:
    """
    Until it fails, or for `once` until nothing is left to do. What is to be sent leaves beside the reading, and alone
    where that waits. Gives the lease back. True where all went well.
    """
    leased = attendance.leased
    reach = partial(reach_smtp, leased, private=tools.development, timeout=tools.timeout)
    sender = Sender(leased, reach, answer_within=tools.answer_within)
    attendance.sender = sender
    try:
        if leased.reads_in == 0:
            async with sender.at_work(once=once):
                await _visits(attendance, sender, tools, once=once)
        else:
            await sender.empty(within=leased.reads_in)
    except LeaseLost:
        return False
    except Exception as error:  # also ours or the database's: never the end of the worker
        await tell(leased, error, once=once)
        return False
    finally:
        with suppress(Exception):
            async with asyncio.timeout(RELEASE_SECONDS):
                await lease.release(leased)
    return True


async def _visits(attendance: Attendance, sender: Sender, tools: Tools, *, once: bool) -> None:
    """
    Where the access token has ended since the mailbox signed in, a server may end the line at any moment: nothing is
    wrong then, and it signs in anew with a fresh one.
    """
    while True:
        heed()
        started = clock.now()
        try:
            return await _visit(attendance, sender, tools, once=once)
        except ImapError:
            if not await credentials.ended_since(attendance.leased, started):
                raise


async def _visit(attendance: Attendance, sender: Sender, tools: Tools, *, once: bool) -> None:
    leased = attendance.leased
    await health.now(leased, MailboxState.CHECKING)
    async with await reach_imap(leased, private=tools.development, timeout=tools.timeout) as imap:
        await health.now(leased, MailboxState.SYNCING)
        await signed_in(leased)
        await reading_again.with_parser(leased, PARSER_VERSION)
        async with looking_after_sending(leased, tools, sender, once=once):
            await _attend(attendance, Visit(leased, imap, tools), once=once)


async def _attend(attendance: Attendance, visit: Visit, *, once: bool) -> None:
    await visit.imap.notify()
    pace = Pace()
    while True:
        heed()
        attendance.stir.clear()
        await pace.turn()
        looked = await look(visit)
        pace.ended(brought=visit.noted.brought)
        visit.noted.watched = looked.watched
        if looked.left or (looked.copies and await look_after_copies(visit)):
            continue
        await health.succeeded(visit.leased, looked.fault)
        if once:
            return
        if await _is_to_be_watched(visit, *looked.watched, in_vain=pace.in_vain):
            await _watch(attendance, visit, looked.watched[0])
        if attendance.stir.is_set():
            pace.hurry()


async def _is_to_be_watched(visit: Visit, name: str, state: FolderState, *, in_vain: bool) -> bool:
    """Opens it. Not where something has come meanwhile; unless it has each time, and nothing was found."""
    try:
        current = await visit.imap.examine(name)
    except Refused:
        visit.noted.changed.add(name)
        return False
    if current != state:
        visit.noted.changed.add(name)
    return current == state or in_vain


async def _watch(attendance: Attendance, visit: Visit, name: str) -> None:
    """Until something comes or goes in the open folder, there is something to fetch, or it is time for a look."""
    attendance.watching = True
    try:
        seconds = random.uniform(*POLL_SECONDS)  # noqa: S311 - spreads the load, no secret
        if await visit.imap.idle(seconds, wake=attendance.stir):
            visit.noted.changed.add(name)
    finally:
        attendance.watching = False
