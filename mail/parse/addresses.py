"""Who takes part: the address headers, read in one pass without recursion (RFC 5322, 3.4; RFC 6854 groups)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from mail.parse.charsets import one_line
from mail.parse.headers import Headers, decoded
from models.participant import Participant, Role

MOST_PARTICIPANTS = 2_000
LONGEST_NAME = 200  # characters
_HEADERS = {
    "from": Role.FROM,
    "sender": Role.SENDER,
    "reply-to": Role.REPLY_TO,
    "to": Role.TO,
    "cc": Role.CC,
    "bcc": Role.BCC,
}
_TOKEN = re.compile(
    r'(?P<quoted>"(?:[^"\\]|\\.)*")|<(?P<angle>(?:[^<>"]|"(?:[^"\\<>]|\\[^<>])*")*)>|(?P<literal>\[[^\[\]\s]{0,100}\])'
    r'|(?P<space>\s+)|(?P<mark>[,;:()<>"\[\]])|(?P<text>(?:[^\s,;:()<>"\[\]\\]|\\.?)++)',
    re.DOTALL,
)
# No control, blank, invisible or direction-turning character anywhere: such an address could look like another one.
_FORBIDDEN = r'\s"(),:;<>@\[\\\]\x00-\x1f\x7f-\xa0\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufffd'
_ADDRESS = re.compile(
    rf'(?:[^{_FORBIDDEN}]{{1,200}}|"(?:[^"\\\x00-\x1f\x7f-\x9f<>]|\\[\x20-\x7e])' + r'{1,200}")@'
    rf"(?:[^{_FORBIDDEN}.!#$%&'*+/=?^`{{|}}~]+(?:\.[^{_FORBIDDEN}.!#$%&'*+/=?^`{{|}}~]+)*|\[[0-9A-Za-z.:]+\])"
)
LONGEST_ADDRESS = 254  # characters (RFC 5321, 4.5.3.1.3)


def participants(headers: Headers) -> tuple[Participant, ...]:
    """Everybody of the six headers, in their order, each once per header; at most 2,000."""
    found = (
        Participant(_HEADERS[name], person, address)
        for name, value in headers.fields
        if name in _HEADERS
        for person, address in mailboxes(value)
    )
    return tuple(islice(dict.fromkeys(found), MOST_PARTICIPANTS))


def mailboxes(value: str) -> Iterator[tuple[str | None, str]]:
    """
    Name and address of each mailbox in an address header. An address is taken as it stands or not at all (''):
    never put together, completed or decoded, since it decides who may see the message.
    """
    one, depth, last_closed = _Mailbox(), 0, value.rfind(")")
    for token in _TOKEN.finditer(value):
        kind, text = token.lastgroup, token[token.lastgroup or 0]
        if kind == "mark" and text in "()":
            depth = max(depth + (1 if text == "(" else -1), 0) if token.start() <= last_closed else 0
        elif depth:
            one.comment.append(text)
        elif kind == "mark" and text == ":":
            one = _Mailbox()  # what stood before was the name of a group
        elif kind == "mark" and text in ",;":
            yield from one.read()
            one = _Mailbox()
        else:
            if kind == "angle" and one.angle is not None:
                yield from one.read()
                one = _Mailbox()
            one.take(kind or "", text)
    yield from one.read()


@dataclass(slots=True)
class _Mailbox:
    phrase: list[str] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)
    comment: list[str] = field(default_factory=list)
    angle: str | None = None

    def take(self, kind: str, text: str) -> None:
        if kind == "angle":
            self.angle = text
        elif kind != "mark":
            self.phrase.append(_unquoted(text) if kind == "quoted" else text)
            self.bare.append(text)

    def read(self) -> Iterator[tuple[str | None, str]]:
        phrase, comment = _name("".join(self.phrase)), _name("".join(self.comment))
        if self.angle is not None:
            address = _address(self.angle)
            if address or phrase or self.angle.strip():
                yield _unless_same(phrase or comment, address), address
        elif bare := "".join(self.bare).strip():
            whole = [address] if (address := _address(bare)) else [_address(word) for word in bare.split()]
            if all(whole):  # more than one: somebody forgot the commas
                yield from ((comment, address) for address in whole)
            else:
                yield phrase or comment, ""


def _unless_same(name: str | None, address: str) -> str | None:
    return None if name == address else name


def _address(text: str) -> str:
    text = text.strip()
    if text.startswith("@"):  # a route, obsolete: <@relay,@other:joe@firm.com>
        text = text.rpartition(":")[2]
    text = text.removeprefix("mailto:").removesuffix(".")
    return text if len(text) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(text) else ""


def _name(text: str) -> str | None:
    name = one_line(decoded(text), LONGEST_NAME)
    if len(name) > 2 and name[0] == name[-1] and name[0] in "'\"":
        name = name[1:-1].strip()
    return name or None


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
