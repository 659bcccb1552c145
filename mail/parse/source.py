"""The bytes of a message, with its header read and its parts found."""

import re
from dataclasses import dataclass, field

from mail.parse import headers, parts
from mail.parse.headers import Headers
from mail.parse.parsed import Unreadable
from mail.parse.parts import Part

_LEAD = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]{0,4096}")


@dataclass(frozen=True, slots=True)
class Source:
    """`start`: where the body begins."""

    raw: bytes = field(repr=False)
    fields: Headers
    start: int
    root: Part


def source(raw: bytes) -> Source:
    """Raises Unreadable: no header, nested deeper than 100, more than 1,000 parts."""
    fields, start = head(raw)
    return Source(raw, fields, start, parts.tree(raw, fields, start))


def head(raw: bytes) -> tuple[Headers, int]:
    """The header fields, and where the body begins. Raises Unreadable where there is no header to be read."""
    lead = _LEAD.match(raw)
    fields, body = headers.split(raw, lead.end() if lead else 0, len(raw))
    if not fields.fields:
        raise Unreadable("The message has no header that can be read.")
    return fields, body
