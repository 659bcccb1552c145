"""
The door for sending is looked at beside the reading: whether the mailbox may sign in there, with the same secret. No
letter is sent, and whatever is wrong there is told and holds up nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from mail.reaching import NotReached, reach_smtp
from mail.submission import Sender
from mail.sync.tools import Tools
from models.ground.cancelled import heed
from models.mailbox import sending_door
from models.mailbox.lease import Leased, LeaseLost

AGAIN_SECONDS = 60.0
"""After trouble of our own."""
log = structlog.get_logger("sync")


@asynccontextmanager
async def looking_after_sending(leased: Leased, tools: Tools, sender: Sender, *, once: bool) -> AsyncIterator[None]:
    """As long as the block lasts; with `once` it lasts until the door has been looked at, if that is due."""
    looking = asyncio.create_task(_look_once(leased, tools, sender) if once else _look(leased, tools, sender))
    try:
        yield
        if once:
            await looking
    finally:
        looking.cancel()
        await asyncio.wait([looking])


async def _look(leased: Leased, tools: Tools, sender: Sender) -> None:
    """
    Until it is found open, and again when it was found shut by what was to be sent. Whoever changes the mailbox ends
    this visit, and with the next one it begins anew.
    """
    while True:
        heed()
        try:
            seconds = await sending_door.due_in(leased)
            if seconds is None:
                await sender.shut.wait()
                sender.shut.clear()
                continue
            await asyncio.sleep(seconds)
            await _look_once(leased, tools, sender)
        except LeaseLost:
            return
        except Exception as error:  # the database is away
            log.warning("sync.sending_not_looked_at", mailbox=str(leased.mailbox_id), error=type(error).__name__)
            await asyncio.sleep(AGAIN_SECONDS)


async def _look_once(leased: Leased, tools: Tools, sender: Sender) -> None:
    async with sender.door:
        if await sending_door.due_in(leased) == 0:
            await look(leased, tools)


async def look(leased: Leased, tools: Tools) -> None:
    """Raises LeaseLost."""
    try:
        smtp = await reach_smtp(leased, private=tools.development, timeout=tools.timeout)
    except NotReached as error:
        log.info("sync.sending_shut", mailbox=str(leased.mailbox_id), code=error.code, path=error.path)
        await sending_door.found_shut(leased, error.code, error.message, path=error.path, wait=error.wait)
        return
    await smtp.close()
    await sending_door.found_open(leased)
