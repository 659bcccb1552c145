"""How folders stand without opening them: STATUS (RFC 3501, 7.2.4), and what LIST tells beside it (RFC 5819)."""

import re
from collections.abc import Mapping, Sequence

from mail.imap.answers import Answer, status
from mail.imap.errors import Garbage
from mail.imap.folders import FolderState

STATUS_ITEMS = "(MESSAGES UIDNEXT UIDVALIDITY)"
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)


def states_by_wire(answers: Sequence[Answer]) -> dict[bytes, FolderState]:
    """By the name as the server writes it. One whose figures are not all told, or cannot be, is not there."""
    states = {_wire(answer): _state(answer) for answer in _statuses(answers)}
    return {wire: state for wire, state in states.items() if state}


def figures_of(wire: bytes, answers: Sequence[Answer]) -> Mapping[str, int]:
    """Of this folder: servers may tell of others in between (RFC 5465), and may spell it otherwise than asked."""
    statuses = _statuses(answers)
    return status([answer for answer in statuses if _wire(answer) == key_of(wire)] or statuses[-1:])


def state_of(figures: Mapping[str, int]) -> FolderState | None:
    if not figures.keys() >= {"UIDVALIDITY", "UIDNEXT", "EXISTS"}:
        return None
    return FolderState(figures["UIDVALIDITY"], figures["UIDNEXT"], figures["EXISTS"])


def _statuses(answers: Sequence[Answer]) -> list[Answer]:
    return [answer for answer in answers if answer[0][:7].upper() == b"STATUS "]


def _state(answer: Answer) -> FolderState | None:
    try:
        return state_of(status([answer]))
    except Garbage:
        return None


def _wire(answer: Answer) -> bytes:
    """The name: a literal, or in quotes, or just so."""
    if len(answer) == 3:
        return key_of(answer[1])
    name = answer[0][7:].rpartition(b"(")[0].strip()
    quoted = len(name) > 1 and name.startswith(b'"') and name.endswith(b'"')
    return key_of(_ESCAPED.sub(rb"\1", name[1:-1]) if quoted else name)


def key_of(wire: bytes) -> bytes:
    return b"INBOX" if wire.upper() == b"INBOX" else wire
