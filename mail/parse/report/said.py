"""What a report says, as it crosses from the parser to the rest."""

from dataclasses import dataclass
from enum import StrEnum


class ReportKind(StrEnum):
    """
    FAILED: given up for good. DELAYED: late, and still tried. COMPLAINT: somebody calls it unwanted. ANSWER: a machine
    answers for a person, as one who is away. NONE: nothing of these; our own letter come back as it was, too.
    """

    FAILED = "FAILED"
    DELAYED = "DELAYED"
    DELIVERED = "DELIVERED"
    COMPLAINT = "COMPLAINT"
    ANSWER = "ANSWER"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class Failure:
    """
    What became of some recipients, or, without any, of whoever the letter was to. `status`: the enhanced code
    (RFC 3463), or empty. `diagnostic`: what the server said. `nobody`: it says that the address leads nowhere.
    """

    recipients: frozenset[str]
    status: str
    diagnostic: str
    nobody: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    What may be a letter of ours, nothing of it checked yet: `signed`, what stands in our header, id and signature;
    `return_tokens`, what may be the middle of a return address; `message_ids`, of the kind that ours are, without `<>`.

    The same of what a person wrote from here: `signed_emails`; `returned_ids`, its own Message-ID alone.

    `null_path`: its own return path is the null one, as of all reports (RFC 5321, 4.5.5): no person sends so.
    """

    kind: ReportKind
    failures: tuple[Failure, ...] = ()
    signed: tuple[str, ...] = ()
    return_tokens: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    signed_emails: tuple[str, ...] = ()
    returned_ids: tuple[str, ...] = ()
    null_path: bool = False
