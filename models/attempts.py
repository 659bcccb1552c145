"""How often one address may be tried, and one caller may try. Counted in memory, for each process by itself."""

from datetime import UTC, datetime

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from models.errors import RateLimited


class Attempts:
    """`message`: what whoever tried too often is told."""

    def __init__(self, message: str, *, address: RateLimitItem, caller: RateLimitItem) -> None:
        self.per_address, self.per_caller = address, caller
        self._message = message
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def count(self, address_key: str, caller: str) -> None:
        """One more. `caller`: a network address. Raises RATE_LIMITED where that is too many."""
        for item, who in ((self.per_address, f"address {address_key}"), (self.per_caller, f"caller {caller}")):
            if not await self._limiter.hit(item, who):
                again_at = datetime.fromtimestamp((await self._limiter.get_window_stats(item, who)).reset_time, UTC)
                raise RateLimited(self._message, retry_at=again_at)

    async def forget(self) -> None:
        """Starts counting anew, as a restart does."""
        await self._limiter.storage.reset()
