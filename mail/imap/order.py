"""A command on its way: aioimaplib's own, with its secrets kept out of sight."""

import asyncio
from collections import deque

from aioimaplib import aioimaplib

from mail.imap.errors import Garbage

aioimaplib.Commands["NOTIFY"] = aioimaplib.Cmd(
    "NOTIFY", (aioimaplib.AUTH, aioimaplib.SELECTED), aioimaplib.Exec.is_sync
)


class Order(aioimaplib.Command):  # type: ignore[misc]
    """A command on its way. `replies` go out one by one as the server says "+"; they never show in a repr."""

    def __init__(
        self, tag: str, name: str, *args: str, prefix: str | None = None, replies: tuple[bytes, ...] = ()
    ) -> None:
        super().__init__(name, tag, *args, prefix=prefix)
        self.replies = deque(replies)
        self.challenge: bytes | None = None  # what an AUTHENTICATE that fails asks once more

    def __str__(self) -> str:
        return str(super().__repr__())

    def __repr__(self) -> str:
        return f"<{self.tag} {self.name}>"

    def wants(self, answer: bytes) -> bool:
        """
        Whether an answer is to this question. EXAMINE tells a folder's state in answers of all kinds; LIST may tell of
        many folders how they stand.
        """
        words = answer[:32].upper().split(b" ", 2)[:2]
        companions = {"SEARCH": b"ESEARCH", "LIST": b"STATUS"}
        return self.name == "EXAMINE" or self.name.encode() in words or companions.get(self.name) in words[:1]

    @property
    def signs_in(self) -> bool:
        return self.name in ("LOGIN", "AUTHENTICATE")

    def next_reply(self, challenge: bytes) -> bytes:
        """An AUTHENTICATE that fails asks once more, with its reasons: the empty answer brings the NO."""
        if self.replies:
            return self.replies.popleft()
        if self.name == "AUTHENTICATE":
            self.challenge = challenge
            return b""
        raise Garbage("The mail server asked to go on where nothing follows.")


class Pour(Order):
    """A command that ends in a long literal. `may_go` is set by the last "+"; `ended`: all of it has been sent."""

    def __init__(self, tag: str, name: str, words: str, *, replies: tuple[bytes, ...]) -> None:
        super().__init__(tag, name, words, replies=replies)
        self.may_go = asyncio.Event()
        self.ended = False

    @property
    def is_answered(self) -> bool:
        return bool(self._event.is_set())


class Idle(Order):
    """IDLE (RFC 2177), ended once by DONE: when there is news or its time is over, but never before the "+"."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag, "IDLE")
        self.begun = self.over = False
