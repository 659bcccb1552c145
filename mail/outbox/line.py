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
    Where all lines write down what becomes of their letters, many in one transaction: alone each costs two commits.
    `claiming`: one line at a time, since two would come upon the same letters, and the second skip all that the first
    has locked.
    """

    hand_over: Together[tuple[Claimed, bytes], bool]
    sent: Together[Claimed, bool]
    claiming: asyncio.Lock = field(default_factory=asyncio.Lock)


class Line:
    """
    One connection, made when the first letter is ready, over which batch after batch leaves.

    However it ends (nothing due, told to stop, cancelled, server or database away), of each letter it has claimed:
    either an outcome is written down, `unknown` where its bytes were leaving; or nothing of it has left, and it is
    given back, or waits for the server. Where not even that can be written, its lease runs out.

    At most one letter of a line has an unknown outcome. While the server hears whom the next one is for, it is still
    being written down that the last one was sent; the next one's bytes wait for that.
    """

    def __init__(self, route: Route, owner: str, stopping: asyncio.Event, desk: Desk) -> None:
        self.handled = 0
        self.barred: str | None = None
        self._route, self._owner, self._stopping, self._desk = route, owner, stopping, desk
        self._smtp: Smtp | None = None
        self._is_fresh = True  # no letter has been answered over this connection
        self._is_leaving = False  # the bytes of the letter in hand may have begun to leave
        self._writing: asyncio.Task[None] | None = None  # writes down that the last letter was sent

    async def run(self, batch: Sequence[Claimed]) -> None:
        """These, then what is due, until nothing is, it stops or is `barred`. Raises what the database raises."""
        waiting = list(batch)
        try:
            while not self._stopping.is_set():
                waiting = waiting or await self._claim()
                if not waiting:
                    return
                await self._handle_first(waiting)
        except NoWay as error:
            self.barred = error.message
            barred, waiting = waiting, []
            await _wait_for_server(barred, error)
        finally:
            with suppress(Exception):  # the database is away: the leases run out
                await asyncio.shield(letter.give_back(waiting))
            if self._smtp:
                await self._smtp.close()
            await self._last_written()

    async def _claim(self) -> list[Claimed]:
        await self._last_written()  # with it comes its copy for the firm, to be claimed
        async with self._desk.claiming:
            return await letter.claim(self._owner, most=AT_ONCE)

    async def _last_written(self) -> None:
        """Until it is written down that the last one was sent. Raises what the database raises."""
        if self._writing is not None:
            await asyncio.shield(self._writing)  # whoever is cancelled meanwhile waits again before it ends
            self._writing = None

    async def _handle_first(self, waiting: list[Claimed]) -> None:
        """
        The first of these. If nothing of it has left and no outcome is written down, it stays among them: to be tried
        once more over a new connection, or given back. Raises NoWay where not even a fresh connection takes it.
        """
        self._is_leaving = False
        try:
            await self._handle(waiting[0])
        except NoWay:
            if self._is_fresh:
                raise
            self._smtp = None  # servers end a line after so many letters or seconds
        except BaseException:
            if self._is_leaving:
                del waiting[0]
            raise
        else:
            del waiting[0]
            self.handled += 1

    async def _handle(self, claimed: Claimed) -> None:
        if claimed.stop:
            await written_down(claimed.id, lambda: letter.stopped(claimed))
        elif claimed.handed_over >= 2:
            await written_down(claimed.id, lambda: letter.unknown(claimed))
        elif (raw := claimed.bytes_kept or _composed(claimed, self._route.sender)) is None:
            await written_down(claimed.id, lambda: letter.put_off(claimed, OUR_FAULT))
        else:
            await self._send(claimed, raw)

    async def _send(self, claimed: Claimed, raw: bytes) -> None:
        if self._smtp is None or not self._smtp.is_open:
            self._is_fresh = True
            self._smtp = await self._route.connect()
        await self._deliver(self._smtp, claimed, raw)
        self._is_fresh = False

    async def _deliver(self, smtp: Smtp, claimed: Claimed, raw: bytes) -> None:
        """And writes down its outcome. Raises NoWay, with nothing of it left."""
        sender, to = self._route.returns_to(claimed.id), [recipient(claimed)]
        try:
            await smtp.deliver(raw, sender=sender, to=to, may_leave=lambda: self._may_leave(claimed, raw))
        except Deferred as error:
            why, was_leaving = error.message, self._is_leaving
            await written_down(claimed.id, lambda: letter.put_off(claimed, why, handed_over=was_leaving))
        except Refused as error:
            why, nobody = error.message, error.no_such_mailbox
            await written_down(claimed.id, lambda: letter.refused(claimed, why, no_such_mailbox=nobody))
        except Unknown:
            await written_down(claimed.id, lambda: letter.unknown(claimed))
        except asyncio.CancelledError:
            if self._is_leaving:
                await asyncio.shield(written_down(claimed.id, lambda: letter.unknown(claimed)))
            raise
        else:
            await self._delivered(claimed)

    async def _may_leave(self, claimed: Claimed, raw: bytes) -> bool:
        """The server is ready for its bytes, which are kept from now on: a second copy has the very same."""
        await self._last_written()
        if self._stopping.is_set():
            return False
        checkpoint("before a letter is handed over")
        self._is_leaving = await self._desk.hand_over((claimed, raw))
        checkpoint("after a letter was handed over")
        return self._is_leaving

    async def _delivered(self, claimed: Claimed) -> None:
        checkpoint("after the server took a letter")
        if self._is_leaving:
            self._writing = asyncio.create_task(self._sent(claimed))  # while the next one is announced
        else:  # `may_leave` said no: whoever claims it next, if it is still to leave, sees why it must not
            await letter.give_back([claimed])

    async def _sent(self, claimed: Claimed) -> None:
        await written_down(claimed.id, lambda: self._desk.sent(claimed))
        checkpoint("after a letter was settled")


async def _wait_for_server(barred: Sequence[Claimed], error: NoWay) -> None:
    """The first of them behind the others, where the server may have meant that one alone."""
    suspect = barred[:1] if isinstance(error, RelayRefused) else []
    await letter.wait_for_server(suspect, error.message, behind=True)
    await letter.wait_for_server(barred[len(suspect) :], error.message)


def _composed(claimed: Claimed, sender: Sender) -> bytes | None:
    """None where that fails, which is a fault of ours."""
    try:
        return compose(claimed, sender)
    except Exception as error:
        log.error("outbox.compose_failed", letter=str(claimed.id), kind=claimed.kind, error=type(error).__name__)
        return None
