"""What a message says, as it crosses from the parser to the rest."""

from dataclasses import dataclass
from datetime import datetime

from models.participant import Participant

PARSER_VERSION = 5
"""Goes up with every change of what is read from the same bytes."""

LARGEST_MESSAGE = 50 * 1024 * 1024
"""In bytes; a larger one is not read at all."""


class Unreadable(Exception):
    """
    The message cannot be read: no header at all, or beyond the caps. `reason` is in plain words, without its content.
    Everything else, however broken, is read as far as it goes (R21).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedHeaders:
    """
    Ids are without `<>`. `sent_at` is in UTC, None where the date is broken or not between 1970 and 2100.
    `participants`: at most 2,000, in the order of the header; their `address` is '' where it cannot be read.
    `automatic`: written by a machine or sent to many; such mail never triggers a letter.
    `report`: it may be a delivery report: a multipart/report (RFC 6522), or from a mail server.
    `envelope`: it says it is a transport envelope of certified mail (PEC), with a letter inside; `receipt`: the
    provider's word about such a letter, and nobody's letter. `letter_id`: one of the system's own letters.
    `email_id`: what a person sent from here, both as their header says; `first_id`: its Message-ID until a server gave
    it another one (Microsoft).
    """

    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    sent_at: datetime | None
    participants: tuple[Participant, ...]
    automatic: bool
    report: bool
    envelope: bool
    receipt: bool
    letter_id: str | None
    email_id: str | None
    first_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedAttachment:
    """`name` is safe to write to a disk and to show: one component, no control characters, never empty."""

    name: str
    content_type: str
    content: bytes
    content_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEmail(ParsedHeaders):
    """
    `text`: the whole plain text, at most a million characters, made from the HTML where there is none.
    `safe_html`: nothing in it acts or loads; `blocked_images` were taken out. `snippet`: one line, 200 characters.
    `fingerprint`: 32 bytes, equal for copies of one message in several mailboxes and folders, also where a server gave
    some of them another Message-ID and says so (`first_id`); different where the content differs under the same (R21).
    `words`: what a search finds it by, each once, at most 4,000.
    `certified_by`: it is the letter inside an envelope of certified mail, of the provider that the envelope names,
    whose signature nobody has checked; then `carrier` is whom the envelope is from.
    """

    subject: str
    text: str
    safe_html: str | None
    blocked_images: int
    snippet: str
    attachments: tuple[ParsedAttachment, ...]
    fingerprint: bytes
    words: tuple[str, ...]
    certified_by: str | None = None
    carrier: Participant | None = None
