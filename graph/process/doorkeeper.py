"""Whether those who follow a feed may still do so; and whether those who came were greeted (FeedReady)."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import ExitStack, aclosing, contextmanager
from typing import TypeVar

from models import session
from models.ground.together import Together
from models.viewer import Asker

PATIENCE = 5.0  # seconds that a feed may take to begin before that is a trouble to tell
E = TypeVar("E")


class Doorkeeper:
    """One for each process. `patience` is in seconds: a feed that has waited longer for its greeting is ungreeted."""

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._ask = Together(_still)
        self._coming: dict[object, float] = {}  # since when, the longest first
        self._greeted_at = 0.0

    async def still(self, viewer: Asker) -> Asker | None:
        """
        The same viewer as they are now; None where the session has ended. All deliveries of a moment are asked for in
        one statement, whichever of them is given up meanwhile. Raises what that raises.
        """
        return await self._ask(viewer)

    async def greeted(self, events: AsyncGenerator[E, None]) -> AsyncGenerator[E, None]:
        """Passes a feed on; its first event is the greeting."""
        with ExitStack() as coming:
            coming.enter_context(self.greeting())
            async with aclosing(events):
                async for event in events:
                    coming.close()
                    yield event

    @contextmanager
    def greeting(self) -> Iterator[None]:
        """Around the start of a feed. One that fails or is given up meanwhile counts as not begun."""
        feed = object()
        self._coming[feed] = asyncio.get_running_loop().time()
        try:
            yield
            self._greeted_at = asyncio.get_running_loop().time()
        finally:
            del self._coming[feed]

    @property
    def ungreeted(self) -> int:
        """How many feeds have waited for their greeting longer than they should."""
        late = asyncio.get_running_loop().time() - self.patience
        return sum(since < late for since in self._coming.values())

    @property
    def greets_nobody(self) -> bool:
        """Whether some are ungreeted and no other feed has begun since they came."""
        return self.ungreeted > 0 and self._greeted_at <= next(iter(self._coming.values()))


async def _still(viewers: Sequence[Asker]) -> Sequence[Asker | None]:
    now = await session.still_all(viewers)
    return [now.get(viewer) for viewer in viewers]
