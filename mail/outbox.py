"""
Letters leave: claimed, composed, handed over outside of any transaction, settled one by one.

Killed anywhere, a letter is lost nowhere: before its bytes begin to leave it is simply claimed again; after that its
outcome is unknown, and it leaves once more at most, the same bytes under the same Message-ID (P2).
"""

import asyncio
import os
import random
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from mail.compose import Sender, compose, recipient
from mail.smtp import Deferred, NoWay, Refused, Smtp, SmtpServer, Unknown
from mail.smtp.door import TIMEOUT
from mail.together import Together
from models import keys, letter
from models.checkpoint import checkpoint
from models.letter import Claimed
from models.settings import Settings

LOOK_SECONDS = 1.0
AT_ONCE = 20
"""Letters claimed at a time by one line."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds between attempts while the way to the mail server is barred."""
STOP_SECONDS = 8.0
"""What the letters under way get to be answered when the process is told to stop."""
SETTLE_SECONDS = 60.0
"""How long it is tried to write down what became of a letter while the database is away."""
OUR_FAULT = "Something went wrong on our side while the letter was written. It is tried again by itself."
log = structlog.get_logger("outbox")


@dataclass(frozen=True, slots=True)
class Route:
    """
    Where letters are handed over, and whom they come from. `timeout` in seconds, for any answer of the server.

    `connections`: at once, as long as there is enough to send. A letter waits for two commits, so that it takes many to
    be fast. A server that takes fewer gets the letters by those that it takes.
    """

    server: SmtpServer
    sender: Sender
    timeout: float = TIMEOUT
    connections: int = 20

    @classmethod
    def of(cls, settings: Settings) -> "Route | None":
        """None: the settings name no server or no sender, and letters wait."""
        if settings.smtp_url is None or settings.mail_from is None:
            return None
        server = SmtpServer.of_url(settings.smtp_url.get_secret_value())
        return cls(server, Sender(settings.mail_from, settings.base_url), connections=settings.smtp_connections)

    async def connect(self) -> Smtp:
        """Raises NoWay."""
        name = self.sender.address.rpartition("@")[2]
        return await Smtp.connect(self.server, name=name if name.isascii() else "localhost", timeout=self.timeout)


@dataclass(frozen=True, slots=True)
class Pass:
    """`handled`: letters that something became of. `barred`: why no letter could leave, in plain words."""

    handled: int = 0
    barred: str | None = None


def new_owner() -> str:
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{keys.new_token()[:8]}"


