"""
From a leased mailbox to a line that is signed in: IMAP to read, SMTP to send. What stands in the way is told in plain
words, with the part of ConnectMailboxInput to mend.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from mail import imap, smtp
from mail.calling import HostPrivate, NoAddress, call, call_smtp
from mail.imap import Imap, ImapError
from mail.oauth import Denied, NotNow, TokenError
from mail.smtp import NoWay, Smtp, SmtpServer
from mail.tokens import Access, access_to
from models.errors import ErrorCode
from models.ground.keys import WrongKey
from models.mailbox.lease import Leased
from models.mailbox.ports import why_not

Line = TypeVar("Line")


class NotReached(Exception):
    """
    `path` is the part to mend, as in "imap.host". `refused`: the server looked at the secret, and said no. `hopeless`:
    no other try helps until a person does something. `wait`: seconds for which it wants to be left alone.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        path: str | None,
        *,
        refused: bool = False,
        hopeless: bool = False,
        wait: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.path = code, message, path
        self.refused, self.hopeless, self.wait = refused, hopeless, wait


async def reach_imap(leased: Leased, *, private: bool, timeout: float) -> Imap:
    """`private`: an address inside of a private network will do. Raises NotReached, LeaseLost."""

    async def connect(access: Access) -> Imap:
        return await call(
            leased.server,
            username=leased.username,
            password=access.password,
            access_token=access.token,
            private=private,
            timeout=timeout,
        )

    if why := why_not(leased.server.port):
        raise NotReached(ErrorCode.MAILBOX_UNREACHABLE, why, "imap.port", hopeless=True)
    try:
        return await _signed_in(leased, connect, imap.SecretRefused, private=private)
    except (NoAddress, ImapError) as error:
        refused = isinstance(error, imap.SecretRefused)
        raise NotReached(error.code, error.message, _imap_path(error), refused=refused) from None


async def reach_smtp(leased: Leased, *, private: bool, timeout: float) -> Smtp:
    """
    The same to the server that takes its letters (RFC 6409); the caller closes it. Never `hopeless`, but where the
    secret itself is: whoever cannot send reads all the same.
    """

    async def connect(access: Access) -> Smtp:
        there = leased.smtp
        server = SmtpServer(
            there.host, there.port, there.security, leased.username, access.password, access_token=access.token
        )
        return await call_smtp(server, private=private, timeout=timeout)

    if why := why_not(leased.smtp.port):
        raise NotReached(ErrorCode.MAILBOX_UNREACHABLE, why, "smtp.port")
    try:
        return await _signed_in(leased, connect, smtp.LoginRefused, private=private)
    except (NoAddress, NoWay) as error:
        raise shut(error) from None


def shut(error: NoAddress | NoWay) -> NotReached:
    """What to say of a server that takes no letters, or no more of them."""
    refused = isinstance(error, smtp.LoginRefused)
    return NotReached(_smtp_code(error), error.message, _smtp_path(error), refused=refused)


async def _signed_in(
    leased: Leased, connect: Callable[[Access], Awaitable[Line]], refused: type[Exception], *, private: bool
) -> Line:
    """An access token that was kept may have been taken back before its time: then once more with a fresh one."""
    access = await _access(leased, private=private)
    try:
        return await connect(access)
    except refused:
        if not access.was_kept:
            raise
    return await connect(await _access(leased, private=private, refused=access.token))


async def _access(leased: Leased, *, private: bool, refused: str | None = None) -> Access:
    try:
        return await access_to(leased, private=private, refused=refused)
    except WrongKey:
        message = "What is kept for this mailbox to sign in with cannot be opened any more. Enter it again."
        raise NotReached(ErrorCode.MAILBOX_SECRET_REFUSED, message, "secret", refused=True) from None
    except NoAddress as error:
        raise NotReached(error.code, error.message, "secret.oauth.tokenUrl") from None
    except TokenError as error:
        wait = error.wait if isinstance(error, NotNow) else 0.0
        path, hopeless = f"secret.oauth.{error.part}", isinstance(error, Denied)
        raise NotReached(error.code, error.message, path, hopeless=hopeless, wait=wait) from None


def _imap_path(error: NoAddress | ImapError) -> str | None:
    match error:
        case imap.SecretRefused():
            return "secret"
        case imap.TlsFailed():
            return "imap.security"
        case HostPrivate() | NoAddress() | imap.Unreachable() | imap.NoImap():
            return "imap.host"
    return None


def _smtp_path(error: NoAddress | NoWay) -> str:
    """Where the secret is refused, too: IMAP takes it."""
    return "smtp.security" if isinstance(error, smtp.TlsFailed) else "smtp.host"


def _smtp_code(error: NoAddress | NoWay) -> ErrorCode:
    match error:
        case NoAddress():
            return error.code
        case smtp.TlsFailed():
            return ErrorCode.MAILBOX_TLS_FAILED
        case smtp.LoginRefused():
            return ErrorCode.MAILBOX_SECRET_REFUSED
    return ErrorCode.MAILBOX_UNREACHABLE
