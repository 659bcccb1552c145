"""Questions and answers on one line, one at a time, none of them for ever."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from mail.imap.answers import Answer
from mail.imap.errors import Busy, Garbage, ImapError, Refused, Unreachable
from mail.imap.line import Line
from mail.imap.names import line_of
from mail.imap.order import Idle, Order, Pour
from mail.imap.refusals import refused

_WHOLE = 20  # one question may take so many times the silence allowed, as long as data keeps coming
_LOGOUT_SECONDS = 2.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply:
    result: str
    text: bytes
    answers: Sequence[Answer]

    @property
    def ok(self) -> Sequence[Answer]:
        """The answers; NO and BAD raise Refused, Busy, or Unreachable where they say that the session is over."""
        if self.result != "OK":
            raise refused(self.text)
        return self.answers


class Conversation:
    """Whatever fails, times out or is cancelled drops the line, as its end would be taken for the next answer.

    `silence` is how many seconds the server may say nothing. Only Refused leaves the line as it was.
    """

    def __init__(self, line: Line, silence: float) -> None:
        self.line = line
        self._silence = silence
        self._lock = asyncio.Lock()

    async def ask(
        self,
        name: str,
        *args: str | bytes,
        read: Callable[[Reply], T],
        prefix: str | None = None,
    ) -> T:
        """Send a command and read what came back, all before the next one's turn. `args` as in `line_of`."""
        words, literals = line_of(*args)
        async with self._turn():
            order = Order(self.line.new_tag(), name, *([words] if words else []), prefix=prefix, replies=literals)
            return read(await self._run(order))

    async def pour(
        self,
        name: str,
        *args: str | bytes,
        content: AsyncIterable[bytes],
        size: int,
        read: Callable[[Reply], T],
    ) -> T:
        """
        The same, ending in a literal of so many bytes, sent piece by piece once the server says that it takes it (RFC
        3501, 4.3): one that refuses has cost nothing. Raises what `content` raises, and ValueError where it is not of
        that size; then the line is dropped.
        """
        words, literals = line_of(*args, f"{{{size}}}")
        async with self._turn():
            order = Pour(self.line.new_tag(), name, words, replies=literals)
            return read(await self._poured(order, content, size))

    async def idle(self, seconds: float, wake: asyncio.Event | None = None) -> bool:
        """Until there is news or `wake` is set, at most `seconds`. Without IDLE at the server: then asked by NOOP."""
        async with self._turn(patience=seconds):
            woken: asyncio.Future[Any] = asyncio.ensure_future((wake or asyncio.Event()).wait())
            try:
                if not (self.line.news or self.line.heard) and "IDLE" in self.line.capabilities:
                    await self._idle_if_it_may(seconds, woken)
                if not self.line.news and "IDLE" not in self.line.capabilities:
                    await self._look_later(seconds, woken)
            finally:
                woken.cancel()
            news, self.line.news = self.line.news, False
            return news

    async def close(self) -> None:
        """Say goodbye if there is time for it. Never raises an ImapError."""
        if not self._lock.locked():
            with suppress(ImapError, TimeoutError):
                async with asyncio.timeout(_LOGOUT_SECONDS), self._turn():
                    await self._run(Order(self.line.new_tag(), "LOGOUT"))
        self.abort()
        await asyncio.wait({self.line.closed}, timeout=_LOGOUT_SECONDS)

    def abort(self) -> None:
        self.line.fail(Unreachable("The connection is closed."))

    async def _poured(self, order: Pour, content: AsyncIterable[bytes], size: int) -> Reply:
        pouring = asyncio.ensure_future(self._pour(order, content, size))
        pouring.add_done_callback(lambda done: None if done.cancelled() or not done.exception() else self.abort())
        try:
            reply = await self._run(order)
        finally:
            pouring.cancel()
            await asyncio.wait([pouring])
            if not pouring.cancelled() and (failure := pouring.exception()):
                raise failure
        if order.may_go.is_set() and not order.ended:  # who knows what it takes the rest for
            self.abort()
            if reply.result == "OK":
                raise Garbage("The mail server answered before it had the whole message.")
        return reply

    async def _pour(self, order: Pour, content: AsyncIterable[bytes], size: int) -> None:
        await order.may_go.wait()
        left = size
        async for piece in content:
            left -= len(piece)
            if left < 0 or order.is_answered:
                break
            await self.line.write(piece)
        if order.is_answered:
            return
        if left:
            raise ValueError("the content is of another size than was said")
        order.ended = True
        await self.line.write(b"\r\n")

    async def _idle_if_it_may(self, seconds: float, woken: asyncio.Future[Any]) -> None:
        """Some offer it and refuse it then: from there on they are asked."""
        try:
            await self._idle(seconds, woken)
        except Busy:
            raise
        except Refused:
            self.line.capabilities.discard("IDLE")

    async def _look_later(self, seconds: float, woken: asyncio.Future[Any]) -> None:
        ends: set[asyncio.Future[Any]] = {self.line.closed, woken}
        await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        _ = (await self._run(Order(self.line.new_tag(), "NOOP"))).ok

    async def _idle(self, seconds: float, woken: asyncio.Future[Any]) -> None:
        order = Idle(self.line.new_tag())
        timer = self.line.loop.call_later(seconds, self.line.stop_idle, order)
        woken.add_done_callback(lambda done: None if done.cancelled() else self.line.stop_idle(order))
        try:
            _ = (await self._run(order)).ok
        finally:
            timer.cancel()

    async def _run(self, order: Order) -> Reply:
        response = await self.line.execute(order)
        *answers, (text,) = response.lines
        return Reply(response.result, text, answers)

    @asynccontextmanager
    async def _turn(self, patience: float = 0.0) -> AsyncIterator[None]:
        async with self._lock:
            try:
                async with self._bounded(patience):
                    yield
            except Refused:
                raise
            except TimeoutError:
                self.abort()
                raise Unreachable(f"The mail server said nothing for {self._silence + patience:g} seconds.") from None
            except BaseException:
                self.abort()
                raise

    @asynccontextmanager
    async def _bounded(self, patience: float) -> AsyncIterator[None]:
        now = self.line.loop.time
        last = now() + patience + self._silence * _WHOLE
        async with asyncio.timeout(self._silence + patience) as limit:
            self.line.on_progress = lambda: limit.reschedule(min(now() + self._silence + patience, last))
            try:
                yield
            finally:
                self.line.on_progress = _nothing


def _nothing() -> None:
    """Data between two questions changes no limit."""
