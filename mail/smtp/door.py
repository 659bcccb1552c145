"""One line to a mail server, over which any number of letters leave, one after the other."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import BinaryIO

import aiosmtplib
from aiosmtplib import SMTPResponseException

from mail.smtp import large
from mail.smtp.errors import (
    Deferred,
    NoWay,
    Refused,
    SenderRefused,
    SmtpError,
    Unknown,
    Unreachable,
    of_letter,
    of_nobody,
    of_recipient,
    quoted,
)
from mail.smtp.large import NotAll
from mail.smtp.login import signed_in
from mail.smtp.server import SmtpServer

TIMEOUT = 60.0
"""Seconds for any answer, also to the letter itself: the 10 minutes that RFC 5321 grants would outlive a lease."""
GOODBYE = 2.0


async def _at_once() -> bool:
    return True


class Smtp:
    """
    async with Smtp.open(server) as smtp:
        await smtp.deliver(raw, sender="studio@firm.test", to=["anna@client.test"])

    Not for two tasks at once. After NoWay and Unknown the line is closed.
    """

    def __init__(self, client: aiosmtplib.SMTP, timeout: float = TIMEOUT) -> None:
        self._client, self._timeout = client, timeout

    @classmethod
    @asynccontextmanager
    async def open(
        cls, server: SmtpServer, *, name: str = "localhost", timeout: float = TIMEOUT, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator["Smtp"]:
        """Secured and signed in; `name` is what we call ourselves. Raises NoWay."""
        smtp = await cls.connect(server, name=name, timeout=timeout, tls=tls)
        try:
            yield smtp
        finally:
            await smtp.close()

    @classmethod
    async def connect(
        cls,
        server: SmtpServer,
        *,
        name: str = "localhost",
        timeout: float = TIMEOUT,
        tls: ssl.SSLContext | None = None,
        address: str = "",
    ) -> "Smtp":
        """
        The caller closes it. `address`, an IP address, is where to connect if the caller has resolved the host itself;
        the certificate must be the host's all the same. `tls` stands in for the machine's trusted certificates.
        """
        return cls(await signed_in(server, name=name, timeout=timeout, tls=tls, address=address), timeout)

    @property
    def is_open(self) -> bool:
        return self._client.is_connected

    async def close(self) -> None:
        if self._client.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._client.quit(timeout=GOODBYE)
        self._client.close()

    async def deliver(
        self,
        raw: bytes | BinaryIO,
        *,
        sender: str,
        to: Sequence[str],
        wide: bool = False,
        answer_within: float | None = None,
        may_leave: Callable[[], Awaitable[bool]] = _at_once,
    ) -> Mapping[str, SmtpError] | None:
        """
        Hands over exactly these bytes, lines ending in CRLF; of a file only a piece at a time is in memory. `wide`: its
        header has addresses outside of ASCII (RFC 6531), whatever those of the envelope are. `answer_within`: seconds
        for the answer to the whole of a file; as for any answer, unless it is said. Answers which recipients were not
        taken, and why; None: `may_leave`, asked when the server is ready for the bytes, said no, and nothing has left.

        Raises NoWay, Deferred or Refused where nobody was taken, Unknown.
        """
        try:
            untaken = await self._address(raw, sender, to, wide=wide)
            if not await may_leave():
                await self._client.rset()
                return None
        except BaseException as error:
            await self._start_over(error)
            raise _on_the_way(error) from error
        await self._hand_over(raw, answer_within or self._timeout)
        return untaken

    async def _address(
        self, raw: bytes | BinaryIO, sender: str, to: Sequence[str], *, wide: bool
    ) -> dict[str, SmtpError]:
        wide = wide or not (sender + "".join(to)).isascii()
        if wide and not self._client.supports_extension("smtputf8"):
            raise Refused("The mail server takes no addresses with letters outside of ASCII.", code=553, status="5.6.7")
        encoding = "utf-8" if wide else "ascii"
        size = len(raw) if isinstance(raw, bytes) else large.size_of(raw)
        options = [f"SIZE={size}"] if self._client.supports_extension("size") else []
        await self._client.mail(sender, options=[*options, "SMTPUTF8"] if wide else options, encoding=encoding)
        untaken: dict[str, SmtpError] = {}
        for address in to:
            try:
                await self._client.rcpt(address, encoding=encoding)
            except aiosmtplib.SMTPRecipientRefused as error:
                if error.code == 421:
                    raise
                untaken[address] = of_recipient(error.code, error.message)
                if isinstance(untaken[address], NoWay):
                    raise untaken[address] from None
        if len(untaken) == len(to):
            raise of_nobody(list(untaken.values()))
        return untaken

    async def _start_over(self, error: BaseException) -> None:
        """The next letter must not inherit this one's recipients; a line that cannot promise that is closed."""
        if not isinstance(error, Deferred | Refused | aiosmtplib.SMTPSenderRefused) or not self._client.is_connected:
            self._client.close()
            return
        try:
            await self._client.rset()
        except (aiosmtplib.SMTPException, OSError):
            self._client.close()

    async def _hand_over(self, raw: bytes | BinaryIO, answer_within: float) -> None:
        try:
            if isinstance(raw, bytes):
                await self._client.data(raw)
            else:
                await large.data(self._client, raw, timeout=self._timeout, answer_within=answer_within)
        except NotAll:
            self._client.close()
            raise Deferred("The connection was lost before the mail server had the whole letter.", code=0) from None
        except SMTPResponseException as error:
            if error.code == 250:  # of the command: that of the letter is no error
                self._client.close()
                raise Deferred("The mail server answered the letter before it had it.", code=error.code) from None
            if 200 <= error.code < 300:
                return
            if not 400 <= error.code < 600:
                self._client.close()
                raise Unknown("The mail server answered the letter with something that is no answer.") from None
            if error.code == 421:
                self._client.close()
            raise of_letter(error.code, error.message) from None
        except (aiosmtplib.SMTPException, OSError):
            self._client.close()
            raise Unknown("The mail server vanished before it answered.") from None
        except BaseException:
            self._client.close()
            raise


def _on_the_way(error: BaseException) -> BaseException:
    """Of what went wrong before the bytes began to leave."""
    match error:
        case aiosmtplib.SMTPSenderRefused() if error.code == 552:  # too large (RFC 1870)
            return of_letter(error.code, error.message)
        case aiosmtplib.SMTPSenderRefused() if 500 <= error.code < 600:
            return SenderRefused(f"The mail server takes nothing from our address: {quoted(error.code, error.message)}")
        case SMTPResponseException() if 400 <= error.code < 500 and error.code != 421:
            return of_letter(error.code, error.message)
        case SMTPResponseException():
            return Unreachable(f"The mail server broke off: {quoted(error.code, error.message)}")
        case aiosmtplib.SMTPException():
            return Unreachable("The connection to the mail server was lost.")
        case ValueError() | UnicodeError():
            return Refused("The address cannot be written in a way that mail servers understand.", code=553)
    return error
