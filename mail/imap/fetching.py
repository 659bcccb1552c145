"""What is fetched, and in which bites."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from mail.imap.answers import LARGEST_UID, Answer, Value, fetched, number, searched, sentence
from mail.imap.conversation import Conversation, Reply
from mail.imap.dates import moment
from mail.imap.errors import Busy, Refused, Unreachable
from mail.imap.line import ANSWERS_LIMIT, LITERAL_LIMIT, MB
from mail.imap.refusals import refused

MESSAGE_LIMIT = LITERAL_LIMIT
"""Bytes of the largest message that is fetched."""

BATCH_MESSAGES = 50
BATCH_BYTES = 8 * MB
BATCH_HEADERS = 200
NUMBERS_AT_ONCE = ANSWERS_LIMIT // 2

BEGINNING = 64 * 1024
"""Bytes of the beginning of a message."""

# Never ENVELOPE or BODYSTRUCTURE: what senders wrote comes as literals only, byte for byte.
MESSAGE_ITEMS = "(UID INTERNALDATE BODY.PEEK[])"
BEGINNING_ITEMS = f"(UID INTERNALDATE BODY.PEEK[]<0.{BEGINNING}>)"
HEADER_ITEMS = (
    "(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (FROM SENDER REPLY-TO TO CC BCC MESSAGE-ID DATE"
    " IN-REPLY-TO REFERENCES AUTO-SUBMITTED CONTENT-TYPE X-SWITCHBOARD-LETTER"
    " X-SWITCHBOARD-EMAIL X-MICROSOFT-ORIGINAL-MESSAGE-ID RETURN-PATH X-FAILED-RECIPIENTS X-RICEVUTA X-TRASPORTO)])"
)
GMAIL_HEADER_ITEMS = HEADER_ITEMS.replace("(UID ", "(UID X-GM-LABELS ", 1)
"""Gmail keeps drafts in All Mail, too, and what was sent: only their labels tell them apart."""
_DRAFT = {b"\\DRAFT", b"\\DRAFTS"}
_SENT = {b"\\SENT"}


@dataclass(frozen=True, slots=True)
class Header:
    """Who took part, without the subject. `size` in bytes as the server says; `received_at` is its INTERNALDATE.

    `received_at` is in UTC, and the start of 1970 where the server gave no possible date. `draft`: nobody has sent it;
    `sent`: it was, from this mailbox; where labels tell, as at Gmail.
    """

    uid: int
    size: int
    received_at: datetime
    header: bytes = field(repr=False)
    draft: bool = False
    sent: bool = False


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


async def fetch(
    talk: Conversation, uids: Sequence[int], items: str, read: Callable[[Items], T | None]
) -> dict[int, T | Unfetchable | Gone]:
    """An outcome for each UID. What is refused as a whole, or silently left out, is split down to the one message."""
    reply, values = await talk.ask("FETCH", uid_set(uids), items, prefix="UID", read=lambda reply: _read(reply, read))
    outcomes: dict[int, T | Unfetchable | Gone] = {uid: values[uid] for uid in uids if uid in values}
    missing = [uid for uid in uids if uid not in values]
    listed = set(await search(talk, uid_set(missing))) if missing else set()
    outcomes |= {uid: Gone(uid) for uid in missing if uid not in listed}
    left = [uid for uid in missing if uid in listed]
    if len(uids) == 1:
        return outcomes | {uid: Unfetchable(uid, _reason(reply)) for uid in left}
    for part in (left[: len(left) // 2], left[len(left) // 2 :]):
        outcomes |= await fetch(talk, part, items, read) if part else {}
    return outcomes


async def search(talk: Conversation, uids: str) -> list[int]:
    """
    The UIDs of a set that are there. No CHARSET is named, which some refuse. Where the search itself is refused, or
    answered in another way than asked, the messages are asked for their UIDs.
    """
    try:
        hits = await talk.ask("SEARCH", "UID", uids, prefix="UID", read=lambda reply: searched(reply.ok))
    except Busy:
        raise
    except Refused:
        hits = None
    return hits if hits is not None else [uid for uid in await numbered(talk) if _covers(uids, uid)]


async def numbered(talk: Conversation) -> list[int]:
    """The UID of every message that the server counts, each asked for it: also of those that no search finds."""
    uids: set[int] = set()
    for first in range(1, talk.line.exists + 1, NUMBERS_AT_ONCE):
        numbers = f"{first}:{min(first + NUMBERS_AT_ONCE - 1, talk.line.exists)}"
        uids.update(await talk.ask("FETCH", numbers, "(UID)", read=lambda reply: _merged(reply.ok).keys()))
    return sorted(uids)


async def newest(talk: Conversation, most: int) -> list[int]:
    """UIDs of the last messages of the open folder, ascending."""
    if not talk.line.exists:
        return []
    numbers = f"{max(1, talk.line.exists - most + 1)}:{talk.line.exists}"
    return sorted(await talk.ask("FETCH", numbers, "(UID)", read=lambda reply: _merged(reply.ok).keys()))


def _covers(uids: str, uid: int) -> bool:
    runs = [run.partition(":") for run in uids.split(",")]
    return any(
        first == "*" or (int(first) <= uid and (last == "*" or uid <= int(last or first))) for first, _, last in runs
    )


def read_header(items: Items) -> Header | None:
    if b"BODY[" not in items:
        return None
    body = items[b"BODY["]
    header = body if isinstance(body, bytes) else b""  # NIL where none of these fields is there
    return Header(
        uid=number(items.get(b"UID")),
        size=_size(items.get(b"RFC822.SIZE")),
        received_at=moment(items.get(b"INTERNALDATE")),
        header=header,
        draft=_is_labelled(items.get(b"X-GM-LABELS"), _DRAFT),
        sent=_is_labelled(items.get(b"X-GM-LABELS"), _SENT),
    )


def _is_labelled(labels: Value, names: set[bytes]) -> bool:
    return isinstance(labels, list) and any(isinstance(label, bytes) and label.upper() in names for label in labels)


def _size(value: Value) -> int:
    """A guess of the server's: it only says what to fetch together. 0 where it is none."""
    return int(value) if isinstance(value, bytes) and value.isdigit() and len(value) <= 10 else 0


def read_message(items: Items) -> Message | None:
    body = items.get(b"BODY[")
    if not isinstance(body, bytes):
        return None
    return Message(uid=number(items.get(b"UID")), received_at=moment(items.get(b"INTERNALDATE")), raw=body)


def bites(sizes: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Batches of (uid, bytes): at most 50 messages, and 8 MB unless one alone is larger."""
    batch: list[int] = []
    weight = 0
    for uid, size in sizes:
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
    if reply.result != "OK" and isinstance(why := refused(reply.text), Busy | Unreachable):
        raise why  # nothing is wrong with a message, only with the moment or the session
    whole = ((uid, read(items)) for uid, items in _merged(reply.answers).items())
    return Reply(reply.result, reply.text, ()), {uid: value for uid, value in whole if value is not None}


def _merged(answers: Iterable[Answer]) -> dict[int, dict[bytes, Value]]:
    """What is said of each message, by UID: some say it in pieces, or say more in between."""
    messages: dict[int, dict[bytes, Value]] = {}
    for items in fetched(answers):
        if b"UID" in items:
            messages.setdefault(number(items[b"UID"]), {}).update(items)
    return messages


def _reason(reply: Reply) -> str:
    if reply.result == "OK":
        return "The mail server lists the message but does not hand it out."
    return f"The mail server refused the message: {sentence(reply.text)}"
