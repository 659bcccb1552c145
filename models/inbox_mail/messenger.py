"""Looks for letters and digests that are due, for as long as the process lives."""

import asyncio

from models.ground.rounds import Rounds
from models.inbox_mail.digests import write_digests
from models.inbox_mail.entries import write_entries

LOOK_SECONDS = 1.0
DIGEST_SECONDS = 30.0


class Messenger(Rounds):
    """Any number of them: of a firm one writes at a time."""

    def __init__(self) -> None:
        super().__init__("inbox_mail", LOOK_SECONDS)
        self._digests_at = 0.0

    async def look(self) -> None:
        await write_entries()
        if (now := asyncio.get_running_loop().time()) >= self._digests_at:
            await write_digests()
            self._digests_at = now + DIGEST_SECONDS
