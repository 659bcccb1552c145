"""aioimaplib's protocol, hardened. What leans on its private names is held by a contract test (2.0.3).

Framing is our own: a loop over lines and literals instead of a recursion, nothing stripped but the leading "* ",
brackets never counted (so `FetchCommand.wait_data` is never asked), every size bounded, a lost line noticed at once.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any

from aioimaplib import aioimaplib

from mail.imap.answers import Answer, sentence
from mail.imap.errors import Garbage, ImapError, NoImap, TlsFailed, Unreachable
from mail.imap.order import Idle, Order, Pour

MB = 2**20
LITERAL_LIMIT = 50 * MB
ANSWER_LIMIT = 64 * MB  # all that one command may bring
ANSWERS_LIMIT = 100_000
SEARCH_LIMIT = 16 * MB  # one line: about two million UIDs
LINE_LIMIT = 64 * 1024
PIECE = 64 * 1024
"""Bytes of what is sent that lie in our memory twice."""

aioimaplib.log.disabled = True  # it prints whole answers, and commands with their secrets

_LITERAL = re.compile(rb"\{(\d+)\+?\}\Z")
_FREE_TEXT = re.compile(rb"\* (?:OK|NO|BAD|BYE|PREAUTH)\b", re.IGNORECASE)
_OTHERS = re.compile(rb"(?:STATUS|LIST) ", re.IGNORECASE)
_NEWS = re.compile(rb"(?:(\d{1,10}) EXISTS|\d{1,10} EXPUNGE|VANISHED)\b", re.IGNORECASE)


class Line(aioimaplib.IMAP4ClientProtocol):  # type: ignore[misc]
    """One connection, one command at a time. Once `lost` it is never used again."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(loop)
        self.greeted: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.lost: ImapError | None = None
        self.news = False  # messages came or went since the folder was opened
        self.notified = False  # of what happens in other folders, too (RFC 5465)
        self.heard = False  # something was said of another folder
        self.goodbye = b""  # the words of a BYE to a sign-in
        self.exists = 0  # as the server said last: some say it again at each IDLE, which is no news
        self.clear_text_is_over = False
        self.on_progress: Callable[[], None] = lambda: None
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._buffer = bytearray()
        self._scanned = 0
        self._parts: list[bytes] = []
        self._awaited: int | None = None  # bytes of the literal that follows
        self._received = 0

    async def execute(self, order: Order, scrub: str | None = None) -> Any:
        """Send it and wait for its end: a Response of "OK", "NO" or "BAD" and the answers, the last its own text."""
        self.check()
        self._received = 0
        return await super().execute(order)

    def check(self) -> None:
        if self.lost:
            raise type(self.lost)(self.lost.message)

    def fail(self, error: ImapError) -> None:
        """Drop the line, and end whoever waits. The first reason stays."""
        self.lost = self.lost or error
        if self.transport:
            self.transport.abort()
        self._may_write.set()
        if not self.greeted.done():
            self.greeted.set_result(None)
        order, self._buffer, self._parts = self._end_order(), bytearray(), []
        if order:
            order._exception = type(self.lost)(self.lost.message)
            order._event.set()

    def stop_idle(self, order: Idle) -> None:
        if order.begun and not order.over:
            self.idle_done()
        order.over = True

    async def write(self, content: bytes) -> None:
        """As fast as the other side takes it. Raises what ended the line."""
        with memoryview(content) as view:
            for start in range(0, len(view), PIECE):
                self.check()
                self.transport.write(bytes(view[start : start + PIECE]))
                await self._may_write.wait()
                await asyncio.sleep(0)  # an answer may have come meanwhile
                self.on_progress()
        self.check()

    # What the event loop calls

    def pause_writing(self) -> None:
        if not self.lost:
            self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def data_received(self, data: bytes) -> None:
        if self.lost:
            return
        self.on_progress()
        self._buffer += data
        self._received += len(data)
        try:
            self._check_bounds()
            while self._take():
                pass
        except ImapError as error:
            self.fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self.fail(Unreachable("The connection to the mail server was lost."))
        if not self.closed.done():
            self.closed.set_result(None)

    # Framing

    def _check_bounds(self) -> None:
        if self.clear_text_is_over:
            raise TlsFailed("The mail server went on in clear text where encryption should begin.")
        if not self.greeted.done() and not b"* ".startswith(self._buffer[:2]):
            raise NoImap("What answers there is not an IMAP server.")
        if self._received > ANSWER_LIMIT:
            raise Garbage(f"The mail server sent more than {ANSWER_LIMIT // MB} MB for one question.")

    def _take(self) -> bool:
        """One line or one literal off the buffer; False when more must come first."""
        if self._awaited is not None:
            if len(self._buffer) < self._awaited:
                return False
            self._parts.append(self._cut(self._awaited))
            self._awaited = None
            return True
        end = self._buffer.find(b"\n", self._scanned)  # some end a line with less than CRLF
        self._check_line(len(self._buffer) if end < 0 else end)
        if end < 0:
            self._scanned = len(self._buffer)
            return False
        self._scanned = 0
        self._take_line(self._cut(end + 1).rstrip(b"\r\n"))
        return not self.lost

    def _take_line(self, line: bytes) -> None:
        self._parts.append(line)
        self._awaited = self._announced(line)
        if self._awaited is None:
            answer, self._parts = tuple(self._parts), []
            self._dispatch(answer)

    def _announced(self, line: bytes) -> int | None:
        match = _LITERAL.match(line, max(line.rfind(b"{"), 0)) if line.endswith(b"}") else None
        if not match or not self._parts[0].startswith(b"* ") or _FREE_TEXT.match(self._parts[0]):
            return None
        if len(match[1]) > 20 or int(match[1]) > LITERAL_LIMIT:
            raise Garbage(f"The mail server announced one piece of more than {LITERAL_LIMIT // MB} MB.")
        return int(match[1])

    def _check_line(self, length: int) -> None:
        searching = self._buffer[:8].upper() == b"* SEARCH"
        if length > (SEARCH_LIMIT if searching else LINE_LIMIT):
            raise Garbage("The mail server sent a line without an end.")

    def _cut(self, size: int) -> bytes:
        with memoryview(self._buffer) as view, view[:size] as piece:
            taken = bytes(piece)
        del self._buffer[:size]
        return taken

    # Answers

    def _dispatch(self, answer: Answer) -> None:
        line = answer[0]
        if not self.greeted.done():
            self._greet(line)
        elif line.startswith(b"* "):
            self._untagged_response(answer)
        elif line.startswith(b"+"):
            self._continuation(line)
        elif line:
            self._response_done(line)

    def _greet(self, line: bytes) -> None:
        word = line[2:].partition(b" ")[0].upper()
        if word == b"BYE":
            raise Unreachable(f"The mail server turned us away: {sentence(line[6:].strip())}")
        if word not in (b"OK", b"PREAUTH"):
            raise NoImap("What answers there is not an IMAP server.")
        self.state = aioimaplib.AUTH if word == b"PREAUTH" else aioimaplib.NONAUTH
        self.greeted.set_result(None)

    def _untagged_response(self, answer: Answer) -> None:
        answer = (answer[0][2:].lstrip(b" "), *answer[1:])
        order = self._order()
        if answer[0][:4].upper().rstrip() == b"BYE":
            self._goodbye(order, answer[0][4:])
        self._notice(answer[0])
        solicited = order is not None and order.wants(answer[0])
        self.heard = self.heard or (self.notified and not solicited and _OTHERS.match(answer[0]) is not None)
        if order and solicited:
            if len(order.response.lines) == ANSWERS_LIMIT:
                raise Garbage("The mail server answers one question without end.")
            order.append_to_resp(answer)
        if isinstance(order, Idle) and (self.news or self.heard):
            self.stop_idle(order)

    def _goodbye(self, order: Order | None, reason: bytes) -> None:
        """To a sign-in the answer itself may still follow, and says more. Its words are shown to nobody."""
        if order and order.signs_in:
            self.goodbye = reason
        elif not order or order.name != "LOGOUT":
            raise Unreachable(f"The mail server ended the connection: {sentence(reason)}")

    def _notice(self, line: bytes) -> None:
        match = _NEWS.match(line)
        if not match:
            return
        exists = int(match[1]) if match[1] else self.exists - 1
        self.news = self.news or exists != self.exists
        self.exists = exists

    def _continuation(self, line: bytes) -> None:
        order = self._order()
        if isinstance(order, Idle):
            order.begun = True
            if order.over:
                self.idle_done()
        elif isinstance(order, Pour) and not (order.replies or order.may_go.is_set()):
            order.may_go.set()
        elif order:
            self.transport.write(order.next_reply(line[1:].strip()) + aioimaplib.CRLF)

    def _response_done(self, line: bytes) -> None:
        tag, _, rest = line.partition(b" ")
        result, _, text = rest.partition(b" ")
        order = self._order()
        if not order or tag != order.tag.encode() or result.upper() not in (b"OK", b"NO", b"BAD"):
            raise Garbage("The mail server answered something that was not asked.")
        if order.name == "STARTTLS" and result.upper() == b"OK":
            self.clear_text_is_over = True
            if self._buffer:  # else whoever sits between could slip answers in (CVE-2011-0411)
                self._check_bounds()
        if order.name == "EXAMINE":
            self.news = False  # what came so far is what the folder holds
        self._end_order().close((text,), result=result.decode().upper())

    def send(self, line: str, scrub: str | None = None) -> None:
        self.transport.write(line.encode() + aioimaplib.CRLF)

    def _order(self) -> Any:
        """The one command under way, under whichever of its two places aioimaplib keeps it."""
        return self.pending_sync_command or next(iter(self.pending_async_commands.values()), None)

    def _end_order(self) -> Any:
        order, self.pending_sync_command = self._order(), None
        self.pending_async_commands.clear()
        return order
