"""Who takes part in a message. Nothing is imported here: the parser's processes need it, and no database."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The header that a participant stands in."""

    FROM = "FROM"
    SENDER = "SENDER"
    REPLY_TO = "REPLY_TO"
    TO = "TO"
    CC = "CC"
    BCC = "BCC"


@dataclass(frozen=True, slots=True)
class Participant:
    """`address` is empty where the header cannot be read (R21)."""

    role: Role
    name: str | None
    address: str
