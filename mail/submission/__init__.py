"""Regular e-mail on its way out, through the server of the mailbox that it is written from (RFC 6409)."""

from mail.submission.sender import Sender

__all__ = ["Sender"]
