"""The transport envelope: whether it is one, and the letter inside (R18)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mail.parse.addresses import mailboxes, participants
from mail.parse.certified.daticert import LARGEST, Daticert, daticert
from mail.parse.headers import Headers
from mail.parse.ids import ids
from mail.parse.parameters import parameters
from mail.parse.parsed import Unreadable
from mail.parse.parts import Part
from mail.parse.source import Source, head
from models.compared import compared
from models.participant import Participant

LETTER = "postacert.eml"
CERTIFICATE = "daticert.xml"
_BLANK_LINE = re.compile(rb"(?:\n\r?\n|\r\r)\Z")
_ON_BEHALF_OF = re.compile(r"per conto di:?\s+([^\s<>]{1,254})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Letter:
    """
    `message_id`: the same in all envelopes of the letter, '' where it has none of its own. `certified_by`: the provider
    as `daticert.xml` names it, else as the envelope's sender does.
    """

    raw: bytes = field(repr=False)
    message_id: str
    certified_by: str


def is_receipt(fields: Headers) -> bool:
    """Of acceptance or delivery: the provider's word about a letter, and no letter (RFC 6109, 3.1 to 3.3)."""
    return bool(fields.all("x-ricevuta"))


def is_envelope(fields: Headers) -> bool:
    """It says it is one; what says that something was wrong (`errore`) or is a receipt is shown as it came."""
    marks = [value.strip().lower() for value in fields.all("x-trasporto")]
    kind, _ = parameters(fields.first("content-type") or "")
    return marks == ["posta-certificata"] and kind == "multipart/signed" and not is_receipt(fields)


def letter_inside(envelope: Source) -> Letter | None:
    """
    The letter, where envelope, `daticert.xml` and letter name the same sender, and the last two the same message. None:
    it is shown as it came. An envelope within the letter is an attachment of it.
    """
    if not is_envelope(envelope.fields):
        return None
    letter = _only(envelope.root, LETTER)
    part = _only(envelope.root, CERTIFICATE)
    if letter is None or part is None or letter.type != "message/rfc822":
        return None
    if part.end - part.start > 2 * LARGEST:  # encoded
        return None
    raw, certificate = letter.content(), daticert(part.content())
    if certificate is None or not _is_of(raw, certificate) or not _names(envelope.fields, certificate.sender):
        return None
    sender = next(iter(_addresses(envelope.fields, "from")), "")
    return Letter(raw, certificate.message_id, certificate.provider or sender.rpartition("@")[2])


def on_behalf_of(fields: Headers) -> str:
    """The address in the name of an envelope's sender, "Per conto di: anna@client.example"; '' where there is none."""
    names = [name or "" for value in fields.all("from") for name, _ in mailboxes(value)]
    match = _ON_BEHALF_OF.fullmatch(names[0]) if len(names) == 1 else None
    return _address(match[1]) if match else ""


def people_inside(beginning: Source) -> tuple[Participant, ...] | None:
    """
    Who takes part in the letter, whether it is opened or not, for the ledger: of an envelope, or of its beginning.
    None: no letter's header ends in it.
    """
    letters = (part.content() for part in _leaves(beginning.root) if LETTER in _names_of(part))
    ended = [people for people in map(_people, letters) if people is not None]
    return tuple(dict.fromkeys(person for people in ended for person in people)) if ended else None


def _people(letter: bytes) -> tuple[Participant, ...] | None:
    try:
        fields, body = head(letter)
    except Unreadable:
        return None
    return participants(fields) if _BLANK_LINE.search(letter, max(body - 4, 0), body) else None


def _only(root: Part, name: str) -> Part | None:
    """The part of that name: of two, nobody knows which was signed."""
    parts = [part for part in _leaves(root) if name in _names_of(part)]
    return parts[0] if len(parts) == 1 else None


def _leaves(part: Part) -> Iterator[Part]:
    if not part.children:
        yield part
    for child in part.children:
        yield from _leaves(child)


def _names_of(part: Part) -> set[str]:
    """Both that it may have: programs differ in which they take."""
    return {name.strip().lower() for name in (part.filename, part.parameters.get("name")) if name}


def _is_of(letter: bytes, certificate: Daticert) -> bool:
    """Whether the certificate is about this letter. What a letter says twice is in doubt."""
    try:
        fields, _ = head(letter)
    except Unreadable:
        return False
    named, senders = ids(fields, "message-id"), _addresses(fields, "from")
    return (
        len(named) == len(senders) == 1
        and named[0] in {certificate.message_id, certificate.identifier}
        and _is_same(senders[0], certificate.sender)
    )


def _names(envelope: Headers, sender: str) -> bool:
    replies = _addresses(envelope, "reply-to")
    return (len(replies) == 1 and _is_same(replies[0], sender)) or _is_same(on_behalf_of(envelope), sender)


def _addresses(fields: Headers, name: str) -> list[str]:
    return [address for value in fields.all(name) for _, address in mailboxes(value)]


def _is_same(address: str, text: str) -> bool:
    """No look-alike: as addresses of clients are compared (R32)."""
    bare = _address(text)
    return bool(address and bare) and compared(address) == compared(bare)


def _address(text: str) -> str:
    """What stands there is one bare address, or nothing."""
    people = list(mailboxes(text))
    return people[0][1] if len(people) == 1 and people[0][1] == text.strip() else ""
