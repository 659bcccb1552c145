"""One question to a token server, from the very address that was looked at."""

import asyncio
import ssl
from urllib.parse import quote_plus, urlsplit

import httpx

from mail.calling import addresses_of, first_line
from mail.internet import in_dns, trusted
from mail.oauth.answer import Answer, Granted, error_of, granted
from mail.oauth.errors import Insecure, NotNow
from models.mailbox.ports import why_no_token_port
from models.mailbox.secret import OAuth

SECONDS = 10.0
"""For all of it: the look-up, the line, the answer."""
LARGEST = 64 * 1024


class _NoLine(Exception):
    """Nothing has been sent: another address of the host may do."""


async def fetch(
    oauth: OAuth, *, private: bool, seconds: float | None = None, tls: ssl.SSLContext | None = None
) -> Granted:
    """
    A new access token, from the very address that was looked at. Outside of any transaction.

    `private`: an address inside of a private network will do. `seconds`: other than SECONDS. `tls` stands in for the
    machine's trusted certificates. Raises TokenError, NoAddress.
    """
    seconds = SECONDS if seconds is None else seconds
    host = urlsplit(oauth.token_url).hostname or ""
    try:
        async with asyncio.timeout(seconds):
            answer = await _asked(oauth, private=private, tls=tls or trusted())
    except TimeoutError:
        raise NotNow(f"{host} gave no access token within {seconds:g} seconds.") from None
    except _NoLine:
        raise NotNow(f"{host}, where access tokens are fetched, cannot be reached.") from None
    except (httpx.HTTPError, httpx.InvalidURL):
        raise NotNow(f"{host} broke off before it had given an access token.") from None
    return granted(answer, oauth, host)


async def _asked(oauth: OAuth, *, private: bool, tls: ssl.SSLContext) -> Answer:
    """First with the secret in the form, as most expect it; by RFC 6749, 2.3.1, a server may want it in the header."""
    url = httpx.URL(oauth.token_url)
    port = url.port or (443 if url.scheme == "https" else 80)
    if why := why_no_token_port(port):
        raise NotNow(why)
    addresses = await addresses_of(url.host, port, private=private)

    async def ask(in_header: bool) -> Answer:
        return await first_line(addresses, lambda address: _posted(oauth, address, in_header, tls), _NoLine)

    answer = await ask(False)
    if answer.status == 401 and oauth.client_secret and error_of(answer) == "invalid_client":
        return await ask(True)
    return answer


async def _posted(oauth: OAuth, address: str, in_header: bool, tls: ssl.SSLContext) -> Answer:
    url = httpx.URL(oauth.token_url)
    url = url.copy_with(host=in_dns(url.host))
    client_id, secret = oauth.client_id, oauth.client_secret or ""
    form = {"grant_type": "refresh_token", "refresh_token": oauth.refresh_token}
    if not in_header:
        form |= {"client_id": client_id} | ({"client_secret": secret} if secret else {})
    # not by the environment's proxies, which would look the name up once more
    async with httpx.AsyncClient(verify=tls, trust_env=False, timeout=None) as client:  # noqa: S113 - the caller bounds it
        request = client.build_request(
            "POST",
            url.copy_with(host=address),
            data=form,
            headers={"Host": url.netloc.decode(), "Accept": "application/json", "Accept-Encoding": "identity"},
            extensions={"sni_hostname": url.raw_host.decode()},
        )
        auth = httpx.BasicAuth(quote_plus(client_id), quote_plus(secret)) if in_header else None
        try:
            response = await client.send(request, auth=auth, stream=True, follow_redirects=False)
        except httpx.ConnectError as error:
            raise _unconnected(error, url.host) from None
        return Answer(response.status_code, response.headers, await _body(response))


def _unconnected(error: httpx.ConnectError, host: str) -> Exception:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Insecure(f"The certificate of {host} cannot be trusted: {cause.verify_message.rstrip('.')}.")
        if isinstance(cause, ssl.SSLError):
            return Insecure(f"The line to {host} could not be encrypted.")
        cause = cause.__cause__ or cause.__context__
    return _NoLine()


async def _body(response: httpx.Response) -> bytes:
    """Not unpacked: a few packed bytes can unfold to any size."""
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > LARGEST:
            raise NotNow(
                f"{response.request.headers['Host']} gave an answer that is too large to hold an access token."
            )
    return bytes(body)
