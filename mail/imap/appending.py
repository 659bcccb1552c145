"""Putting a message into a folder (APPEND; RFC 3501, 6.3.11): what the server answers."""

from dataclasses import dataclass

from mail.imap import answers
from mail.imap.conversation import Reply
from mail.imap.refusals import append_refused


@dataclass(frozen=True, slots=True)
class Appended:
    """Its number in that folder (RFC 4315, 3)."""

    uidvalidity: int
    uid: int


def appended(reply: Reply) -> Appended | None:
    """None: it is there, under a number that nobody told."""
    if reply.result != "OK":
        raise append_refused(reply.text)
    number = answers.appended(reply.text)
    return Appended(*number) if number else None
