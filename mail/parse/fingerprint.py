"""By what copies of one message are known as such, in several mailboxes and folders (R21)."""

import hashlib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mail.parse.headers import Headers
from mail.parse.parameters import parameters
from mail.parse.parsed import ParsedHeaders
from models.participant import Role

if TYPE_CHECKING:
    from hashlib import _Hash

_BARE_CR = re.compile(rb"\r(?!\n)")


def fingerprint(fields: Headers, parsed: ParsedHeaders, subject: str, body: bytes) -> bytes:
    """
    Made from what all copies share: not from what servers add on the way, nor from Bcc. How the body is to be read is
    part of it, else somebody could hide a message behind the same bytes under another type.
    """
    made = _begun(fields, parsed, subject)
    made.update(_lines(body).rstrip(b"\n"))
    return made.digest()


def in_pieces(fields: Headers, parsed: ParsedHeaders, subject: str, body: Iterable[bytes]) -> bytes:
    """The same of a body that is never in memory as a whole; its lines must end in CRLF or LF."""
    made, line_ends = _begun(fields, parsed, subject), 0
    for piece in body:
        lines = piece.replace(b"\r", b"")
        if text := lines.rstrip(b"\n"):
            made.update(b"\n" * line_ends + text)
            line_ends = 0
        line_ends += len(lines) - len(text)
    return made.digest()


def _begun(fields: Headers, parsed: ParsedHeaders, subject: str) -> "_Hash":
    senders = [f"{person.name} <{person.address}>" for person in parsed.participants if person.role is Role.FROM]
    date = " ".join((fields.first("date") or "").split())
    made = hashlib.sha256()
    kind, params = parameters(fields.first("content-type") or "")
    encoding = (fields.first("content-transfer-encoding") or "").strip().lower()
    reading = [kind, *(f"{name}={value}" for name, value in sorted(params.items())), encoding]
    for fact in (parsed.message_id or "", *senders, date, subject, *reading):
        made.update(fact.encode("utf-8", "replace") + b"\0")
    return made


def _lines(body: bytes) -> bytes:
    """However lines end, they end in LF: in most messages by taking all CR out, which is the fastest."""
    if _BARE_CR.search(body):
        return body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return body.replace(b"\r", b"")
