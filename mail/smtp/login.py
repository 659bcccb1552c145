"""Makes the connection, secured and signed in; or says in plain words why there is none."""

import asyncio
import socket
import ssl

import aiosmtplib
from aiosmtplib import SMTPResponseException

from mail.internet import trusted
from mail.smtp.errors import LoginRefused, NoSmtp, SmtpError, TlsFailed, Unreachable, quoted
from mail.smtp.server import SmtpServer
from models.mailbox.server import MailSecurity


async def signed_in(
    server: SmtpServer, *, name: str, timeout: float, tls: ssl.SSLContext | None, address: str
) -> aiosmtplib.SMTP:
    """As in `Smtp.connect`."""
    secured = server.security is not MailSecurity.NONE
    sock = await _connected(address, server, timeout) if address else None
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=None if sock else server.port,
        sock=sock,
        local_hostname=name,
        timeout=timeout,
        use_tls=server.security is MailSecurity.TLS,
        start_tls=server.security is MailSecurity.STARTTLS,  # never None: that can be stripped on the way
        tls_context=(tls or trusted()) if secured else None,
    )
    try:
        await client.connect()
        await _sign_in(client, server)
    except (aiosmtplib.SMTPException, OSError, ValueError, SmtpError) as error:
        failure = _explained(error, server)
    except BaseException:
        _drop(client, sock)
        raise
    else:
        return client
    _drop(client, sock)
    raise failure  # here, so that it drags nothing along that a server said to a sign-in


async def _connected(address: str, server: SmtpServer, timeout: float) -> socket.socket:
    """To this address and no other: the library itself would look the name up once more."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    sock.setblocking(False)
    try:
        async with asyncio.timeout(timeout):
            await asyncio.get_running_loop().sock_connect(sock, (address, server.port))
    except BaseException as error:
        sock.close()
        if isinstance(error, TimeoutError):
            raise Unreachable(f"{server.host}, port {server.port}, does not answer.") from None
        if isinstance(error, ConnectionRefusedError):
            raise Unreachable(f"{server.host} takes no connections on port {server.port}.") from None
        if isinstance(error, OSError):
            raise Unreachable(f"{server.host}, port {server.port}, cannot be reached.") from None
        raise
    return sock


async def _sign_in(client: aiosmtplib.SMTP, server: SmtpServer) -> None:
    if client.is_ehlo_or_helo_needed:
        await client.ehlo()
    if server.access_token is not None:
        if "xoauth2" not in client.server_auth_methods:
            raise LoginRefused("The mail server offers no way to sign in by OAuth (XOAUTH2).")
        await client.auth_xoauth2(server.username or "", server.access_token)
    elif server.username is not None:
        await client.login(server.username, server.password or "")


def _drop(client: aiosmtplib.SMTP, sock: socket.socket | None) -> None:
    client.close()
    if sock:
        sock.close()


def _refused(code: int, server: SmtpServer) -> SmtpError:
    if code < 500:
        return Unreachable(f"The mail server takes no sign-in at the moment ({code}).")
    secret = "password" if server.access_token is None else "access token"
    return LoginRefused(f"The mail server refused the name or the {secret} ({code}).")


def _explained(error: BaseException, server: SmtpServer) -> SmtpError:
    """Of what went wrong before the first letter."""
    where = f"{server.host}, port {server.port}"
    cause = error.__cause__
    if isinstance(error, SmtpError):
        return error
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return _refused(error.code, server)
        case aiosmtplib.SMTPTimeoutError():
            return Unreachable(f"{where}, does not answer.")
        case SMTPResponseException() if 400 <= error.code < 600:
            return Unreachable(f"The mail server turned us away: {quoted(error.code, error.message)}")
        case SMTPResponseException():
            return NoSmtp(f"What answers on {where}, is not a mail server.")
        case _ if (failed := _tls(error, cause, server)) is not None:
            return failed
        case aiosmtplib.SMTPConnectError() if isinstance(cause, socket.gaierror):
            return Unreachable(f"There is no server with the name {server.host}.")
        case aiosmtplib.SMTPConnectError() if isinstance(cause, ConnectionRefusedError):
            return Unreachable(f"{server.host} takes no connections on port {server.port}.")
        case aiosmtplib.SMTPException() if "authentication" in error.message or "AUTH" in error.message:
            return LoginRefused("The mail server offers no way to sign in with a name and a password.")
    return Unreachable(f"{where}, cannot be reached.")


def _tls(error: BaseException, cause: BaseException | None, server: SmtpServer) -> TlsFailed | None:
    for failure in (error, cause):
        if isinstance(failure, ssl.SSLCertVerificationError):
            words = failure.verify_message.rstrip(".")
            return TlsFailed(f"The certificate of {server.host} cannot be trusted: {words}.")
        if isinstance(failure, ssl.SSLError):
            return TlsFailed(f"The line to {server.host}, port {server.port}, could not be encrypted.")
    if isinstance(error, aiosmtplib.SMTPException) and "STARTTLS extension" in str(error.message):
        return TlsFailed("The mail server does not offer encryption (STARTTLS). Nothing was sent.")
    return None
