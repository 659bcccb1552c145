"""
How often one address may be tried, from one network and from anywhere, and one network may try.

Counted by each process in memory; by all of them together where Redis carries the wake-ups (extra `redis`). A Redis
that is away or frozen keeps nobody waiting for longer than a moment: meanwhile each process counts by itself.
"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import structlog
from limits import RateLimitItem
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError

from models.errors import RateLimited
from models.ground import keys
from models.ground.network import network_of

PATIENCE = 0.5  # seconds for an answer of Redis
log = structlog.get_logger("attempts")
_together: MovingWindowRateLimiter | None = None
_connections: Any = None


class Memory(MemoryStorage):
    """limits' own takes a key away while its pass over all keys is about to look at it, which ends in an error."""

    async def clear(self, key: str) -> None:
        """What is left of the key goes with the next pass."""
        if key in self.events:
            self.events[key] = []


class Attempts:
    """
    `name` tells what is tried from all else; `message`: what whoever tried too often is told.

    Tightly by address and network together (`pair`), so that who tries in vain stops themselves; loosely by address
    from anywhere (`address`); and by network, whatever the address (`caller`). A device that is known to be the
    address's own is counted by itself (`device`), and with the others that are known in its network (`devices`),
    instead, so that no stranger stops it, not even one in the same office; where either is too many, it is a
    stranger's.
    """

    def __init__(
        self,
        name: str,
        message: str,
        *,
        address: RateLimitItem,
        caller: RateLimitItem,
        pair: RateLimitItem | None = None,
        device: RateLimitItem | None = None,
        devices: RateLimitItem | None = None,
    ) -> None:
        self.per_address, self.per_caller, self.per_pair = address, caller, pair
        self.per_device, self.per_devices = device, devices
        self._name, self._message = name, message
        self._alone = MovingWindowRateLimiter(Memory())

    async def count(self, address_key: str, caller: str, *, device: str | None = None) -> None:
        """
        One more. `caller`: a network address. `device`: what tells a device of theirs from others. What is refused for
        the network or the pair does not count for the address.

        Raises RATE_LIMITED where that is too many.
        """
        if device and await self._is_of_theirs(device, caller):
            return
        self._check(await self._hit(self.per_caller, f"caller {network_of(caller)}"))
        if self.per_pair:
            self._check(await self._hit(self.per_pair, _pair(address_key, caller)))
        self._check(await self._hit(self.per_address, f"address {address_key}"))

    async def _is_of_theirs(self, device: str, caller: str) -> bool:
        """And has not had its share."""
        # its own first: who has had that takes nothing of the others'
        shares = (self.per_device, f"device {device}"), (self.per_devices, f"devices {network_of(caller)}")
        for item, subject in shares:
            if item is None or await self._hit(item, subject):
                return False
        return True

    async def forgive(self, address_key: str, caller: str = "", *, device: str | None = None) -> None:
        """Whoever it was has come in: their attempts count no longer. Those of the network, and other pairs, do."""
        await self._clear(self.per_address, f"address {address_key}")
        if self.per_pair:
            await self._clear(self.per_pair, _pair(address_key, caller))
        if device and self.per_device:
            await self._clear(self.per_device, f"device {device}")

    def _check(self, again_at: datetime | None) -> None:
        if again_at:
            raise RateLimited(self._message, retry_at=again_at)

    async def _hit(self, item: RateLimitItem, subject: str) -> datetime | None:
        return await self._full_until(item, self._hashed(subject))

    async def _clear(self, item: RateLimitItem, subject: str) -> None:
        hashed = self._hashed(subject)
        await self._alone.clear(item, hashed)
        if _together is not None:
            with suppress(StorageError, OSError):  # away: then they count on
                await _together.clear(item, hashed)

    def _hashed(self, subject: str) -> str:
        return keys.installation().signature("attempts", f"{self._name} {subject}")

    async def _full_until(self, item: RateLimitItem, hashed: str) -> datetime | None:
        """Redis is not told who it is, only a keyed hash."""
        if _together is not None:
            try:
                return await _counted(_together, item, hashed)
            except (StorageError, OSError) as error:
                cause = error.storage_error if isinstance(error, StorageError) else error
                log.warning("attempts.counted_alone", error=type(cause).__name__)
        return await _counted(self._alone, item, hashed)

    async def forget(self) -> None:
        """Starts counting anew, as a restart does; what is counted together stays."""
        self._alone = MovingWindowRateLimiter(Memory())


def _pair(address_key: str, caller: str) -> str:
    return f"pair {network_of(caller)} {address_key}"


async def _counted(limiter: MovingWindowRateLimiter, item: RateLimitItem, hashed: str) -> datetime | None:
    if await limiter.hit(item, hashed):
        return None
    return datetime.fromtimestamp((await limiter.get_window_stats(item, hashed)).reset_time, UTC)


async def share(url: str | None) -> None:
    """From now on. `url`: of what carries the wake-ups, of which only Redis counts. None: each process by itself."""
    global _together, _connections
    if _connections is not None:
        await _connections.aclose()
    _together = _connections = None
    if url and not url.startswith("postgres"):
        _connections = _pool(url)
        storage = RedisStorage(
            "async+redis://", implementation="redispy", wrap_exceptions=True, connection_pool=_connections
        )
        _together = MovingWindowRateLimiter(storage)


def _pool(url: str) -> Any:
    from redis.asyncio import ConnectionPool  # an extra: only who uses it needs it
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    never = Retry(NoBackoff(), 0)
    return ConnectionPool.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=never)
