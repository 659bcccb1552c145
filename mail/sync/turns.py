"""Taking turns: how long a folder may hold up the others, and how soon a mailbox is looked at again."""

import asyncio

from mail.imap import FolderState, Refused
from mail.sync.tools import Visit

PEEK_SECONDS = 0.25
"""How often, while another folder's history is fetched, the one that is watched is asked for something new."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 4.0
"""Between the beginnings of two passes, of which the first found nothing: some servers call for each other second."""
SHORTEST_PAUSE = 0.05
IN_VAIN = 3


class Turn:
    """
    Of one folder. Until its time is over, or something has come in the folder that is watched. Where that is the open
    one the server says so by itself: then some history has been fetched first, so that it gets on however fast letters
    come, or PEEK_SECONDS have passed.
    """

    def __init__(self, visit: Visit, folder_name: str) -> None:
        self._visit, self._folder_name = visit, folder_name
        self._loop = asyncio.get_running_loop()
        self._end = self._loop.time() + visit.tools.slice_seconds
        self._peek = self._loop.time() + PEEK_SECONDS
        self._got_on = False

    def fetches(self, *, history: bool) -> None:
        self._got_on = self._got_on or history

    async def is_over(self) -> bool:
        if self._loop.time() >= self._end:
            return True
        noted = self._visit.noted
        if noted.watched and await self._has_come(*noted.watched):
            noted.called = True
            noted.changed.add(noted.watched[0])
        return noted.called

    async def _has_come(self, name: str, state: FolderState) -> bool:
        is_time = self._loop.time() >= self._peek
        if name == self._folder_name:
            return (is_time or self._got_on) and self._visit.imap.has_news
        if not is_time:
            return False
        differs = await _differs(self._visit, name, state)
        self._peek = self._loop.time() + PEEK_SECONDS
        return differs


async def _differs(visit: Visit, name: str, state: FolderState) -> bool:
    try:
        current = await visit.imap.status(name)
    except Refused:
        return False
    return current is not None and current != state


class Pace:
    """Passes of one mailbox: a server may say at each look that something has come, and nothing has."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._earliest, self._barren = 0.0, 0

    @property
    def in_vain(self) -> bool:
        """Pass after pass has found nothing."""
        return self._barren >= IN_VAIN

    async def turn(self) -> None:
        """Returns when the next pass may begin."""
        await asyncio.sleep(max(0.0, self._earliest - self._loop.time()))
        self._began = self._loop.time()

    def ended(self, *, brought: bool) -> None:
        self._barren = 0 if brought else self._barren + 1
        pause = SHORTEST_PAUSE if brought else min(FIRST_PAUSE * 2 ** min(self._barren - 1, 9), LONGEST_PAUSE)
        self._earliest = self._began + pause

    def hurry(self) -> None:
        """It was not the server who called."""
        self._earliest = 0.0
