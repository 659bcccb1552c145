"""One connection to the mail server: each letter is composed, handed over outside of any transaction, and settled."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from mail.compose import Sender, compose, recipient
from mail.outbox.route import Route
from mail.smtp import Deferred, NoWay, Refused, RelayRefused, Smtp, Unknown
from mail.writing_down import written_down
from models import letter
from models.ground.checkpoint import checkpoint
from models.ground.together import Together
from models.letter import Claimed

AT_ONCE = 20
"""Letters claimed at a time by one line."""
OUR_FAULT = "Something went wrong on our side while the letter was written. It is tried again by itself."
log = structlog.get_logger("outbox")


@dataclass(frozen=True, slots=True)
class Desk:
    """
    What is written down of each letter that leaves, of all lines together: each alone costs two commits. `claiming`:
    one line at a time, since two come upon the same letters, and who is second looks at each of them again.
    """

    hand_over: Together[tuple[Claimed, bytes], bool]
    sent: Together[Claimed, bool]
    claiming: asyncio.Lock = field(default_factory=asyncio.Lock)


class Line:
    """One connection, made when the first letter is ready, over which batch after batch leaves."""

    def __init__(self, route: Route, owner: str, stopping: asyncio.Event, desk: Desk) -> None:
        self.handled = 0
        self.barred: str | None = None
        self._route, self._owner, self._stopping, self._desk = route, owner, stopping, desk
        self._smtp: Smtp | None = None
        self._is_fresh = True
        self._begun = False
        self._settling: asyncio.Task[None] | None = None

    async def run(self, claimed: Sequence[Claimed]) -> None:
        waiting = list(claimed)
        try:
            while not self._stopping.is_set():
                waiting = waiting or await self._claim()
                if not waiting:
                    return
                while waiting and not self._stopping.is_set():
                    await self._take(waiting)
        except NoWay as error:
            self.barred = error.message
            waiting, barred = [], waiting
            suspect = barred[:1] if isinstance(error, RelayRefused) else []
            await letter.wait_for_server(suspect, error.message, behind=True)
            await letter.wait_for_server(barred[len(suspect) :], error.message)
        finally:
            with suppress(Exception):  # the database is away: the leases run out
                await asyncio.shield(letter.give_back(waiting))
            if self._smtp:
                await self._smtp.close()
            await self._settled()

    async def _claim(self) -> list[Claimed]:
        await self._settled()  # with it comes its copy for the firm, to be claimed
        async with self._desk.claiming:
            return await letter.claim(self._owner, most=AT_ONCE)

    async def _settled(self) -> None:
        """Until it is written down that the last one was sent. Raises what the database raises."""
        if self._settling is not None:
            await asyncio.shield(self._settling)  # whoever is cancelled meanwhile waits again before it ends
            self._settling = None

    async def _take(self, waiting: list[Claimed]) -> None:
        """The first of them. One that nothing became of stays with the others. Raises NoWay."""
        one = waiting.pop(0)
        self._begun = False
        try:
            await self._handle(one)
            self.handled += 1
        except BaseException as error:
            if not self._begun:
                waiting.insert(0, one)
            if not isinstance(error, NoWay) or self._is_fresh:
                raise
            self._smtp = None  # servers end a line after so many letters or seconds: once more, on a new one

    async def _handle(self, one: Claimed) -> None:
        if one.stop:
            await written_down(one.id, lambda: letter.stopped(one))
        elif one.handed_over >= 2:
            await written_down(one.id, lambda: letter.unknown(one))
        elif (raw := one.bytes_kept or _composed(one, self._route.sender)) is None:
            await written_down(one.id, lambda: letter.put_off(one, OUR_FAULT))
        else:
            await self._leave(one, raw)

    async def _leave(self, one: Claimed, raw: bytes) -> None:
        if self._smtp is None or not self._smtp.is_open:
            self._is_fresh = True
            self._smtp = await self._route.connect()
        await self._deliver(self._smtp, one, raw)
        self._is_fresh = False

    async def _deliver(self, smtp: Smtp, one: Claimed, raw: bytes) -> None:
        """Raises NoWay, with nothing of it left."""

        async def may_leave() -> bool:
            await self._settled()  # of one letter of a line, and no more, it may be unknown whether it arrived
            if self._stopping.is_set():
                return False
            checkpoint("before a letter is handed over")
            self._begun = await self._desk.hand_over((one, raw))
            checkpoint("after a letter was handed over")
            return self._begun

        sender = self._route.returns_to(one.id)
        try:
            await smtp.deliver(raw, sender=sender, to=[recipient(one)], may_leave=may_leave)
        except Deferred as error:
            why, begun = error.message, self._begun
            await written_down(one.id, lambda: letter.put_off(one, why, handed_over=begun))
        except Refused as error:
            why, nobody = error.message, error.no_such_mailbox
            await written_down(one.id, lambda: letter.refused(one, why, no_such_mailbox=nobody))
        except Unknown:
            await written_down(one.id, lambda: letter.unknown(one))
        except asyncio.CancelledError:
            if self._begun:
                await asyncio.shield(written_down(one.id, lambda: letter.unknown(one)))
            raise
        else:
            checkpoint("after the server took a letter")
            if self._begun:
                self._settling = asyncio.create_task(self._sent(one))  # while the next one is on its way
            else:  # we stop; or it was stopped or cancelled meanwhile: if it still is ours, the next claim says why
                await letter.give_back([one])

    async def _sent(self, one: Claimed) -> None:
        await written_down(one.id, lambda: self._desk.sent(one))
        checkpoint("after a letter was settled")


def _composed(one: Claimed, sender: Sender) -> bytes | None:
    """None where that fails, which is a fault of ours."""
    try:
        return compose(one, sender)
    except Exception as error:
        log.error("outbox.compose_failed", letter=str(one.id), kind=one.kind, error=type(error).__name__)
        return None
