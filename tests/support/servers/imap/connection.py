"""One client: its commands, answered."""

import asyncio
import re
from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime

from tests.support.servers.imap.folders import Served, ServedFolder
from tests.support.servers.imap.notifying import Notifying
from tests.support.servers.imap.talk import Cut, arguments
from tests.support.servers.imap.wording import filled

_APPEND = re.compile(rb'(.+) \((.*)\) "(.+)" \{(\d+)\}')
_MARKS = re.compile(rb" ?\\(?:All|Archive|Drafts|Flagged|Junk|Sent|Trash)\b")


class Connection(Notifying):
    """One client that is signed in, or may do all the same."""

    async def tell(self) -> None:
        """What came and went, as EXPUNGE and EXISTS."""
        if not self.folder:
            return
        if self.folder.uidvalidity != self.validity:
            raise Cut
        for said in self.server.wording.between:
            await self.line(self.server.wording.of_folder(said, self.folder, len(self.view)))
        if len(self.view) == len(self.folder.messages) and self.view[-1:] == self.folder.messages[-1:]:
            return
        there = {message.uid for message in self.folder.messages}
        for at in range(len(self.view), 0, -1):
            if self.view[at - 1].uid not in there:
                del self.view[at - 1]
                await self.send(b"* %d EXPUNGE\r\n" % at)
        if len(self.view) != len(self.folder.messages):
            self.view = list(self.folder.messages)
            await self.send(b"* %d EXISTS\r\n" % len(self.view))

    async def noop(self, _: bytes) -> None:
        """`tell` follows every command."""

    async def logout(self, _: bytes) -> None:
        self.folder = None
        await self.send(b"* BYE see you\r\n")

    async def id(self, fields: bytes) -> bytes:
        self.introduced = fields != b"NIL"
        await self.line(b'* ID ("name" "tests")')
        return b"OK done"

    # Folders

    async def list(self, rest: bytes) -> bytes:
        wording = self.server.wording
        if b"RETURN" in rest and "LIST-EXTENDED" not in self.server.capabilities:
            return b"BAD Illegal arguments"
        for folder in self.server.folders:
            line = wording.of_folder(folder.line or wording.list_line, folder, 0)
            asked = b"SPECIAL-USE" in rest or not wording.marks_on_request
            await self.line(line if asked else _MARKS.sub(b"", line))
            if b"STATUS (" in rest and "oselect" not in folder.flags:
                await self.line(wording.of_folder(wording.status, folder, len(folder.messages) + folder.phantoms))
        return wording.listed

    def _named(self, rest: bytes) -> ServedFolder | None:
        name = arguments(rest)[0].decode("latin-1")
        return next((folder for folder in self.server.folders if folder.name == name), None)

    async def status(self, rest: bytes) -> bytes:
        folder, wording = self._named(rest), self.server.wording
        if not folder:
            return b"NO [NONEXISTENT] no such folder"
        if folder is self.folder and not wording.status_of_open.startswith(b"OK"):
            return wording.status_of_open
        await self.line(wording.of_folder(wording.status, folder, len(folder.messages) + folder.phantoms))
        return b"OK done"

    async def examine(self, rest: bytes) -> bytes:
        wording = self.server.wording
        if wording.unless_introduced and not self.introduced:
            return wording.unless_introduced
        self.folder = self._named(rest)
        if not self.folder:
            return b"NO [NONEXISTENT] no such folder"
        self.view, self.validity = list(self.folder.messages), self.folder.uidvalidity
        for line in wording.examine:
            await self.line(wording.of_folder(line, self.folder, len(self.view) + self.folder.phantoms))
        return wording.examined

    async def append(self, rest: bytes) -> bytes:
        """The message is there when all of it has come, whether or not anybody hears of it."""
        while (opened := re.fullmatch(rb"\{(\d+)\}", rest)) is not None:
            await self.send(b"+ the name\r\n")
            name = await self.reader.readexactly(int(opened[1]))
            rest = b'"' + name + b'"' + (await self.reader.readline()).rstrip(b"\r\n")
        asked = _APPEND.fullmatch(rest)
        assert asked, rest
        folder = self._named(asked[1])
        if not folder:
            return b"NO [TRYCREATE] no such folder"
        await self.send(b"+ go on\r\n")
        raw = await self._literal(int(asked[4]))
        assert await self.reader.readexactly(2) == b"\r\n"
        uid = folder.append(raw, datetime.strptime(asked[3].decode(), "%d-%b-%Y %H:%M:%S %z"))
        self.server.on_append(folder, raw)
        if "UIDPLUS" in self.server.capabilities:
            return b"OK [APPENDUID %d %d] there" % (folder.uidvalidity, uid)
        return b"OK there"

    async def _literal(self, size: int) -> bytes:
        """Cut where the server is told to, once."""
        await self.server.reads.wait()
        cut, self.server.cut_append_after = self.server.cut_append_after, None
        raw = await self.reader.readexactly(size if cut is None else min(cut, size))
        if len(raw) < size:
            raise Cut
        return raw

    # Messages

    async def uid_search(self, rest: bytes) -> bytes:
        wording = self.server.wording
        if by_header := re.fullmatch(rb'SINCE \S+ HEADER "(.+)" "(.+)"', rest):
            return await self._search_header(by_header[1], by_header[2])
        found = re.fullmatch(rb"UID ([\d:*,]+)", rest)
        if not found:
            return b"BAD [BADCHARSET (US-ASCII)] only UID"
        await self.tell()
        uids = [message.uid for _, message in self._chosen(found[1]) if message.uid not in wording.hidden]
        await self.line(filled(wording.search, uids=b"".join(b" %d" % uid for uid in uids)))
        return wording.searched

    async def _search_header(self, name: bytes, value: bytes) -> bytes:
        """A substring will do (RFC 3501, 6.4.4)."""
        wording, field = self.server.wording, b"HEADER.FIELDS (%b)" % name
        if wording.searched_by_header:
            return wording.searched_by_header
        having = [message.uid for message in self.view if value in message.part(field)]
        await self.line(filled(wording.search, uids=b"".join(b" %d" % uid for uid in having)))
        return wording.searched

    async def uid_fetch(self, rest: bytes) -> bytes:
        chosen, _, items = rest.partition(b" ")
        messages = list(self._chosen(chosen))
        if any(message.uid in self.server.refused_uids for _, message in messages):
            return b"NO [SERVERBUG] cannot read that"
        if self.server.refused_items and self.server.refused_items in items:
            return b"BAD what is that"
        for _, message in reversed(messages) if self.server.wording.backwards else messages:
            self.server.on_fetch(message.uid)
            await self.tell()
            at = bisect_left(self.view, message.uid, key=_uid)
            if self.view[at : at + 1] == [message]:
                await self._message(at + 1, message, items)
        return b"OK done"

    async def fetch(self, rest: bytes) -> bytes:
        """By number."""
        chosen, _, items = rest.partition(b" ")
        for number, message in enumerate(self.view, 1):
            if any(_covers(run, number, len(self.view)) for run in chosen.split(b",")):
                await self._message(number, message, items)
        return b"OK done"

    async def _message(self, number: int, message: Served, items: bytes) -> None:
        body = re.search(rb"BODY\.PEEK(\[[^\]]*\])(?:<0\.(\d+)>)?", items)
        asked = items + items.replace(b"BODY.PEEK", b"BODY") + b" UID"
        first = int(body[2]) if body and body[2] else None
        for line in self.server.wording.of_message(number, message, asked, body[1] if body else b"", first=first):
            await self.line(line)

    def _chosen(self, uids: bytes) -> Iterator[tuple[int, Served]]:
        last = self.view[-1].uid if self.view else 0
        runs = [sorted(last if end == b"*" else int(end) for end in run.split(b":")) for run in uids.split(b",")]
        for number, message in enumerate(self.view, 1):
            if any(run[0] <= message.uid <= run[-1] for run in runs):
                yield number, message

    async def idle(self, _: bytes) -> bytes:
        if self.server.wording.idle:
            return self.server.wording.idle
        await self.send(b"+ idling\r\n")
        done = asyncio.ensure_future(self.reader.readline())
        try:
            while not done.done():
                self.changed.clear()
                await self.tell()
                await self.tell_of_others(self.folder)
                change = asyncio.ensure_future(self.changed.wait())
                try:
                    await asyncio.wait({done, change}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    change.cancel()
        finally:
            done.cancel()
        return b"OK idled" if done.result() == b"DONE\r\n" else b"BAD that was not DONE"


def _uid(message: Served) -> int:
    return message.uid


def _covers(run: bytes, uid: int, last: int) -> bool:
    ends = [last if end == b"*" else int(end) for end in run.split(b":")]
    return min(ends) <= uid <= max(ends)
