"""What can go wrong at the door, in plain words and with a code of the API.

    ImapError
    ├── Unreachable      no such name, refused, silent, lost or turned away: try again later
    ├── TlsFailed        the line could not be secured
    ├── SecretRefused    the server looked at the name and the password or token, and said no
    ├── NoImap           whatever answers there does not talk IMAP
    │   └── Garbage      it does, but said something impossible: the connection is dropped
    └── Refused          one command was refused (NO, BAD); the connection goes on
        └── Busy         the server asks for patience: nothing is wrong with what was asked

No message of these holds a password or token, nor what a server said to a sign-in.
"""

from typing import ClassVar

from models.errors import ErrorCode


class ImapError(Exception):
    """`message` may be shown to people as it is."""

    code: ClassVar[ErrorCode] = ErrorCode.MAILBOX_UNREACHABLE

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Unreachable(ImapError):
    """The mailbox cannot be reached now. It may be well by itself later."""


class TlsFailed(ImapError):
    """No encryption, or a certificate that cannot be trusted. Nothing secret was sent."""

    code = ErrorCode.MAILBOX_TLS_FAILED


class SecretRefused(ImapError):
    """An explicit refusal of the name with its password or token (RFC 5530). A busy server is not one."""

    code = ErrorCode.MAILBOX_SECRET_REFUSED


class NoImap(ImapError):
    """The other side does not talk IMAP."""

    code = ErrorCode.MAILBOX_NO_IMAP


class Garbage(NoImap):
    """An answer that cannot be one, or larger than any can be."""


class Refused(ImapError):
    """NO or BAD to one command. `response_code` is as in RFC 5530, such as "UNAVAILABLE", or empty."""

    def __init__(self, message: str, *, response_code: str = "") -> None:
        super().__init__(message)
        self.response_code = response_code


class Busy(Refused):
    """Throttled, or not available for a while. No message and no folder is at fault: whoever asks goes and waits."""
