"""Who takes part: the address headers, read in one pass without recursion (RFC 5322, 3.4 and 4.4; RFC 6854 groups)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from mail.parse import addr_spec
from mail.parse.address_tokens import Kind, Word, tokens, unquoted, words
from mail.parse.charsets import one_line
from mail.parse.encoded_words import decoded
from mail.parse.headers import Headers
from models.participant import Participant, Role

MOST_PARTICIPANTS = 2_000
LONGEST_NAME = 200  # characters
_USUAL = re.compile(  # nine of ten, read at once, and no otherwise than they would be
    r'(?:"([^"\\=]*)"[ \t]*|([^\s,;:()<>"\[\]\\=@][^,;:()<>"\[\]\\=@]*))?'
    r"<([\w.+-]{1,64}@\w[\w-]{0,63}(?:\.[\w-]{1,63}){1,2})>",
    re.ASCII,
)
_BARE = re.compile(r"[\w.+-]{1,64}@\w[\w-]{0,61}(?:\.[\w-]{1,61}){1,2}", re.ASCII)  # likewise
_BLANK: tuple[Kind, str] = ("space", " ")
_HEADERS = {
    "from": Role.FROM,
    "sender": Role.SENDER,
    "reply-to": Role.REPLY_TO,
    "to": Role.TO,
    "cc": Role.CC,
    "bcc": Role.BCC,
}


def participants(headers: Headers) -> tuple[Participant, ...]:
    """Everybody of the six headers, in their order, each once per header; at most 2,000."""
    people = (
        Participant(_HEADERS[header], name, address)
        for header, value in headers.fields
        if header in _HEADERS
        for name, address in mailboxes(value)
    )
    return tuple(islice(dict.fromkeys(people), MOST_PARTICIPANTS))


def mailboxes(value: str) -> Iterator[tuple[str | None, str]]:
    """
    Name and address of each mailbox in an address header. An address is taken as it stands, without the blanks and
    comments that the standard lets stand in it, or not at all (''): never completed or decoded, nor taken out of a
    name, an encoded word or a comment, since it decides who may see the message.
    """
    if usual := _USUAL.fullmatch(value):
        address = usual[3]
        name = _name(usual[1] or usual[2] or "")
        yield (None if name == address else name), address
        return
    if _BARE.fullmatch(value):
        yield None, value
        return
    mailbox = _Mailbox()
    for kind, text in tokens(value):
        if kind == "end":
            yield from mailbox.read()
            mailbox = _Mailbox()
        elif kind == "colon":  # what stood before was the name of a group
            yield from mailbox.read() if mailbox.angle is not None else ()
            mailbox = _Mailbox()
        else:
            if kind == "angle" and mailbox.angle is not None:
                yield from mailbox.read()
                mailbox = _Mailbox()
            mailbox.take(kind, text)
    yield from mailbox.read()


@dataclass(slots=True)
class _Mailbox:
    written: Word = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    angle: str | None = None
    unclosed: list[str] | None = None
    """What follows a `<` that has no `>`."""

    def take(self, kind: Kind, text: str) -> None:
        if kind == "angle":
            self.written += [("text", part) for part in self.unclosed or ()]
            self.angle, self.unclosed = text[1:-1], None
        elif kind == "comment":
            self.comments.append(text)
            self.written.append(("comment", " "))
        elif kind == "open":
            self.unclosed = self.unclosed or []
        elif self.unclosed is not None and self.angle is None:
            self.unclosed.append(text)
        else:
            self.written.append((kind, text))

    def read(self) -> Iterator[tuple[str | None, str]]:
        comment = _name(" ".join(self.comments))
        if self.angle is None and self.unclosed and (unclosed := "".join(self.unclosed).strip('[]()<>" ')):
            self.angle = unclosed
        if self.angle is not None:
            yield from self._in_brackets(self.angle, _phrase(self.written) or comment)
            return
        named, addresses = self._without_brackets()
        name = _phrase(named) or (comment if addresses else None)
        if addresses:
            yield from ((name, address) for address in addresses)
        elif name:
            yield name, ""

    def _without_brackets(self) -> tuple[Word, list[str]]:
        if not any("@" in text for _, text in self.written):
            return self.written, []
        named, addresses = addr_spec.of_words(words(self.written), commented=bool(self.comments))
        return ([piece for word in named for piece in (*word, _BLANK)] if addresses else self.written), addresses

    def _in_brackets(self, angle: str, name: str | None) -> Iterator[tuple[str | None, str]]:
        addresses = addr_spec.in_brackets(angle)
        for address in addresses:
            yield (None if name == address else name), address
        if not addresses and (name or angle.strip()):
            yield name, ""


def _phrase(words: Word) -> str | None:
    return _name("".join(unquoted(text) if kind == "quoted" else text for kind, text in words if kind != "stray"))


def _name(text: str) -> str | None:
    name = one_line(decoded(text), LONGEST_NAME)
    if len(name) > 2 and name[0] == name[-1] and name[0] in "'\"":
        name = name[1:-1].strip()
    return name or None
