"""From a host and a port to a line that is secured and signed in."""

import asyncio
import re
import socket
import ssl
from base64 import b64encode

from aioimaplib import aioimaplib

from mail.imap.answers import Answer
from mail.imap.errors import ImapError, NoImap, Refused, SecretRefused, TlsFailed, Unreachable
from mail.imap.line import Line
from mail.imap.names import quoted
from mail.imap.order import Order
from mail.imap.refusals import sign_in_refused
from mail.internet import trusted
from models.mailbox.server import MailSecurity, MailServer

_UNSENDABLE = re.compile("[\0\ud800-\udfff]")


async def open_line(server: MailServer, *, address: str, tls: ssl.SSLContext | None) -> Line:
    """Connect, wait for the greeting and secure the line, to `address` if given, with the certificate of the host."""
    line = Line()
    at_once = (tls or trusted()) if server.security is MailSecurity.TLS else None
    try:
        await asyncio.get_running_loop().create_connection(
            lambda: line,
            address or server.host,
            server.port,
            ssl=at_once,
            server_hostname=server.host if at_once else None,
        )
        await line.greeted
        line.check()
        if server.security is MailSecurity.STARTTLS:
            await _start_tls(line, server.host, tls or trusted())
    except BaseException as error:
        line.fail(Unreachable("The connection is closed."))
        raise _explained(error, server) from None
    return line


async def sign_in(line: Line, *, username: str, password: str | None, access_token: str | None) -> None:
    """Sets what the server can do, too (`capabilities`). A line already signed in (PREAUTH) stays as it is."""
    try:
        await _ask_capabilities(line)
        if line.state == aioimaplib.NONAUTH:
            await _authenticate(line, _order(line, username=username, password=password, access_token=access_token))
        await _ask_capabilities(line)  # there may be more after the sign-in, such as IDLE
        if "ID" in line.capabilities:
            await _introduce(line)
    except BaseException:
        line.fail(Unreachable("The connection is closed."))
        raise


async def _start_tls(line: Line, host: str, tls: ssl.SSLContext) -> None:
    if line.state != aioimaplib.NONAUTH:
        raise TlsFailed("The mail server signs in before the line can be secured (STARTTLS).")
    response = await line.execute(Order(line.new_tag(), "STARTTLS"))
    if response.result != "OK":
        raise TlsFailed("The mail server does not offer encryption (STARTTLS).")
    line.transport = await line.loop.start_tls(line.transport, line, tls, server_hostname=host)
    line.check()
    line.clear_text_is_over = False


async def _ask_capabilities(line: Line) -> None:
    """A server that answers this to nobody it does not know yet, or tells no list, is taken at its greeting."""
    response = await line.execute(Order(line.new_tag(), "CAPABILITY"))
    answers: list[Answer] = response.lines[:-1]
    lines = [answer[0].decode("ascii", "replace").upper().split() for answer in answers]
    capabilities = {word for words in lines if words[:1] == ["CAPABILITY"] for word in words[1:]}
    if response.result != "OK" or not capabilities:
        return
    if not any(word.startswith("IMAP4") for word in capabilities):
        raise NoImap("What answers there is not an IMAP server.")
    line.capabilities = capabilities


async def _introduce(line: Line) -> None:
    """Who we are (RFC 2971): some open no folder to a program that does not say (163.com: "Unsafe Login")."""
    await line.execute(Order(line.new_tag(), "ID", '("name" "Switchboard" "vendor" "Switchboard")'))


async def _authenticate(line: Line, order: Order) -> None:
    response = await line.execute(order)
    if response.result != "OK":
        raise sign_in_refused(
            response.result,
            response.lines[-1][0],
            challenge=order.challenge,
            goodbye=line.goodbye,
            token="XOAUTH2" in order.args,
        )
    line.state = aioimaplib.AUTH


def _order(line: Line, *, username: str, password: str | None, access_token: str | None) -> Order:
    if _UNSENDABLE.search(username + (password or "") + (access_token or "")):
        raise SecretRefused("The name or the password holds a character that no mail server takes.")
    if access_token is not None:
        return _with_token(line, username, access_token)
    if password is None:
        raise ValueError("a password or an access token is needed")
    simple = (username + password).isascii() and (username + password).isprintable()
    if simple and "LOGINDISABLED" not in line.capabilities:
        return Order(line.new_tag(), "LOGIN", quoted(username), quoted(password))
    name, secret = username.encode(), password.encode()
    if "AUTH=PLAIN" in line.capabilities:
        return Order(line.new_tag(), "AUTHENTICATE", "PLAIN", replies=(b64encode(b"\0%b\0%b" % (name, secret)),))
    if "LOGINDISABLED" not in line.capabilities:  # neither fits in quotes: as literals
        return Order(line.new_tag(), "LOGIN", f"{{{len(name)}}}", replies=(name + b" {%d}" % len(secret), secret))
    if "AUTH=LOGIN" in line.capabilities:
        return Order(line.new_tag(), "AUTHENTICATE", "LOGIN", replies=(b64encode(name), b64encode(secret)))
    raise Refused("The mail server takes no password on this line. Try another kind of encryption.")


def _with_token(line: Line, username: str, access_token: str) -> Order:
    if line.capabilities and "AUTH=XOAUTH2" not in line.capabilities:
        raise Refused("The mail server lets nobody in by OAuth (XOAUTH2). Use a password.")
    bearer = f"user={username}\1auth=Bearer {access_token}\1\1".encode()
    return Order(line.new_tag(), "AUTHENTICATE", "XOAUTH2", replies=(b64encode(bearer),))


def _explained(error: BaseException, server: MailServer) -> BaseException:
    match error:
        case ImapError():
            return error
        case ssl.SSLCertVerificationError():
            return TlsFailed(f"The certificate of {server.host} cannot be trusted: {error.verify_message.rstrip('.')}.")
        case ssl.SSLError():
            return TlsFailed(f"The line to {server.host}, port {server.port}, could not be encrypted.")
        case socket.gaierror() | UnicodeError():
            return Unreachable(f"There is no server with the name {server.host}.")
        case ConnectionRefusedError():
            return Unreachable(f"{server.host} takes no connections on port {server.port}.")
        case OSError() if not isinstance(error, TimeoutError):
            return Unreachable(f"{server.host}, port {server.port}, cannot be reached.")
    return error
