"""A message as it crosses from the mail to the firm."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from models.address import compared
from models.document import NotSavedReason
from models.participant import Participant, Role

CLOCKS_APART = timedelta(days=1)
ARRIVAL_DELAY = timedelta(days=30)
_EVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MessageAttachment:
    """`file`: where its content was kept; `size` in bytes. `unfit`: why it is never saved to Documents (R20)."""

    name: str
    content_type: str
    content_id: str | None
    size: int
    file: str
    unfit: NotSavedReason | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """
    Parsed, its files kept, not yet in the database. `sent_at` None: its header cannot be read. `certified_by`: it came
    as certified mail (R18), in an envelope from the address `carrier`. `receipt`: of such mail, written by nobody.
    `renamed`: a server gave this copy another Message-ID; the first one is among its references.
    """

    fingerprint: bytes
    message_id: str | None
    references: tuple[str, ...]
    subject: str
    participants: tuple[Participant, ...]
    sent_at: datetime | None
    received_at: datetime
    automatic: bool
    text: str
    safe_html: str | None
    blocked_images: int
    snippet: str
    words: tuple[str, ...]
    attachments: tuple[MessageAttachment, ...]
    raw_file: str
    parser_version: int
    certified_by: str | None = None
    carrier: str = ""
    receipt: bool = False
    renamed: bool = False

    def dated(self) -> datetime:
        """As its header says, or when it came."""
        return self.sent_at or self.received_at

    def sorted_at(self, *, arrival: bool) -> datetime:
        """
        Where it stands in lists: by its own date, unless that is more than a day after the server's, or, of what came
        in just now, more than 30 days before it: then by the server's (R21).
        """
        earliest = self.received_at - ARRIVAL_DELAY if arrival else _EVER
        return self.dated() if earliest <= self.dated() <= self.received_at + CLOCKS_APART else self.received_at

    def address_keys(self) -> set[str]:
        """The keys of all addresses in it."""
        return {compared(person.address) for person in self.participants if person.address}

    def sender_key(self) -> str:
        """Says whether it is ours: of certified mail the envelope's, as anybody may put any letter inside (R18)."""
        return compared(self.first(Role.FROM, Role.SENDER).address if self.certified_by is None else self.carrier)

    def senders(self) -> list[Participant]:
        return [person for person in self.participants if person.role in {Role.FROM, Role.SENDER} and person.address]

    def answered(self) -> list[Participant]:
        """Who is to be answered, by Reply-To."""
        return [person for person in self.participants if person.role is Role.REPLY_TO and person.address]

    def first(self, *roles: Role) -> Participant:
        """The first participant in one of these headers; an empty one where there is none."""
        return next((person for person in self.participants if person.role in roles), Participant(Role.FROM, None, ""))
