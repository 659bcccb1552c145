"""What the business refuses, and why.

    Refusal                 one thing refused: a code, plain words, and where in the input
    ├── Conflict            somebody changed it since (CHANGED_MEANWHILE); brings the present object
    ├── DeadLink            a link that was good once (DEAD_LINK); says why it is no more
    ├── RateLimited         too often (RATE_LIMITED); says when to try again
    └── TooMuch             more than one answer may hold (INVALID)
    Refusals                several refused at once; nothing was changed (`Faults` gathers them)

Raised in `models/`; one place, graph/errors.py, turns them into `errors` of a payload, or where there is none into
top-level errors.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from uuid import UUID


class ErrorCode(StrEnum):
    """Codes of the API. Each enters when something raises it."""

    NOT_FOUND = "NOT_FOUND"
    NOT_ALLOWED = "NOT_ALLOWED"
    INVALID = "INVALID"
    ALREADY_TAKEN = "ALREADY_TAKEN"
    CHANGED_MEANWHILE = "CHANGED_MEANWHILE"
    RATE_LIMITED = "RATE_LIMITED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    WRONG_CREDENTIALS = "WRONG_CREDENTIALS"
    CODE_NEEDED = "CODE_NEEDED"
    WEAK_PASSWORD = "WEAK_PASSWORD"  # noqa: S105 - a code, not a secret
    DEAD_LINK = "DEAD_LINK"
    LOGIN_OFF = "LOGIN_OFF"
    ALREADY_ACTIVE = "ALREADY_ACTIVE"
    ADDRESS_INVALID = "ADDRESS_INVALID"
    OWN_ADDRESS = "OWN_ADDRESS"
    ADDRESS_SUPPRESSED = "ADDRESS_SUPPRESSED"
    ACCOUNT_ARCHIVED = "ACCOUNT_ARCHIVED"
    ACCOUNT_SWITCHED = "ACCOUNT_SWITCHED"
    PREFERENCES_LOCKED = "PREFERENCES_LOCKED"
    INVITE_NEEDS_LOGIN = "INVITE_NEEDS_LOGIN"
    NOT_LINKED = "NOT_LINKED"
    FIELD_TAKEN = "FIELD_TAKEN"
    NO_ADDRESS = "NO_ADDRESS"
    ACTIVATED_SINCE = "ACTIVATED_SINCE"
    RUN_NOT_ENDED = "RUN_NOT_ENDED"
    RUN_ENDED = "RUN_ENDED"
    ALREADY_UNDONE = "ALREADY_UNDONE"
    AMBIGUOUS_CONTACT = "AMBIGUOUS_CONTACT"
    AMBIGUOUS_ACCOUNT = "AMBIGUOUS_ACCOUNT"
    LAST_OWNER = "LAST_OWNER"
    MAILBOX_UNREACHABLE = "MAILBOX_UNREACHABLE"
    MAILBOX_HOST_PRIVATE = "MAILBOX_HOST_PRIVATE"
    MAILBOX_TLS_FAILED = "MAILBOX_TLS_FAILED"
    MAILBOX_SECRET_REFUSED = "MAILBOX_SECRET_REFUSED"  # noqa: S105 - a code, not a secret
    MAILBOX_NO_IMAP = "MAILBOX_NO_IMAP"
    MAILBOX_FIGURES_DISAGREE = "MAILBOX_FIGURES_DISAGREE"


class DeadLinkReason(StrEnum):
    """Why the link of an invitation or of a password reset is dead (R9)."""

    USED = "USED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    SENT_AGAIN = "SENT_AGAIN"
    LOGIN_OFF = "LOGIN_OFF"
    ADDRESS_CHANGED = "ADDRESS_CHANGED"
    UNLINKED = "UNLINKED"


class Refusal(Exception):
    """One thing refused. `path` says where in the input, as in ("toggles", "3", "accountId")."""

    def __init__(self, code: ErrorCode, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = tuple(str(part) for part in path)


class Conflict(Refusal):
    """Somebody changed it since the caller read it. `subject` is the object as it is now."""

    def __init__(self, message: str, *path: str | int, subject: tuple[str, UUID]) -> None:
        super().__init__(ErrorCode.CHANGED_MEANWHILE, message, *path)
        self.subject = subject


class DeadLink(Refusal):
    """A link that was good once."""

    def __init__(self, message: str, *path: str | int, reason: DeadLinkReason) -> None:
        super().__init__(ErrorCode.DEAD_LINK, message, *path)
        self.reason = reason


class RateLimited(Refusal):
    """Too often. `retry_at` is when it may work again, in UTC."""

    def __init__(self, message: str, *path: str | int, retry_at: datetime) -> None:
        super().__init__(ErrorCode.RATE_LIMITED, message, *path)
        self.retry_at = retry_at


class TooMuch(Refusal):
    """More than one answer may hold: ask for less."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.INVALID, message)


class Refusals(Exception):
    """Several refused at once, each with its path; nothing was changed."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__("; ".join(refusal.message for refusal in refusals))
        self.refusals = tuple(refusals)


class Faults:
    """
    What is wrong with an input, gathered, so that whoever filled in a form hears of all of it at once.

        faults = Faults()
        with faults:
            name = text.one_line(new.name, "name")
        with faults:
            typed = address.typed(new.email, "email")
        faults.must_be_none()

    A block ends at its first refusal; what it would have given is not there then. Inside a transaction the caller lets
    `must_be_none` roll it back.
    """

    def __init__(self) -> None:
        self._refusals: list[Refusal] = []

    def __bool__(self) -> bool:
        return bool(self._refusals)

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> bool:
        if isinstance(error, Refusal):
            self._refusals.append(error)
        elif isinstance(error, Refusals):
            self._refusals += error.refusals
        return isinstance(error, Refusal | Refusals)

    def must_be_none(self) -> None:
        """Raises the Refusal where there is one, Refusals where there are several."""
        if len(self._refusals) == 1:
            raise self._refusals[0]
        if self._refusals:
            raise Refusals(self._refusals)
