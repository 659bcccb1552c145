"""The header and the parts of an e-mail that a person has written, as lines of ASCII (RFC 5322, RFC 2045 to 2047)."""

import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Iterator, Sequence
from email.utils import format_datetime
from urllib.parse import quote

from mail import own_email
from mail.header_lines import encoded, named, one_line, plain_address
from models.email import MessageAttachment
from models.participant import Participant, Role
from models.submission.due import Due, Written
from models.text import LONGEST_NAME

MOST_REFERENCES, LONGEST_ID, LONGEST_REFERENCES = 100, 900, 20_000  # bytes; a header line may have 998
_SEGMENT = 60  # characters of a parameter on a line
_ID = re.compile(r"[!-;=?-~]+")  # no blanks and no angle brackets
_TYPE = re.compile(r"(?:application|audio|font|image|model|text|video)/[\w.+!#$&^-]{1,100}", re.ASCII)
_PATH = re.compile(r"[/\\\\]")


def header(due: Due, words: Written, content_type: Sequence[str]) -> bytes:
    """
    With the empty line that ends it; in UTF-8 where an address is not ASCII (RFC 6532). Never a Bcc; nor a mark that a
    machine wrote it, for a person did. Raises ValueError for an address that cannot be written.
    """
    lines = [
        f"From: {_person(due.from_name, due.from_address)}",
        *_people("To", Role.TO, words.people),
        *_people("Cc", Role.CC, words.people),
        f"Subject: {encoded(one_line(words.subject), 'Subject')}",
        f"Date: {format_datetime(due.written_at)}",
        f"Message-ID: <{due.message_id}>",
        *_names("In-Reply-To", [due.in_reply_to] if due.in_reply_to else []),
        *_names("References", due.references),
        f"{own_email.SIGNED}: {own_email.signed(due.id)}",
        "MIME-Version: 1.0",
        *content_type,
        *("", ""),
    ]
    return "\r\n".join(lines).encode()


def _person(name: str | None, address: str) -> str:
    shown = one_line(name or "")[:LONGEST_NAME]
    return named(shown, plain_address(address)) if shown else plain_address(address)


def _people(title: str, role: Role, people: Sequence[Participant]) -> Iterator[str]:
    """One on a line."""
    if persons := [_person(person.name, person.address) for person in people if person.role is role]:
        yield f"{title}: " + ",\r\n ".join(persons)


def _names(title: str, ids: Sequence[str]) -> Iterator[str]:
    """One on a line: the last ones that there is room for; what strangers made up and cannot be written is left out."""
    room, names = LONGEST_REFERENCES, list[str]()
    for id_ in reversed(ids):
        room -= len(id_)
        if room < 0 or len(names) == MOST_REFERENCES:
            break
        if len(id_) <= LONGEST_ID and _ID.fullmatch(id_):
            names.insert(0, f"<{id_}>")
    if names:
        yield f"{title}: " + "\r\n ".join(names)


def text_part(text: str) -> tuple[list[str], bytes]:
    """Header lines and content: quoted-printable, or base64 where that is shorter, as for Greek or Chinese."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"
    quoted = b2a_qp(lines.encode(), istext=True).replace(b"\n", b"\r\n")
    as_base64 = base64(lines.replace("\n", "\r\n").encode())
    encoding, content = ("quoted-printable", quoted) if len(quoted) <= len(as_base64) else ("base64", as_base64)
    return ["Content-Type: text/plain; charset=utf-8", f"Content-Transfer-Encoding: {encoding}"], content


def base64(content: bytes) -> bytes:
    """In lines of 76; of a piece, where its length is a multiple of 57, they go on with the next one."""
    return encodebytes(content).replace(b"\n", b"\r\n")


def file_part(file: MessageAttachment) -> list[str]:
    """
    The header lines. A message or a multipart may not be base64 (RFC 2046, 5.2.1), so these are files of bytes to us.
    """
    kind = file.content_type.lower()
    return [
        f"Content-Type: {kind if _TYPE.fullmatch(kind) else 'application/octet-stream'}",
        f"Content-Disposition: attachment;\r\n {_parameter('filename', _file_name(file.name))}",
        "Content-Transfer-Encoding: base64",
    ]


def _file_name(name: str) -> str:
    """What is too long keeps its end, where it says what kind of file it is."""
    clean = _PATH.sub("_", one_line(name)) or "attachment"
    return clean if len(clean) <= LONGEST_NAME else clean[: LONGEST_NAME - 20] + clean[-20:]


def _parameter(name: str, value: str) -> str:
    """As RFC 2231 has it, in as many lines as it takes."""
    if value.isascii() and len(value) <= _SEGMENT and '"' not in value:
        return f'{name}="{value}"'
    segments = [""]
    for character in value:
        if len(segments[-1]) + len(written := quote(character, safe="")) > _SEGMENT:
            segments.append("")
        segments[-1] += written
    segments[0] = "utf-8''" + segments[0]
    if len(segments) == 1:
        return f"{name}*={segments[0]}"
    return ";\r\n ".join(f"{name}*{number}*={segment}" for number, segment in enumerate(segments))
