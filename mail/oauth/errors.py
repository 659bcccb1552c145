"""What can go wrong where access tokens are fetched, in plain words.

    TokenError
    ├── NotNow         silent, lost, too busy, or an answer that cannot be one: it is tried again by itself
    │   └── Insecure   the line could not be secured
    └── Denied         the server looked at it and said no: a person has to mend something

No message of these holds a secret, nor what a server said in words of its own.
"""

from models.errors import ErrorCode


class TokenError(Exception):
    """`message` may be shown to people as it is. `part`: what of MailboxOAuthInput to mend."""

    code = ErrorCode.MAILBOX_UNREACHABLE

    def __init__(self, message: str, *, part: str = "tokenUrl") -> None:
        super().__init__(message)
        self.message, self.part = message, part


class NotNow(TokenError):
    """`wait`: seconds for which the server wants to be left alone, at most a day (RFC 9110, 10.2.3)."""

    def __init__(self, message: str, *, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class Insecure(NotNow):
    """Nothing was sent."""

    code = ErrorCode.MAILBOX_TLS_FAILED


class Denied(TokenError):
    code = ErrorCode.MAILBOX_SECRET_REFUSED
