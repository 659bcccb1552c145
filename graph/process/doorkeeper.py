"""Whether whoever follows a feed may still hear of it; and whether those who came were greeted."""

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
        The same session as it is now; None where it has ended. All who are to be told at the same moment are asked for
        in one statement, whichever of them gives up meanwhile. Raises what that raises.
        """
        return await self._ask(viewer)

    async def greeted(self, events: AsyncGenerator[E, None]) -> AsyncGenerator[E, None]:
        """The same; the first is its greeting."""
        with ExitStack() as coming:
            coming.enter_context(self.greeting())
            async with aclosing(events):
                async for event in events:
                    coming.close()
                    yield event

    @contextmanager
    def greeting(self) -> Iterator[None]:
        """Around what a feed does until it has begun. A feed that fails or is given up meanwhile has not begun."""
        it = object()
        self._coming[it] = asyncio.get_running_loop().time()
        try:
            yield
            self._greeted_at = asyncio.get_running_loop().time()
        finally:
            del self._coming[it]

    @property
    def ungreeted(self) -> int:
        """Feeds that have waited for longer than they should."""
        late = asyncio.get_running_loop().time() - self.patience
        return sum(since < late for since in self._coming.values())

    @property
    def greets_nobody(self) -> bool:
        """Some are ungreeted, and since they came no other feed has begun either."""
        return self.ungreeted > 0 and self._greeted_at <= next(iter(self._coming.values()))


async def _still(viewers: Sequence[Asker]) -> Sequence[Asker | None]:
    now = await session.still_all(viewers)
    return [now.get(viewer) for viewer in viewers]
