"""What servers say, read: pure functions from the bytes of an answer to values. No sockets.

An `Answer` is one untagged response without its "* ": a line, then by turns a literal and the line that goes on.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from mail.imap.errors import Garbage
from mail.imap.folders import Folder, FolderState
from mail.imap.names import from_wire, to_wire

Answer = tuple[bytes, ...]
Value = bytes | None | list["Value"]

LARGEST_UID = 2**32 - 1
NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)

# Possessive, and "BODY[" only with its "]": a hostile line costs its length once, never its square.
_TOKEN = re.compile(
    rb'[ \t]*+(?:(?P<open>\()|(?P<close>\))|"(?P<quoted>(?:[^"\\]|\\.)*+)"|~?(?P<literal>\{\d+\+?\})\Z'
    rb'|(?P<atom>BODY\[[^\]]*+\](?:<\d+>)?|(?!BODY\[)[^ \t()"]++))',
    re.IGNORECASE | re.DOTALL,
)
_CODE = re.compile(rb"\[([A-Z0-9-]+)(?: ([^\]]*))?\]", re.IGNORECASE)
_DATE = re.compile(rb" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\Z")
_MONTHS = (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec")
_SPECIAL_USES = {
    use.upper(): use for use in ("\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Junk", "\\Sent", "\\Trash")
}


def fetched(answers: Sequence[Answer]) -> Iterator[Mapping[bytes, Value]]:
    """The items of each FETCH answer by upper-case name, BODY[…] under b"BODY[" whatever stands in the brackets."""
    for answer in answers:
        if re.match(rb"\d+ FETCH ", answer[0][:20], re.IGNORECASE):
            yield _pairs(_values(answer)[-1])


def searched(answers: Sequence[Answer]) -> list[int]:
    """UIDs, ascending, each once."""
    lines = [answer[0] for answer in answers if answer[0][:6].upper() == b"SEARCH"]
    return sorted({number(uid) for line in lines for uid in line.partition(b"(")[0].split()[1:]})


def listed(answers: Sequence[Answer]) -> list[Folder]:
    """
    Folders in the server's order. One whose name could not be sent back is not selectable; a line that cannot be read
    is passed over, as the others can.
    """
    return [folder for answer in answers if answer[0][:5].upper() == b"LIST " and (folder := _readable(answer))]


def examined(answers: Sequence[Answer]) -> Mapping[str, int]:
    """UIDVALIDITY, UIDNEXT and EXISTS, as far as they were said."""
    figures = {}
    for line in (answer[0] for answer in answers):
        if found := re.match(rb"(\d{1,10}) EXISTS", line, re.IGNORECASE):
            figures["EXISTS"] = int(found.group(1))
        elif found := re.match(rb"OK \[(UIDVALIDITY|UIDNEXT) (\d{1,10})\]", line, re.IGNORECASE):
            figures[found.group(1).decode().upper()] = int(found.group(2))
    return figures


def status(answers: Sequence[Answer]) -> FolderState:
    for answer in answers:
        if answer[0][:7].upper() == b"STATUS ":
            figures = _pairs(_values(answer)[-1])
            return FolderState(
                uidvalidity=number(figures.get(b"UIDVALIDITY")),
                uidnext=number(figures.get(b"UIDNEXT")),
                exists=number(figures.get(b"MESSAGES")),
            )
    raise Garbage("The mail server answered without the state of the folder.")


def response_code(text: bytes) -> str:
    """ "AUTHENTICATIONFAILED" of "[AUTHENTICATIONFAILED] Invalid credentials"; empty where there is none."""
    found = _CODE.match(text)
    return found.group(1).decode().upper() if found else ""


def plain(text: bytes) -> str:
    """Words of a server, fit to be shown: one line of at most 200 characters."""
    return "".join(c if c.isprintable() else " " for c in text[:200].decode("utf-8", "replace")).strip()


def number(value: Value) -> int:
    """A number from 0 to 2³² - 1."""
    if not isinstance(value, bytes) or not value.isdigit() or len(value) > 10 or int(value) > LARGEST_UID:
        raise Garbage("The mail server said something else where a number belongs.")
    return int(value)


def moment(value: Value) -> datetime:
    """An INTERNALDATE in UTC; the start of 1970 where it is missing or cannot be: no message is lost for a date."""
    found = _DATE.match(value) if isinstance(value, bytes) else None
    if not found or found[2].lower() not in _MONTHS:
        return NO_DATE
    day, year, hour, minute, second, off_hours, off_minutes = (int(found[i]) for i in (1, 3, 4, 5, 6, 8, 9))
    offset = timedelta(hours=off_hours, minutes=off_minutes) * (-1 if found[7] == b"-" else 1)
    try:
        local = datetime(year, _MONTHS.index(found[2].lower()) + 1, day, hour, minute, min(second, 59), tzinfo=UTC)
        return local - offset
    except (ValueError, OverflowError):
        return NO_DATE


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
        found = _TOKEN.match(line, position)
        if not found:
            raise Garbage("The mail server sent an answer that cannot be read.")
        position = found.end()
        if found["open"]:
            inner: list[Value] = []
            open_lists[-1].append(inner)
            open_lists.append(inner)
        elif found["close"]:
            open_lists.pop()
            if not open_lists:
                raise Garbage("The mail server sent an answer with a bracket too many.")
        elif not found["literal"]:
            open_lists[-1].append(_text(found))


def _text(found: re.Match[bytes]) -> bytes | None:
    if (quoted := found["quoted"]) is not None:
        return re.sub(rb"\\(.)", rb"\1", quoted, flags=re.DOTALL)
    return None if found["atom"].upper() == b"NIL" else found["atom"]


def _pairs(items: Value) -> Mapping[bytes, Value]:
    if not isinstance(items, list):
        raise Garbage("The mail server sent an answer that cannot be read.")
    names = (name.upper() if isinstance(name, bytes) else b"" for name in items[::2])
    return {
        b"BODY[" if name.startswith(b"BODY[") else name: value for name, value in zip(names, items[1::2], strict=False)
    }


def _readable(answer: Answer) -> Folder | None:
    try:
        return _folder(answer)
    except Garbage:
        return None


def _folder(answer: Answer) -> Folder:
    match _values(answer)[1:4]:
        case [list(marks), bytes() | None as delimiter, bytes(wire)]:
            flags = {mark.decode("ascii", "replace").upper() for mark in marks if isinstance(mark, bytes)}
        case _:
            raise Garbage("The mail server sent a list of folders that cannot be read.")
    name = from_wire(wire.decode("utf-8", "replace"))
    return Folder(
        name=name,
        special_use=frozenset(_SPECIAL_USES[flag] for flag in flags & _SPECIAL_USES.keys()),
        selectable=not flags & {"\\NOSELECT", "\\NONEXISTENT"} and to_wire(name).encode() == wire,
        delimiter=(delimiter or b"").decode("ascii", "replace"),
    )
