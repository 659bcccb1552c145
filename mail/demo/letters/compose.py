"""One past letter as the bytes that a mail program would have sent: the same for the same letter, every time."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

Person = tuple[str, str]
"""Name and address."""


@dataclass(frozen=True, slots=True)
class Letter:
    """`references` are the Message-IDs of the thread so far, the one that is answered last; `quoted` is its text.

    `attribution` stands above the quotation, as in "On 10 Feb 2026 Jonas Weber wrote:".
    """

    message_id: str
    sent_at: datetime
    sender: Person
    to: tuple[Person, ...]
    subject: str
    text: str
    cc: tuple[Person, ...] = ()
    references: tuple[str, ...] = ()
    quoted: str = ""
    attribution: str = ""
    attachment: tuple[str, str, bytes] | None = None
    html: bool = False
    charset: str = "utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        message = EmailMessage(SMTP)
        _put_headers(message, self)
        _put_content(message, self)
        _settle_boundaries(message, self.message_id)
        return bytes(message)


def _put_headers(message: EmailMessage, letter: Letter) -> None:
    message["From"] = _addresses(letter.sender)
    message["To"] = _addresses(*letter.to)
    if letter.cc:
        message["Cc"] = _addresses(*letter.cc)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.sent_at)
    message["Message-ID"] = letter.message_id
    if letter.references:
        message["In-Reply-To"] = letter.references[-1]
        message["References"] = " ".join(letter.references)
    for name, value in letter.headers.items():
        message[name] = value


def _addresses(*people: Person) -> tuple[Address, ...]:
    return tuple(Address(name, addr_spec=address) for name, address in people)


def _put_content(message: EmailMessage, letter: Letter) -> None:
    quoted = "".join(f"> {line}\n" for line in letter.quoted.splitlines())
    message.set_content(
        f"{letter.text}\n" + (f"\n{letter.attribution}\n{quoted}" if quoted else ""), charset=letter.charset
    )
    if letter.html:
        message.add_alternative(_html(letter), subtype="html")
    if letter.attachment:
        name, mime_type, content = letter.attachment
        main, sub = mime_type.split("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)


def _html(letter: Letter) -> str:
    paragraphs = "".join(f"<p>{escape(part)}</p>\n" for part in letter.text.split("\n\n"))
    attribution, quoted = escape(letter.attribution), escape(letter.quoted).replace("\n", "<br>\n")
    quote = f"<p>{attribution}</p>\n<blockquote>{quoted}</blockquote>\n" if quoted else ""
    return f"<html><body>\n{paragraphs}{quote}</body></html>\n"


def _settle_boundaries(message: EmailMessage, message_id: str) -> None:
    # Left alone, the standard library draws them at random, and no two runs would give the same bytes.
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        if part.get_content_maintype() == "multipart":
            part.set_boundary(f"=_{hashlib.sha256(f'{number}{message_id}'.encode()).hexdigest()[:24]}")
