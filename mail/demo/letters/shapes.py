"""How the past mail is written down: threads of steps, told by those who wrote them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mail.demo.people import Kind
from mail.demo.users import STUDIO


class By(StrEnum):
    CLIENT = "CLIENT"
    FIRM = "FIRM"
    ABSENCE = "ABSENCE"
    """The client's computer says that the client is away (RFC 3834)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One letter of a thread. `file` as in `vat.pdf`: its ending says what is made."""

    by: By
    text: str
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A thread to be had with one client. Texts may name {first}, {account}, {colleague}, {month}, {year}, {amount}."""

    subject: str
    steps: tuple[Step, ...]
    kinds: tuple[Kind, ...] = tuple(Kind)


@dataclass(frozen=True, slots=True)
class PastMessage:
    """`received_at` knows its time zone; `raw` is what IMAP shall give, byte for byte."""

    folder: str
    received_at: datetime
    raw: bytes
    mailbox: str = STUDIO.address


def client(text: str, file: str | None = None) -> Step:
    return Step(By.CLIENT, text, file)


def firm(text: str, file: str | None = None) -> Step:
    return Step(By.FIRM, text, file)


def absence(text: str) -> Step:
    return Step(By.ABSENCE, text)
