"""What is fetched, and in which bites."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from mail.imap.answers import LARGEST_UID, Value, fetched, moment, number, plain, response_code, searched
from mail.imap.conversation import Conversation, Reply
from mail.imap.line import LITERAL_LIMIT, MB

MESSAGE_LIMIT = LITERAL_LIMIT
"""Bytes of the largest message that is fetched."""

BATCH_MESSAGES = 50
BATCH_BYTES = 8 * MB
BATCH_HEADERS = 200

BEGINNING = 64 * 1024
"""Bytes of the beginning of a message."""

# Never ENVELOPE or BODYSTRUCTURE: what senders wrote comes as literals only, byte for byte.
MESSAGE_ITEMS = "(UID INTERNALDATE BODY.PEEK[])"
BEGINNING_ITEMS = f"(UID INTERNALDATE BODY.PEEK[]<0.{BEGINNING}>)"
HEADER_ITEMS = (
    "(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (FROM SENDER REPLY-TO TO CC BCC MESSAGE-ID DATE"
    " IN-REPLY-TO REFERENCES AUTO-SUBMITTED CONTENT-TYPE X-SWITCHBOARD-LETTER"
    " RETURN-PATH X-FAILED-RECIPIENTS X-RICEVUTA X-TRASPORTO)])"
)


@dataclass(frozen=True, slots=True)
class Header:
    """Who took part, without the subject. `size` in bytes as the server says; `received_at` is its INTERNALDATE.

    `received_at` is in UTC, and the start of 1970 where the server gave no possible date.
    """

    uid: int
    size: int
    received_at: datetime
    header: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    uid: int
    received_at: datetime
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unfetchable:
    """It is there, and the server does not hand it out: `reason` in plain words. Worth a few tries, not more."""

    uid: int
    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """It was deleted meanwhile."""

    uid: int


Items = Mapping[bytes, Value]
T = TypeVar("T")

_BUSY_CODES = {"UNAVAILABLE", "INUSE", "LIMIT"}


async def fetch(
    talk: Conversation, uids: Sequence[int], items: str, read: Callable[[Items], T | None]
) -> dict[int, T | Unfetchable | Gone]:
    """An outcome for each UID. What is refused as a whole, or silently left out, is split down to the one message."""
    reply, found = await talk.ask("FETCH", uid_set(uids), items, prefix="UID", read=lambda reply: _read(reply, read))
    outcomes: dict[int, T | Unfetchable | Gone] = {uid: found[uid] for uid in uids if uid in found}
    missing = [uid for uid in uids if uid not in found]
    listed = set(await search(talk, uid_set(missing))) if missing else set()
    outcomes |= {uid: Gone(uid) for uid in missing if uid not in listed}
    left = [uid for uid in missing if uid in listed]
    if len(uids) == 1:
        return outcomes | {uid: Unfetchable(uid, _reason(reply)) for uid in left}
    for part in (left[: len(left) // 2], left[len(left) // 2 :]):
        outcomes |= await fetch(talk, part, items, read) if part else {}
    return outcomes


async def search(talk: Conversation, uids: str) -> list[int]:
    return await talk.ask("SEARCH", "UID", uids, prefix="UID", read=lambda reply: searched(reply.ok))


def read_header(items: Items) -> Header | None:
    if b"BODY[" not in items:
        return None
    body = items[b"BODY["]
    header = body if isinstance(body, bytes) else b""  # NIL where none of these fields is there
    size = number(items.get(b"RFC822.SIZE") or b"0")
    return Header(
        uid=number(items.get(b"UID")), size=size, received_at=moment(items.get(b"INTERNALDATE")), header=header
    )


def read_message(items: Items) -> Message | None:
    body = items.get(b"BODY[")
    if not isinstance(body, bytes):
        return None
    return Message(uid=number(items.get(b"UID")), received_at=moment(items.get(b"INTERNALDATE")), raw=body)


def bites(wanted: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Batches of (uid, bytes): at most 50 messages, and 8 MB unless one alone is larger."""
    batch: list[int] = []
    weight = 0
    for uid, size in wanted:
        if batch and (len(batch) == BATCH_MESSAGES or weight + size > BATCH_BYTES):
            yield batch
            batch, weight = [], 0
        batch.append(uid)
        weight += size
    if batch:
        yield batch


def uid_set(uids: Sequence[int]) -> str:
    """ "1:3,7" of 1, 2, 3, 7 (RFC 3501, sequence-set)."""
    runs: list[list[int]] = []
    for uid in sorted(set(uids)):
        if not 0 < uid <= LARGEST_UID:
            raise ValueError("a UID is a number from 1 to 2³² - 1")
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in runs)


def _read(reply: Reply, read: Callable[[Items], T | None]) -> tuple[Reply, dict[int, T]]:
    if response_code(reply.text) in _BUSY_CODES:
        _ = reply.ok  # raises: nothing is wrong with a message, only with the moment
    whole = ((number(items[b"UID"]), read(items)) for items in fetched(reply.answers) if b"UID" in items)
    return Reply(reply.result, reply.text, ()), {uid: one for uid, one in whole if one is not None}


def _reason(reply: Reply) -> str:
    if reply.result == "OK":
        return "The mail server lists the message but does not hand it out."
    return f"The mail server refused the message: {plain(reply.text)}"
