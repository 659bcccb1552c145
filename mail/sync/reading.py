"""From what the parser read to what the firm stores; nothing is longer than an index of PostgreSQL can hold (R21)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from mail.imap import NO_DATE, Header
from mail.own_letter import is_own_letter
from mail.parse import PARSER_VERSION, ParsedEmail, ParsedHeaders, Unreadable
from models.address import compared
from models.email import Message, MessageAttachment
from models.ground import clock
from models.ground.keys import Key
from models.mailbox.ledger import Found
from models.mailbox.mailbox import SkipReason
from models.participant import Participant

LONGEST_ID = 900  # bytes
LONGEST_ADDRESS = 320  # characters (RFC 3696)
LONGEST_KEY = 1_000  # bytes; folding makes some addresses longer


def found(key: Key, header: Header, parsed: ParsedHeaders | Unreadable) -> Found:
    """
    What the ledger keeps of a header: hashes of its participants by the firm's key, and no word of it (R18). A draft
    has none: it is nobody's mail until it is sent, and then another message.
    """
    place = (header.uid, header.size, _received_at(header, parsed))
    if isinstance(parsed, Unreadable):
        return Found(*place, skip=SkipReason.UNREADABLE, reason=parsed.reason)
    return Found(
        *place,
        message_id=storable_id(parsed.message_id),
        hashes=() if header.draft else tuple(hashes_of(key, parsed.participants)),
        skip=SkipReason.OWN_LETTER if is_own_letter(parsed.letter_id) else None,
    )


def _received_at(header: Header, parsed: ParsedHeaders | Unreadable) -> datetime:
    """As the server says; where it does not, as the message says, but never later than now."""
    if header.received_at != NO_DATE:
        return header.received_at
    sent_at = None if isinstance(parsed, Unreadable) else parsed.sent_at
    return min(sent_at or clock.now(), clock.now())


def hashes_of(key: Key, people: Iterable[Participant]) -> set[bytes]:
    """What stands for them in the ledger."""
    return {key.address_hash(address) for address in _keys(people)}


def message(
    parsed: ParsedEmail, *, raw_file: str, attachments: Iterable[MessageAttachment], received_at: datetime
) -> Message:
    """Raises nothing that a message could bring about."""
    references = dict.fromkeys([*parsed.references, parsed.in_reply_to, parsed.first_id])
    return Message(
        fingerprint=parsed.fingerprint,
        message_id=storable_id(parsed.message_id),
        references=tuple(name for name in references if name and storable_id(name)),
        subject=parsed.subject,
        participants=tuple(_storable(person) for person in parsed.participants),
        sent_at=parsed.sent_at,
        received_at=received_at,
        automatic=parsed.automatic,
        text=parsed.text,
        safe_html=parsed.safe_html,
        blocked_images=parsed.blocked_images,
        snippet=parsed.snippet[:300],
        words=parsed.words,
        attachments=tuple(attachments),
        raw_file=raw_file,
        parser_version=PARSER_VERSION,
        certified_by=parsed.certified_by,
        carrier=_storable(parsed.carrier).address if parsed.carrier else "",
        receipt=parsed.receipt,
        renamed=parsed.first_id is not None,
    )


def _keys(people: Iterable[Participant]) -> set[str]:
    return {compared(person.address) for person in map(_storable, people) if person.address}


def _storable(person: Participant) -> Participant:
    """A participant whose address is too long to be one stays, without it."""
    if len(person.address) <= LONGEST_ADDRESS and len(compared(person.address).encode()) <= LONGEST_KEY:
        return person
    return replace(person, address="")


def storable_id(message_id: str | None) -> str | None:
    """None where it is too long to be one."""
    return message_id if message_id and len(message_id.encode()) <= LONGEST_ID else None
