"""Message-IDs, as headers name them (RFC 5322, 3.6.4)."""

import re

from mail.parse.charsets import one_line
from mail.parse.headers import Headers

LONGEST_ID = 500  # characters
_ID = re.compile(r"<([^<>]*)>")


def ids(fields: Headers, name: str) -> list[str]:
    """Message-IDs without `<>`; where a broken program left those out, its words."""
    value = " ".join(fields.all(name))
    named = _ID.findall(value) or value.strip("<> ").split()
    return [message_id for message_id in map(clean, named) if message_id]


def clean(message_id: str) -> str:
    """As it is compared and stored."""
    return "".join(one_line(message_id, LONGEST_ID).split())
