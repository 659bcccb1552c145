"""
What went wrong with a visit, in plain words, and where to mend it (R23). How long until the next try:
models.mailbox.health.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import chain, repeat
from pathlib import Path

import structlog

from mail.imap import ImapError
from mail.reaching import NotReached
from models.errors import ErrorCode
from models.ground import store
from models.mailbox import health
from models.mailbox.lease import Leased
from models.mailbox.signing_in import NotEntrusted

PAUSES, LONGEST_PAUSE = (0.2, 1.0, 3.0, 9.0), 15.0
"""Seconds between attempts to write it down, where the database is away, or takes nothing."""
_OURS = "Something went wrong on our side, not in the mailbox."
_AGAIN = "It is tried again by itself."
log = structlog.get_logger("sync")


async def tell(leased: Leased, error: Exception, *, once: bool) -> None:
    """
    Written down where the team sees it. Until that is done the mailbox is held: whoever takes it next would sign in at
    once and fail anew, and mail servers shut out who comes too often. With `once` there is one attempt.
    """
    write = _telling(leased, _cause(error))
    for pause in chain(PAUSES, repeat(LONGEST_PAUSE)):
        try:
            return await write()
        except Exception as away:
            log.warning("sync.failure_unwritten", mailbox=str(leased.mailbox_id), error=type(away).__name__)
        if once:
            return None
        await asyncio.sleep(pause)
    return None


def _telling(leased: Leased, error: BaseException) -> Callable[[], Awaitable[None]]:
    failed = partial(health.failed, leased)
    mailbox = str(leased.mailbox_id)
    match error:
        case NotReached():
            log.info("sync.not_reached", mailbox=mailbox, code=error.code, path=error.path)
            how = partial(failed, refused=error.refused, hopeless=error.hopeless, wait=error.wait)
            return partial(how, error.code, error.message, path=error.path)
        case ImapError():
            log.info("sync.retrying", mailbox=mailbox, code=error.code)
            return partial(failed, error.code, error.message)
        case NotEntrusted():  # by the firm's own rules
            log.info("sync.refused", mailbox=mailbox, code=error.code)
            return partial(failed, error.code, error.message, path=".".join(error.path), hopeless=True)
    log.error("sync.failed", mailbox=mailbox, error=type(error).__name__, at=_place_of(error))
    return partial(failed, ErrorCode.MAILBOX_UNREACHABLE, f"{_OURS} {_which(error)}{_AGAIN}", ours=True)


def _cause(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _which(error: BaseException) -> str:
    """Which part of ours is to be mended, where that is known."""
    return f"{error.why} " if isinstance(error, store.Away) else ""


def _place_of(error: BaseException) -> str:
    """Where it happened. Not its words: a database quotes whole rows in them."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-4:]))
