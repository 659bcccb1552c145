"""For whoever starts, stops and balances processes: does this one live, and may it be sent requests?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from graph.process.doorkeeper import Doorkeeper
from models import feed, return_mailbox
from models.errand import overview as errands
from models.ground import store

PATIENCE = 3.0  # seconds that the database gets to answer
ERRANDS_WAIT = (
    "Who asks for a new password or a new invitation gets no letter: nobody does these errands. Start"
    " `switchboard worker`, or `serve` without `--no-worker`."
)
NO_STORE = {"cache-control": "no-store"}
log = structlog.get_logger("health")


async def healthz(_: Request) -> Response:
    """200 as long as the process answers. Asks nobody else, whom a restart of it would not mend."""
    return PlainTextResponse("alive\n", headers=NO_STORE)


async def readyz(request: Request) -> Response:
    """200: send requests. 503: not now, with a line for each reason."""
    troubles = [line async for line in _troubles(request)]
    if not troubles:
        remarks = [line async for line in _remarks(request)]
        return PlainTextResponse("\n".join(["ready", *remarks, ""]), headers=NO_STORE)
    return PlainTextResponse("\n".join([*troubles, ""]), 503, headers=NO_STORE)


async def _remarks(request: Request) -> AsyncIterator[str]:
    if not feed.hub.hears:
        yield "The channel of wake-ups is silent: events come some seconds late."
    doorkeeper = request.app.state.doorkeeper
    if doorkeeper.ungreeted and not doorkeeper.greets_nobody:
        yield f"{_ungreeted(doorkeeper)} Others do begin."
    if (why := request.app.state.settings.letters_wait) is not None:
        yield why
    if request.app.state.settings.return_mailbox is not None and (why := await _unread()) is not None:
        yield why
    if await _errands_wait():
        yield ERRANDS_WAIT


async def _unread() -> str | None:
    """Why no reports on letters are read, which keeps nobody from being served."""
    with suppress(Exception):  # the database has gone since it was asked
        async with asyncio.timeout(PATIENCE):
            return (await return_mailbox.state()).trouble
    return None


async def _errands_wait() -> bool:
    with suppress(Exception):
        async with asyncio.timeout(PATIENCE):
            return await errands.stand_still()
    return False


async def _troubles(request: Request) -> AsyncIterator[str]:
    if request.app.state.sockets.draining:
        yield "The process is shutting down."
    if request.app.state.doorkeeper.greets_nobody:
        yield f"{_ungreeted(request.app.state.doorkeeper)} No other begins: restart the process if that lasts."
    try:
        async with asyncio.timeout(PATIENCE):
            if missing := await store.pending_migrations():
                yield f"The database lacks {len(missing)} migrations. Run `switchboard migrate`."
            await store.save_again()
    except Exception as error:
        log.warning("health.no_database", error=type(error).__name__)
        yield store.why(error)


def _ungreeted(doorkeeper: Doorkeeper) -> str:
    return f"Feeds that wait for longer than {doorkeeper.patience:g} seconds to begin: {doorkeeper.ungreeted}."
