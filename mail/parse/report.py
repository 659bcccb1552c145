"""A delivery report (RFC 3464, and what servers send instead): which of our letters did not arrive, and why."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message

from flufl.bounce import all_failures

LETTER_HEADER = "X-Switchboard-Letter"
LARGEST_REPORT = 1024 * 1024  # bytes
_STATUS = re.compile(r"\b([45]\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Report:
    """
    `letter_id`: as the returned letter's header says it, signature and all. `failed`: for good; else it is only late.
    `status`: the enhanced status code (RFC 3463), or empty.
    """

    letter_id: str
    failed: bool
    status: str


def read_report(raw: bytes) -> Report | None:
    """None where no letter of ours is in it. Run it where time and memory are limited."""
    if len(raw) > LARGEST_REPORT:
        return None
    message = message_from_bytes(raw)
    letter_id = next(_returned(message), None)
    if letter_id is None:
        return None
    try:
        _, failed = all_failures(message)
    except Exception:  # its heuristics meet whatever a server writes
        failed = frozenset()
    return Report(letter_id, bool(failed), _status(message))


def _returned(message: Message) -> Iterator[str]:
    """The signed ids of letters that came back inside: whole, or their headers only."""
    for part in message.walk():
        if part is message:
            continue
        if part.get_content_type() == "text/rfc822-headers":
            text = part.get_payload(decode=True)
            part = message_from_string(text.decode("ascii", "replace") if isinstance(text, bytes) else "")
        if found := part.get(LETTER_HEADER):
            yield "".join(str(found).split())[:200]


def _status(message: Message) -> str:
    for part in message.walk():
        if found := _STATUS.search(str(part.get("Status", ""))):
            return found[1]
    return ""
