"""What servers say, read: pure functions from the bytes of an answer to values. No sockets.

An `Answer` is one untagged response without its "* ": a line, then by turns a literal and the line that goes on.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mail.imap.errors import Garbage

Answer = tuple[bytes, ...]
Value = bytes | None | list["Value"]

LARGEST_UID = 2**32 - 1

# Possessive, and "BODY[" only with its "]": a hostile line costs its length once, never its square.
_TOKEN = re.compile(
    rb'[ \t]*+(?:(?P<open>\()|(?P<close>\))|"(?P<quoted>(?:[^"\\]|\\.)*+)"|~?(?P<literal>\{\d+\+?\})\Z'
    rb'|(?P<atom>BODY(?:\.PEEK)?\[[^\]]*+\](?:<\d+>)?|(?!BODY(?:\.PEEK)?\[)[^ \t()"]++))',
    re.IGNORECASE | re.DOTALL,
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_CODE = re.compile(rb"\[([A-Z0-9-]+)(?: ([^\]]*))?\]", re.IGNORECASE)
_EXISTS = re.compile(rb"(\d{1,10}) EXISTS", re.IGNORECASE)
_FIGURE = re.compile(rb"(?:OK )?\[(UIDVALIDITY|UIDNEXT) (\d{1,20})", re.IGNORECASE)
_NUMBER = re.compile(rb"\d{1,20}\Z")
_APPENDED = re.compile(rb"\[APPENDUID (\d{1,20}) (\d{1,10})\]", re.IGNORECASE)


def fetched(answers: Iterable[Answer]) -> Iterator[Mapping[bytes, Value]]:
    """The items of each FETCH answer by upper-case name, BODY[…] under b"BODY[" whatever stands in the brackets."""
    for answer in answers:
        if re.match(rb"\d+ FETCH ", answer[0][:20], re.IGNORECASE):
            yield _pairs(_values(answer)[-1])


def searched(answers: Sequence[Answer]) -> list[int] | None:
    """UIDs, ascending, each once. None: it is answered as in IMAP4rev2 (ESEARCH), which nobody asked for."""
    if any(answer[0][:8].upper() == b"ESEARCH " for answer in answers):
        return None
    lines = [answer[0] for answer in answers if answer[0][:6].upper() == b"SEARCH"]
    return sorted({number(uid) for line in lines for uid in line.partition(b"(")[0].split()[1:]})


def examined(answers: Sequence[Answer], text: bytes = b"") -> Mapping[str, int]:
    """
    UIDVALIDITY, UIDNEXT and EXISTS, as far as they were said; `text` is what stood behind the OK. Zero is no number of
    a message, nor of a folder's state (RFC 3501, 9: nz-number): servers that say it do not know.
    """
    figures = {}
    for line in (*(answer[0] for answer in answers), b"OK " + text):
        if match := _EXISTS.match(line):
            figures["EXISTS"] = int(match[1])
        elif match := _FIGURE.match(line):
            figures[match[1].decode().upper()] = _folded(int(match[2]))
    return {name: figure for name, figure in figures.items() if figure or name == "EXISTS"}


def status(answers: Sequence[Answer]) -> Mapping[str, int]:
    """The same figures out of a STATUS."""
    figures: Mapping[bytes, Value] = {}
    for answer in answers:
        if answer[0][:7].upper() == b"STATUS ":
            figures = _pairs(_values(answer)[-1])
    names = {b"UIDVALIDITY": "UIDVALIDITY", b"UIDNEXT": "UIDNEXT", b"MESSAGES": "EXISTS"}
    values = {names[name]: value for name, value in figures.items() if name in names}
    numbers = {name: int(value) for name, value in values.items() if isinstance(value, bytes) and _NUMBER.match(value)}
    return {name: _folded(figure) for name, figure in numbers.items() if figure or name == "EXISTS"}


def appended(text: bytes) -> tuple[int, int] | None:
    """UIDVALIDITY and UID of what was put into a folder (RFC 4315, 3), where the server tells them."""
    match = _APPENDED.match(text)
    if not match or not int(match[1]) or not 0 < int(match[2]) <= LARGEST_UID:
        return None
    return _folded(int(match[1])), int(match[2])


def _folded(figure: int) -> int:
    """Some count the milliseconds since 1970 as a UIDVALIDITY: all that matters is whether it is the same."""
    return figure % 2**32 or 1 if figure > LARGEST_UID else figure


def response_code(text: bytes) -> str:
    """ "AUTHENTICATIONFAILED" of "[AUTHENTICATIONFAILED] Invalid credentials"; empty where there is none."""
    match = _CODE.match(text)
    return match.group(1).decode().upper() if match else ""


def plain(text: bytes) -> str:
    """Words of a server, fit to be shown: one line of at most 200 characters."""
    return "".join(c if c.isprintable() else " " for c in text[:200].decode("utf-8", "replace")).strip()


def sentence(text: bytes) -> str:
    """The same as the end of a sentence of ours, without the code: programs read that."""
    words = plain(_CODE.sub(b"", text, count=1) if _CODE.match(text) else text) or response_code(text)
    return words if words.endswith((".", "!", "?")) else f"{words or 'it gave no reason'}."


def number(value: Value) -> int:
    """A number from 0 to 2³² - 1."""
    if not isinstance(value, bytes) or not value.isdigit() or len(value) > 10 or int(value) > LARGEST_UID:
        raise Garbage("The mail server said something else where a number belongs.")
    return int(value)


def _values(answer: Answer) -> list[Value]:
    """Nested lists of strings; None for NIL."""
    root: list[Value] = []
    open_lists = [root]
    for index, part in enumerate(answer):
        if index % 2:
            open_lists[-1].append(part)
        else:
            _read_line(part, open_lists)
    if len(open_lists) != 1:
        raise Garbage("The mail server sent an answer with a bracket missing.")
    return root


def _read_line(line: bytes, open_lists: list[list[Value]]) -> None:
    position, end = 0, len(line.rstrip())
    while position < end:
        match = _TOKEN.match(line, position)
        if not match:
            raise Garbage("The mail server sent an answer that cannot be read.")
        position, kind = match.end(), match.lastgroup
        if kind == "open":
            inner: list[Value] = []
            open_lists[-1].append(inner)
            open_lists.append(inner)
        elif kind == "close":
            open_lists.pop()
            if not open_lists:
                raise Garbage("The mail server sent an answer with a bracket too many.")
        elif kind != "literal":
            open_lists[-1].append(_text(match))


def _text(token: re.Match[bytes]) -> bytes | None:
    text = token[token.lastgroup or 0]
    if token.lastgroup == "quoted":
        return _ESCAPED.sub(rb"\1", text) if b"\\" in text else text
    return None if text.upper() == b"NIL" else text


def _pairs(items: Value) -> Mapping[bytes, Value]:
    if not isinstance(items, list):
        raise Garbage("The mail server sent an answer that cannot be read.")
    names = (name.upper() if isinstance(name, bytes) else b"" for name in items[::2])
    return {
        b"BODY[" if name.startswith((b"BODY[", b"BODY.PEEK[")) else name: value
        for name, value in zip(names, items[1::2], strict=False)
    }
