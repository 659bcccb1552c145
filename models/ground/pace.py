"""Answers that take the same time whatever was found, where the time would tell what the words do not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic


@asynccontextmanager
async def even_pace(seconds: float) -> AsyncIterator[None]:
    """The block ends no sooner than `seconds` after it began, however it ends."""
    ends = monotonic() + seconds
    try:
        yield
    finally:
        await asyncio.sleep(ends - monotonic())
