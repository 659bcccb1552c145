"""The worker: mail in, letters out, errands, Inbox+, bulk updates, old rows. In the server's process, or its own."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import structlog

from graph.process.collector import collect_rarely
from graph.process.logs import log_plainly
from graph.process.opening import opened
from mail.outbox import Outbox, Route
from mail.parsing import ParserPool
from mail.returns.place import Place
from mail.returns.running import ReturnReader
from mail.sync import Worker
from models import bulk_update, client_import, feed, journal, mailbox
from models.errand.running import Errands
from models.ground.rounds import Rounds
from models.ground.settings import Settings
from models.housekeeping import Housekeeper
from models.inbox_mail import Messenger
from models.mailbox.ending import Endings

AnyWorker = Worker | ReturnReader | Outbox | Rounds | Housekeeper
log = structlog.get_logger("running")


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    """Runs a worker in this process: mail in, letters out where settings say how, letters of Inbox+, cleaning up."""
    await mailbox.take_up_ports()
    async with ParserPool() as parsers:
        workers = _workers(settings, parsers)
        running = [asyncio.create_task(worker.run()) for worker in workers]
        try:
            yield
        finally:
            await asyncio.gather(*(worker.stop() for worker in workers))
            await asyncio.gather(*running)


def _workers(settings: Settings, parsers: ParserPool) -> list[AnyWorker]:
    workers: list[AnyWorker] = [
        Worker(development=settings.development, parsers=parsers, wakes=_changed),
        Errands(),
        Messenger(),
        bulk_update.Runner(),
        client_import.Runner(),
        Endings(),
        Housekeeper(),
    ]
    if (route := Route.of(settings)) is not None:
        workers.append(Outbox(route))
    else:
        log.warning("letters wait", why=settings.letters_wait)
    if (place := Place.of(settings)) is not None:
        workers.append(ReturnReader(place, parsers))
    return workers


async def _changed(firm_id: UUID) -> None:
    """Returns when the firm's journal has grown since this call; the worker looks for itself at what came before."""
    await feed.hub.changed(firm_id, await journal.head(firm_id))


async def work(settings: Settings) -> None:
    """Works until SIGINT or SIGTERM."""
    log_plainly(settings)
    async with opened(settings), working(settings):
        collect_rarely()
        await told_to_stop()


async def told_to_stop() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
