"""A whole message, or the header block of one."""

import re
from collections.abc import Iterable
from dataclasses import replace

from mail.parse import addresses, bodies, certified, dates, html
from mail.parse.charsets import one_line
from mail.parse.contents import contents
from mail.parse.encoded_words import decoded
from mail.parse.fingerprint import fingerprint, in_pieces
from mail.parse.headers import Headers
from mail.parse.ids import ids
from mail.parse.parameters import parameters
from mail.parse.parsed import LARGEST_MESSAGE, ParsedEmail, ParsedHeaders, Unreadable
from mail.parse.report.ties import is_null
from mail.parse.report.words import is_of_a_server
from mail.parse.source import Source, head, source
from models.email_words import email_words
from models.participant import Participant, Role

LONGEST_SUBJECT = 1_000  # characters
MOST_REFERENCES = 100
LETTER_HEADER = "x-switchboard-letter"
EMAIL_HEADER = "x-switchboard-email"
FIRST_ID_HEADER = "x-microsoft-original-message-id"
_TO_MANY = {"bulk", "list", "junk", "auto_reply"}
_BY_MACHINES = ("x-auto-response-suppress", "x-autoreply", "x-autorespond")
"""Of no standard: Exchange's own ([MS-OXCMAIL], 2.2.3.2.14), and what hosters' answering machines say."""


def parse(raw: bytes) -> ParsedEmail:
    """Reads a message of at most 50 MB. Raises Unreadable, and nothing else, whatever the bytes (R18, R21)."""
    if len(raw) > LARGEST_MESSAGE:
        raise Unreadable(f"The message is larger than {LARGEST_MESSAGE // 1024 // 1024} MB.")
    came = source(raw)
    return _certified(came) or _email(came)


def read_headers(block: bytes) -> ParsedHeaders:
    """Reads the header block of a message, for the ledger. Raises Unreadable where there is none to be read (R18)."""
    fields, _ = head(block)
    parsed = _parsed(fields)
    sender = Participant(Role.FROM, None, certified.on_behalf_of(fields)) if parsed.envelope else None
    return replace(parsed, participants=(*parsed.participants, sender)) if sender and sender.address else parsed


def read_people_inside(beginning: bytes) -> tuple[Participant, ...] | None:
    """
    Who takes part in the letter inside an envelope of certified mail, for the ledger. `beginning` of its bytes. None:
    more of them are needed, or there is no letter. Raises Unreadable.
    """
    return certified.people_inside(source(beginning))


def _certified(envelope: Source) -> ParsedEmail | None:
    """The letter inside, with the envelope's participants beside its own (R18). None: there is none to be read."""
    inside = certified.letter_inside(envelope)
    if inside is None:
        return None
    try:
        letter = _email(source(inside.raw), message_id=inside.message_id)
    except Unreadable:
        return None
    parsed = _parsed(envelope.fields)
    names = [name for name in (parsed.message_id, inside.message_id, parsed.in_reply_to, *parsed.references) if name]
    people = tuple(dict.fromkeys([*letter.participants, *parsed.participants]))[: addresses.MOST_PARTICIPANTS]
    return replace(
        letter,
        references=(*letter.references, *names)[-MOST_REFERENCES:],
        participants=people,
        automatic=letter.automatic or parsed.automatic,
        report=parsed.report,
        receipt=parsed.receipt,
        letter_id=parsed.letter_id,
        email_id=parsed.email_id,
        first_id=parsed.first_id,
        words=tuple(email_words(letter.subject, people, letter.text)),
        certified_by=inside.certified_by,
        carrier=next((person for person in parsed.participants if person.role is Role.FROM), None),
    )


def own_fingerprint(header: bytes, body: Iterable[bytes]) -> bytes:
    """
    What `parse` gives of the whole, of a message that was composed here: its header with the empty line that ends it,
    and its body in pieces, so that a large one is never in memory.
    """
    fields, _ = head(header)
    return in_pieces(fields, _parsed(fields), _subject(fields), body)


def _email(came: Source, *, message_id: str = "") -> ParsedEmail:
    """`message_id`: by which all copies of it are known, where it is not its own."""
    letter, files = contents(came.root)
    page, blocked = html.safe(letter.html) if letter.html else (None, 0)
    text = (letter.text if letter.text.strip() else html.to_text(page or ""))[: bodies.LONGEST_TEXT]
    parsed, subject = _parsed(came.fields), _subject(came.fields)
    identity = message_id or parsed.first_id or parsed.message_id
    return ParsedEmail(
        message_id=parsed.message_id,
        in_reply_to=parsed.in_reply_to,
        references=parsed.references,
        sent_at=parsed.sent_at,
        participants=parsed.participants,
        automatic=parsed.automatic,
        report=parsed.report,
        envelope=parsed.envelope,
        receipt=parsed.receipt,
        letter_id=parsed.letter_id,
        email_id=parsed.email_id,
        first_id=parsed.first_id,
        subject=subject,
        text=text,
        safe_html=page,
        blocked_images=blocked,
        snippet=bodies.snippet(text),
        attachments=files,
        fingerprint=fingerprint(came.fields, replace(parsed, message_id=identity), subject, came.raw[came.start :]),
        words=tuple(email_words(subject, parsed.participants, text)),
    )


def _parsed(fields: Headers) -> ParsedHeaders:
    kind, _ = parameters(fields.first("content-type") or "")
    return ParsedHeaders(
        message_id=next(iter(ids(fields, "message-id")), None),
        in_reply_to=next(iter(ids(fields, "in-reply-to")), None),
        references=tuple(ids(fields, "references")[-MOST_REFERENCES:]),
        sent_at=dates.moment(fields.first("date")),
        participants=addresses.participants(fields),
        automatic=kind == "multipart/report" or _is_automatic(fields),
        report=kind == "multipart/report" or _may_be_a_report(fields),
        envelope=certified.is_envelope(fields),
        receipt=certified.is_receipt(fields),
        letter_id=one_line(fields.first(LETTER_HEADER) or "", 200) or None,
        email_id=one_line(fields.first(EMAIL_HEADER) or "", 200) or None,
        first_id=next(iter(ids(fields, FIRST_ID_HEADER)), None),
    )


_NOT_SAID = {"", "no", "none"}


def _is_automatic(fields: Headers) -> bool:
    """Written by a machine or sent to many (RFC 3834, 2; RFC 2919): such mail is stored and never triggers a letter."""
    submitted = re.split(r"[;(\s]", (fields.first("auto-submitted") or "no").strip().lower())[0]
    return (
        submitted != "no"
        or any(value.strip().lower() in _TO_MANY for value in fields.all("precedence"))
        or any(name.startswith("list-") for name, _ in fields.fields)
        or any(value.strip().lower() not in _NOT_SAID for name in _BY_MACHINES for value in fields.all(name))
        or any(not value.strip("<> \t") for value in fields.all("return-path"))
        or certified.is_receipt(fields)
    )


def _may_be_a_report(fields: Headers) -> bool:
    """Many servers write theirs as plain text; all but some send them from nowhere (RFC 5321, 4.5.5)."""
    return is_null(fields.all("return-path")) or is_of_a_server(fields)


def _subject(fields: Headers) -> str:
    return one_line(decoded(fields.first("subject") or ""), LONGEST_SUBJECT)
