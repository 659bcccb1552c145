"""Searching for one message by a field of its header (RFC 3501, 6.4.4)."""

from datetime import datetime

from mail.imap.answers import searched
from mail.imap.conversation import Conversation
from mail.imap.dates import day
from mail.imap.errors import Busy, Refused
from mail.imap.names import quoted

NEWEST = 50
"""So many of a folder's messages are looked at where a search finds nothing, or is refused."""
MOST_LOOKED_AT = 200


async def search_header(talk: Conversation, name: str, value: str, since: datetime) -> list[int]:
    """The newest of those that the server finds, which is a substring match at best; none where it refuses."""
    words = ("SINCE", day(since), "HEADER", quoted(name), quoted(value))
    try:
        uids = await talk.ask("SEARCH", *words, prefix="UID", read=lambda reply: searched(reply.ok))
    except Busy:
        raise
    except Refused:
        return []
    return (uids or [])[-MOST_LOOKED_AT:]


def says(header: bytes, name: str, value: str) -> bool:
    """Whether a field of that name has that very value, wherever it is folded (RFC 5322, 2.2.3)."""
    lines = header.replace(b"\r\n", b"\n").replace(b"\n\t", b" ").replace(b"\n ", b" ").split(b"\n")
    fields = [line.partition(b":") for line in lines]
    return any(
        field.strip().lower() == name.lower().encode() and b"".join(body.split()) == b"".join(value.encode().split())
        for field, _, body in fields
    )