async def one_pass(route: Route, *, owner: str, stopping: asyncio.Event | None = None) -> Pass:
    """Everything that is due now. Raises what the database raises; what is under way then is claimed again later."""
    claimed = await letter.claim(owner, most=AT_ONCE)
    if not claimed:
        return Pass()
    others = route.connections - 1 if len(claimed) == AT_ONCE else 0
    desk = _Desk(Together(letter.hand_over), Together(letter.sent))
    lines = [_Line(route, owner, stopping or asyncio.Event(), desk) for _ in range(1 + others)]
    runs = (line.run(claimed if line is lines[0] else ()) for line in lines)
    # not a group: one that fails must not cut the others off between a letter's bytes and its answer
    for failed in await asyncio.gather(*runs, return_exceptions=True):
        if failed is not None:
            raise failed
    barred = next((line.barred for line in lines if line.barred), None)
    return Pass(sum(line.handled for line in lines), barred)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What is written down of each letter that leaves, of all lines together: each alone costs two commits."""

    hand_over: Together[tuple[Claimed, bytes]]
    sent: Together[Claimed]


class _Line:
    """One connection, made when the first letter is ready, over which batch after batch leaves."""

    def __init__(self, route: Route, owner: str, stopping: asyncio.Event, desk: _Desk) -> None:
        self.handled = 0
        self.barred: str | None = None
        self._route, self._owner, self._stopping, self._desk = route, owner, stopping, desk
        self._smtp: Smtp | None = None
        self._is_fresh = True
        self._begun = False

    async def run(self, claimed: Sequence[Claimed]) -> None:
        waiting = list(claimed)
        try:
            while not self._stopping.is_set():
                waiting = waiting or await letter.claim(self._owner, most=AT_ONCE)
                if not waiting:
                    return
                while waiting and not self._stopping.is_set():
                    await self._take(waiting)
        except NoWay as error:
            self.barred = error.message
            waiting, barred = [], waiting
            await letter.wait_for_server(barred, error.message)
        finally:
            with suppress(Exception):  # the database is away: the leases run out
                await asyncio.shield(letter.give_back(waiting))
            if self._smtp:
                await self._smtp.close()

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
            await _written_down(one, lambda: letter.stopped(one))
        elif one.handed_over >= 2:
            await _written_down(one, lambda: letter.unknown(one))
        elif (raw := one.bytes_kept or _composed(one, self._route.sender)) is None:
            await _written_down(one, lambda: letter.put_off(one, OUR_FAULT))
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
            checkpoint("before a letter is handed over")
            self._begun = await self._desk.hand_over((one, raw))
            checkpoint("after a letter was handed over")
            return self._begun

        try:
            await smtp.deliver(raw, sender=self._route.sender.address, to=[recipient(one)], may_leave=may_leave)
        except Deferred as error:
            why, begun = error.message, self._begun
            await _written_down(one, lambda: letter.put_off(one, why, handed_over=begun))
        except Refused as error:
            why, nobody = error.message, error.no_such_mailbox
            await _written_down(one, lambda: letter.refused(one, why, no_such_mailbox=nobody))
        except Unknown:
            await _written_down(one, lambda: letter.unknown(one))
        except asyncio.CancelledError:
            if self._begun:
                await asyncio.shield(_written_down(one, lambda: letter.unknown(one)))
            raise
        else:
            checkpoint("after the server took a letter")
            if self._begun:
                await _written_down(one, lambda: self._desk.sent(one))
            checkpoint("after a letter was settled")


def _composed(one: Claimed, sender: Sender) -> bytes | None:
    """None where that fails, which is a fault of ours."""
    try:
        return compose(one, sender)
    except Exception as error:
        log.error("outbox.compose_failed", letter=str(one.id), kind=one.kind, error=type(error).__name__)
        return None


async def _written_down(one: Claimed, settle: Callable[[], Awaitable[bool]]) -> None:
    """
    Again and again while the database is away, so that a letter the server took does not leave twice for that. In the
    end the lease runs out, and whoever claims the letter then takes its outcome for unknown.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + SETTLE_SECONDS
    while True:
        try:
            if not await settle():
                log.info("outbox.lost", letter=str(one.id))
            return
        except Exception as error:
            log.warning("outbox.settle_failed", letter=str(one.id), error=type(error).__name__)
            if loop.time() > until:
                raise
            await asyncio.sleep(LOOK_SECONDS)


class Outbox:
    """`await run()` until `await stop()`. Any number of them, in any number of processes, share what there is."""

    def __init__(self, route: Route) -> None:
        self._route, self._owner = route, new_owner()
        self._look, self._stopping, self._stopped = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._failures = 0

    async def run(self) -> None:
        """Survives whatever the database or the mail server does. Leaves no lease behind."""
        letter.wake_by(self._look.set)
        try:
            while not self._stopping.is_set():
                self._look.clear()
                await self._pass()
                await self._wait()
        finally:
            letter.wake_by(None)
            self._stopped.set()

    async def stop(self) -> None:
        """Letters under way are answered first, for some seconds; the others are given back."""
        self._stopping.set()
        self._look.set()
        await self._stopped.wait()

    async def _pass(self) -> None:
        work = asyncio.create_task(one_pass(self._route, owner=self._owner, stopping=self._stopping))
        stop = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([work, stop], return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                with suppress(TimeoutError):
                    async with asyncio.timeout(STOP_SECONDS):
                        await asyncio.shield(work)
                work.cancel()
            self._note(await work)
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait([work])
            if not self._stopping.is_set():
                raise
        except Exception as error:  # the database is away
            self._failures += 1
            log.warning("outbox.pass_failed", error=type(error).__name__)
        finally:
            stop.cancel()

    def _note(self, done: Pass) -> None:
        """A way that is barred to some of the lines is open: the server takes no more of them at once."""
        self._failures = 0 if done.barred is None or done.handled else self._failures + 1
        if done.barred is None:
            return
        log.warning("outbox.barred", why=done.barred, attempts=self._failures)

    async def _wait(self) -> None:
        if not self._failures:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look.wait()
            return
        seconds = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self._failures - 1, 10))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds * random.uniform(0.75, 1.25)):  # noqa: S311 - spreads the load
                await self._stopping.wait()
