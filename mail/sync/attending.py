"""A mailbox, attended: pass after pass as long as all goes well, and its health written down (R23)."""

import asyncio
import random
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import structlog

from mail.imap import FolderState, Imap, ImapError
from mail.reaching import NotReached, reach_imap
from mail.sync.choosing import is_there, sort_out
from mail.sync.discovering import Discovered, discover, read_again
from mail.sync.sending import looking_after_sending
from mail.sync.storing import store_pending
from mail.sync.tools import FolderMissing, Tools, Visit
from models.errors import ErrorCode
from models.ground import clock
from models.mailbox import credentials, figures, folders, lease
from models.mailbox.lease import Leased, LeaseLost
from models.mailbox.signing_in import NotEntrusted, signed_in
from models.mailbox.tables import MailboxState

POLL_SECONDS = (60.0, 120.0)
"""How long INBOX is watched before everything is looked at again; so IDLE is begun anew often enough, too."""
RELEASE_SECONDS = 2.0
log = structlog.get_logger("sync")


@dataclass(eq=False, slots=True)
class Attendance:
    """A mailbox in the hands of this process. `stir` ends the watching at once, when there is something to fetch."""

    leased: Leased
    stir: asyncio.Event = field(default_factory=asyncio.Event)
    watching: bool = False


async def sync_once(mailbox_id: UUID, tools: Tools, *, owner: str = "once") -> bool:
    """
    All there is to do for one mailbox now, its health included. False where it failed (the mailbox says why), or where
    nobody may claim it: held by a worker, paused, or in need of attention.
    """
    leased = await lease.claim_one(owner, mailbox_id)
    return leased is not None and await attend(Attendance(leased), tools, once=True)


async def attend(attendance: Attendance, tools: Tools, *, once: bool = False) -> bool:
    """Until it fails, or for `once` until nothing is left to do. Gives the lease back. True where all went well."""
    leased = attendance.leased
    try:
        await _visits(attendance, tools, once=once)
    except LeaseLost:
        return False
    except NotReached as error:
        await _not_reached(leased, error)
        return False
    except ImapError as error:
        await _failed(leased, error)
        return False
    except NotEntrusted as refusal:
        await _refused(leased, refusal)
        return False
    except Exception as error:  # ours or the database's: never the end of the worker
        log.error("sync.failed", mailbox=str(leased.mailbox_id), error=type(error).__name__, at=_place_of(error))
        await _trouble(leased)
        return False
    finally:
        with suppress(Exception):
            async with asyncio.timeout(RELEASE_SECONDS):
                await lease.release(leased)
    return True


async def _visits(attendance: Attendance, tools: Tools, *, once: bool) -> None:
    """
    Where the access token has ended since the mailbox signed in, a server may end the line at any moment: nothing is
    wrong then, and it signs in anew with a fresh one.
    """
    while True:
        started = clock.now()
        try:
            return await _visit(attendance, tools, once=once)
        except ImapError:
            if not await credentials.ended_since(attendance.leased, started):
                raise


async def _visit(attendance: Attendance, tools: Tools, *, once: bool) -> None:
    leased = attendance.leased
    await figures.now(leased, MailboxState.CHECKING)
    async with await reach_imap(leased, private=tools.development, timeout=tools.timeout) as imap:
        await figures.now(leased, MailboxState.SYNCING)
        await signed_in(leased)
        async with looking_after_sending(leased, tools, once=once):
            await _attend(attendance, Visit(leased, imap, tools), once=once)


async def _attend(attendance: Attendance, visit: Visit, *, once: bool) -> None:
    thorough = True
    while True:
        inbox = await one_pass(visit, thorough=thorough)
        thorough = False
        if inbox is None:
            continue
        await figures.succeeded(visit.leased)
        if once:
            return
        await _watch(attendance, visit.imap, *inbox)


async def one_pass(visit: Visit, *, thorough: bool = True) -> tuple[str, FolderState] | None:
    """Every folder once. None where something is left to fetch; else the first folder and how it was found."""
    names, missing = await _names(visit)
    found: list[Discovered] = []
    left = False
    for name in names:
        found.append(await discover(visit, name, thorough=thorough))
        until = asyncio.get_running_loop().time() + visit.tools.slice_seconds
        left = await store_pending(visit, found[-1].folder, until=until) or left
    for each in found:
        left = await read_again(visit, each) or left
    if missing and not left:
        raise FolderMissing(f"The mailbox has no folder “{missing}”. Name the folder of sent mail as it is there.")
    return None if left else (names[0], found[0].state)


async def _names(visit: Visit) -> tuple[list[str], str | None]:
    """Of the folders to sync, and the one that should be there and is not."""
    sent = visit.leased.sent_folder
    there = sort_out(await visit.imap.folders(), sent=sent)
    names = [folder.name for folder in there if folder.why_not is None]
    if not names:
        raise FolderMissing("The mail server shows no folder that could be read.")
    await folders.listed(visit.leased, there)
    return names, sent if sent and not is_there(sent, there) else None


async def _watch(attendance: Attendance, imap: Imap, name: str, seen: FolderState) -> None:
    """Until something comes or goes in the first folder, there is something to fetch, or it is time for a look."""
    if await imap.examine(name) != seen:
        return
    attendance.stir.clear()
    attendance.watching = True
    try:
        await imap.idle(random.uniform(*POLL_SECONDS), wake=attendance.stir)  # noqa: S311 - spreads the load, no secret
    finally:
        attendance.watching = False


async def _not_reached(leased: Leased, error: NotReached) -> None:
    log.info("sync.not_reached", mailbox=str(leased.mailbox_id), code=error.code, path=error.path)
    with suppress(LeaseLost):
        await figures.failed(
            leased,
            error.code,
            error.message,
            path=error.path,
            refused=error.refused,
            hopeless=error.hopeless,
            wait=error.wait,
        )


async def _failed(leased: Leased, error: ImapError) -> None:
    log.info("sync.retrying", mailbox=str(leased.mailbox_id), code=error.code)
    path = "sentFolder" if isinstance(error, FolderMissing) else None
    with suppress(LeaseLost):
        await figures.failed(leased, error.code, error.message, path=path)


async def _refused(leased: Leased, refusal: NotEntrusted) -> None:
    """By the firm's own rules: no other try helps until a person does something."""
    log.info("sync.refused", mailbox=str(leased.mailbox_id), code=refusal.code)
    with suppress(LeaseLost):
        await figures.failed(leased, refusal.code, refusal.message, path=".".join(refusal.path), hopeless=True)


def _place_of(error: BaseException) -> str:
    """Where it happened. Not its words: a database quotes whole rows in them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-4:]))


async def _trouble(leased: Leased) -> None:
    message = "Something went wrong on our side, not in the mailbox. It is tried again by itself."
    with suppress(Exception):
        await figures.failed(leased, ErrorCode.MAILBOX_UNREACHABLE, message)
