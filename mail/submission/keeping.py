"""The bytes that leave: composed and kept as a file at the first time, the very same ones at a second (P2)."""

import asyncio
from typing import BinaryIO

from mail.submission.composing import compose
from models import stored_file
from models.ground import files
from models.mailbox.lease import Leased
from models.submission.due import Due, composed, written

LONGEST_HEADER = 1024 * 1024  # bytes that are looked at; ours are far shorter


class UnfitToLeave(Exception):
    """`why` may be shown to people as it is. `for_good`: no other try helps."""

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.why, self.for_good = why, for_good


async def fetch_or_compose(leased: Leased, due: Due, content: BinaryIO) -> None:
    """Into `content`. Raises UnfitToLeave; LeaseLost, and what the database raises."""
    try:
        if due.file is None:
            await _compose(leased, due, content)
        else:
            await _fetch(due, due.file, content)
    except ValueError:
        why = "An address in it cannot be written in a way that mail servers understand."
        raise UnfitToLeave(why, for_good=True) from None
    except FileNotFoundError:
        raise UnfitToLeave("A file that belongs to it is not there. It is tried again by itself.") from None
    except files.Away as error:
        raise UnfitToLeave(f"{error.why} It is tried again by itself.") from None


async def _compose(leased: Leased, due: Due, content: BinaryIO) -> None:
    fingerprint = await compose(due, await written(due), content)
    await composed(leased, due, await stored_file.keep_large(due.firm_id, content), fingerprint)


async def _fetch(due: Due, file: str, content: BinaryIO) -> None:
    async for piece in await files.read(due.firm_id, file):
        await asyncio.to_thread(content.write, piece)


def is_wide(content: BinaryIO) -> bool:
    """Whether its header has addresses outside of ASCII."""
    content.seek(0)
    room = LONGEST_HEADER
    while room > 0 and (line := content.readline(room)).strip():
        if not line.isascii():
            return True
        room -= len(line)
    return False
