"""What became of something that cannot be asked again is written down, however long the database is away."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog

SECONDS, AGAIN_SECONDS = 60.0, 1.0
"""How long, and how often, it is tried."""
log = structlog.get_logger("writing_down")


async def written_down(key: UUID, settle: Callable[[], Awaitable[bool]]) -> None:
    """
    Again and again while the database is away, so that what a server took does not leave twice for that. In the end the
    lease runs out, and whoever has it then takes the outcome for unknown. Raises what the last try raised.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + SECONDS
    while True:
        try:
            if not await settle():
                log.info("outcome.lost", of=str(key))
            return
        except Exception as error:
            log.warning("outcome.unwritten", of=str(key), error=type(error).__name__)
            if loop.time() > until:
                raise
            await asyncio.sleep(AGAIN_SECONDS)
