"""Redis as the channel, beside PostgreSQL: `redis://`, `rediss://` (TLS) or `unix://`. Needs the extra `redis`."""

import asyncio
from contextlib import suppress

from broadcaster._backends.redis import RedisBackend  # pinned; tests/test_wakeups_redis.py holds what we lean on


class Redis(RedisBackend):
    """broadcaster's, except that leaving never talks to the server: a frozen one would keep us for ever."""

    async def unsubscribe(self, channel: str) -> None:
        """We hang up instead."""

    async def disconnect(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait([self._listener], timeout=1)
        with suppress(Exception):  # it may be gone already
            await self._pubsub.aclose()  # type: ignore[no-untyped-call]
        await self._conn.aclose()
