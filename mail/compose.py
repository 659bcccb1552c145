"""
A letter's words and bytes, from what its row holds alone: pure, and the same bytes each time.

What a firm or a client typed is text: it cannot add a header, a link or a tag.
"""

from binascii import b2a_qp
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

from mail import notices, wording
from mail.header_lines import HIDDEN, encoded, named, plain_address
from models.ground import keys, secret_link
from models.letter import Claimed, LetterKind

LETTER = "letter"
"""The purpose of the signature that our own letters carry, so that sync knows them again (R18)."""
SIGNED = "X-Switchboard-Letter"
NO_ANSWER = ("Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: All")
"""Of every letter: written by a machine (RFC 3834), so that no other machine answers; Exchange asks for the second."""
_OF_LINES = {"message", "text"}
_PATHS = {
    LetterKind.INVITATION: "invitation",
    LetterKind.TEAM_INVITATION: "invitation",
    LetterKind.PASSWORD_RESET: "reset",
}
_OF_INBOX = {LetterKind.INBOX_ENTRY, LetterKind.INBOX_DIGEST}


@dataclass(frozen=True, slots=True)
class Sender:
    """Of the installation: the address that letters come from, and where browsers reach the server."""

    address: str
    base_url: str


def compose(letter: Claimed, sender: Sender) -> bytes:
    """
    ASCII, unless the recipient's address is not (RFC 6532); at most 76 characters a line, but for our own header and
    links.

    Written by hand: the standard library's way to the same bytes takes five times as long.
    """
    values = _values(letter, sender)
    words = wording.written(letter.kind.lower(), letter.language, values)
    boundary = f"=_{letter.id.hex}"
    lines = [
        f"From: {named(str(values['senderName']), plain_address(sender.address))}",
        f"To: {plain_address(letter.to_address)}",
        *([f"Reply-To: {plain_address(str(values['replyTo']))}"] if values["replyTo"] else []),
        *notices.unsubscribe_headers(values["unsubscribe"]),
        f"Subject: {encoded(words.subject, 'Subject')}",
        f"Date: {format_datetime(letter.written_at)}",
        f"Message-ID: {letter.message_id}",
        *NO_ANSWER,
        f"{SIGNED}: {letter.id}.{keys.installation().signature(LETTER, str(letter.id))}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
        "",
        *_part(boundary, "plain", words.text),
        *_part(boundary, "html", words.html),
        f"--{boundary}--",
        "",
    ]
    return "\r\n".join(lines).encode()


def _part(boundary: str, subtype: str, text: str) -> list[str]:
    encoded = b2a_qp(text.encode(), istext=True).decode("ascii")
    return [
        f"--{boundary}",
        f"Content-Type: text/{subtype}; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        *encoded.split("\n"),
    ]


def recipient(letter: Claimed) -> str:
    """The address as the envelope has it: the domain in its ASCII form (RFC 5890)."""
    return plain_address(letter.to_address)


def _values(letter: Claimed, sender: Sender) -> Mapping[str, Any]:
    facts = _cleaned(letter.facts)
    own = {"toAddress": letter.to_address, "link": _link(letter, sender.base_url)}
    if letter.kind is LetterKind.NOTICE:
        own |= notices.said(letter, facts, sender.base_url)
    return {**wording.NOTHING_SAID, **facts, **own}


def _link(letter: Claimed, base_url: str) -> str | None:
    """None: a copy, which carries no secret (R16)."""
    if letter.copy_of is not None:
        return None
    if (purpose := _PATHS.get(letter.kind)) is None:
        return f"{base_url}/{'inbox' if letter.kind in _OF_INBOX else 'portal'}"
    row_id = letter.reset_id if purpose == "reset" else letter.invitation_id
    assert row_id is not None, "whoever writes such a letter names the row of its link"
    assert letter.seed is not None, "the row is there: a foreign key says so"
    return f"{base_url}/{purpose}/{secret_link.token(letter.key, purpose, row_id, letter.seed)}"


def _cleaned(value: Any, *, lines: bool = False) -> Any:
    """Without what could end a line or turn the reading direction; what may have lines keeps them."""
    if isinstance(value, dict):
        return {name: _cleaned(inner, lines=name in _OF_LINES) for name, inner in value.items()}
    if isinstance(value, list):
        return [_cleaned(inner) for inner in value]
    if not isinstance(value, str) or value.isprintable():
        return value
    text = HIDDEN.sub(" ", value.replace("\r\n", "\n"))
    return (text if lines else text.replace("\n", " ")).strip()
