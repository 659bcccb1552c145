"""What a mailbox signs in with by OAuth, as it is entered."""

from dataclasses import replace
from typing import Any

import pytest

from models import mailbox
from models.errors import ErrorCode
from models.mailbox import MailboxChange, MailSecurity, MailServer, NewMailbox, OAuth, Secret, connect
from models.viewer import System
from tests.support.emails.oauth_mailbox import secret_of
from tests.support.firm.factories import mail_ports
from tests.support.refusals import refused
from tests.support.servers.tokens import TokenServer

pytestmark = pytest.mark.usefixtures("store")


async def test_what_is_wrong_with_it_is_refused_where_it_stands(by: System, tokens: TokenServer) -> None:
    imap = MailServer("imap.x.test", 993)
    good = OAuth("https://accounts.x.test/token", "id", "refresh", "secret")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"client_id": ""}, "clientId"),
        ({"client_id": "ä"}, "clientId"),
        ({"client_secret": "x" * 8001}, "clientSecret"),
        ({"client_secret": "a\r\nb"}, "clientSecret"),
        ({"refresh_token": "\ud800"}, "refreshToken"),
        ({"refresh_token": " \n"}, "refreshToken"),
        *(
            ({"token_url": url}, "tokenUrl")
            for url in (
                "",
                "accounts.x.test/token",
                "http://accounts.x.test/token",
                "https:///token",
                "https://name:word@accounts.x.test/token",
                "https://accounts.x.test/token#part",
                "https://accounts.x.test:99999/token",
                "https://accounts.x.test:x/token",
                "https://[::1/token",
                "https://accounts.x.test/to ken",
                "https://accounts.x.test\\@evil.test/token",
                "https://accounts.x.test/token\r\nHost: other",
                "ftp://accounts.x.test/token",
                "file:///etc/passwd",
                "https://accounts.x.test/" + "t" * 1000,
                "\ud800",
            )
        ),
    ]
    mailbox_id = (await connect(by, NewMailbox("a@x.test", good, imap, imap))).ids[0]
    for change, part in wrong:
        secret = replace(good, **change)
        with refused(ErrorCode.INVALID, "secret", "oauth", part):
            await connect(by, NewMailbox("b@x.test", secret, imap, imap))
        with refused(ErrorCode.INVALID, "secret", "oauth", part):
            await mailbox.update(by, mailbox_id, MailboxChange(secret=secret))
    assert await secret_of(mailbox_id) == good


async def test_it_is_kept_without_the_blanks_around_what_was_pasted(by: System) -> None:
    imap = MailServer("imap.x.test", 993)
    pasted = OAuth(" https://accounts.x.test/token\n", "\tid", "refresh \n", "")
    mailbox_id = (await connect(by, NewMailbox("a@x.test", pasted, imap, imap))).ids[0]
    assert await secret_of(mailbox_id) == OAuth("https://accounts.x.test/token", "id", "refresh")


async def test_outside_of_development_a_token_url_is_on_the_port_of_https(by: System) -> None:
    imap = MailServer("imap.x.test", 993)
    with mail_ports(8443):
        for port in (80, 25, 993, 6379):
            secret = OAuth(f"https://accounts.x.test:{port}/token", "id", "refresh")
            with refused(ErrorCode.INVALID, "secret", "oauth", "tokenUrl"):
                await connect(by, NewMailbox("a@x.test", secret, imap, imap))
        for place in ("accounts.x.test", "accounts.x.test:443", "accounts.x.test:8443"):
            secret = OAuth(f"https://{place}/token", "id", "refresh")
            await connect(by, NewMailbox(f"a@{place.replace(':', '.')}.test", secret, imap, imap))


async def test_the_same_key_with_another_refresh_token_is_refused(by: System) -> None:
    """R31"""
    imap = MailServer("imap.x.test", 993, MailSecurity.TLS)
    first = OAuth("https://accounts.x.test/token", "id", "refresh", "secret")
    done = await connect(by, NewMailbox("a@x.test", first, imap, imap), key="once")
    assert (await connect(by, NewMailbox("a@x.test", first, imap, imap), key="once")).ids == done.ids
    changes: list[dict[str, Any]] = [
        {"token_url": "https://x.test/"},
        {"client_id": "b"},
        {"refresh_token": "b"},
        {"client_secret": None},
    ]
    others: list[Secret] = [*(replace(first, **change) for change in changes), "refresh"]
    for other in others:
        with refused(ErrorCode.IDEMPOTENCY_KEY_REUSED, "idempotencyKey"):
            await connect(by, NewMailbox("a@x.test", other, imap, imap), key="once")
