"""Rows that nobody can use any more are thrown away, by each worker once an hour. The journal is kept for good."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from models import errand, idempotency, inbox_mail, notification, stored_file, upload
from models.ground import clock, store

EVERY = timedelta(hours=1)
AT_ONCE = 10_000
"""Rows of one statement: it holds nobody up, and what a kill cuts short is small."""
AGREE = timedelta(minutes=5)
"""How far our clock and the database's may be apart: whoever is further out takes what is young for old."""
log = structlog.get_logger("housekeeping")


class ClocksDisagree(Exception):
    """Ours and the database's. `apart`: how far ours is ahead."""

    def __init__(self, apart: timedelta) -> None:
        super().__init__(f"The clock of this machine and the database's are {abs(apart)} apart.")
        self.apart = apart


def _outlived() -> Mapping[str, tuple[str, datetime]]:
    """By table: until when a moment of a row may be past."""
    now = clock.now()
    return {
        "idempotency": ("used_at", now - idempotency.KEPT_FOR),
        "session": ("expires_at", now),
        "inbox_digest": ("written_at", now - inbox_mail.KEPT_FOR),
        "errand": ("asked_at", now - errand.KEPT_FOR),
        "notification": ("gone_at", now - notification.GONE_KEPT_FOR),
    }


async def sweep(*, at_once: int = AT_ONCE) -> dict[str, int]:
    """
    Idempotency keys after their 30 days, sessions that have expired, after a year that a digest was written, errands
    that have failed for a day, entries of Inbox+ that became part of another 30 days ago, uploads of more than a day
    ago: how many went, by table; and of files that nothing names.

    Raises ClocksDisagree where nobody knows what is old.
    """
    await _must_agree()
    gone = {table: await _throw_away(table, *past, at_once) for table, past in _outlived().items()}
    return gone | {"upload": await upload.sweep(at_once=at_once), "files": await stored_file.sweep()}


async def _must_agree() -> None:
    apart: timedelta = clock.now() - await store.value("SELECT clock_timestamp()")
    if abs(apart) > AGREE:
        raise ClocksDisagree(apart)


async def _throw_away(table: str, moment: str, before: datetime, at_once: int) -> int:
    query = f"""
      DELETE FROM {table} WHERE id IN (
        SELECT id FROM {table} WHERE {moment} < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)"""
    gone = 0
    while some := await store.execute(query, before, at_once):
        gone += some
    return gone


class Housekeeper:
    """`await run()` until `await stop()`. Any number of them: they leave each other's rows alone."""

    def __init__(self) -> None:
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Survives whatever the database does: what it could not throw away waits for the next hour."""
        while not self._stopping.is_set():
            try:
                if any((gone := await sweep()).values()):
                    log.info("housekeeping.swept", **gone)
            except ClocksDisagree as error:
                log.warning("housekeeping.nothing_thrown_away", why=str(error), do="Set the clock that is wrong.")
            except Exception as error:
                log.warning("housekeeping.failed", error=type(error).__name__)
            try:
                await asyncio.wait_for(self._stopping.wait(), EVERY.total_seconds())
            except TimeoutError:
                continue

    async def stop(self) -> None:
        self._stopping.set()
