"""A mailbox of the demo signs in by OAuth: with its own servers and with Dovecot."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from mail.demo.launch import DemoMail
from mail.demo.tokens import consent
from mail.demo.users import COLLEAGUE, STUDIO
from mail.sync import Tools, sync_once
from models import mailbox
from models.mailbox import MailboxChange, OAuth
from models.viewer import System
from tests.support.database.postgres import open_folder
from tests.support.emails.sync_worker import is_live, working
from tests.support.emails.synced_mailbox import connected, eventually, row_of, synced
from tests.support.servers.dovecot import skip_without_dovecot
from tests.support.waiting import patience

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture(params=["its own", "Dovecot"])
async def mail(request: pytest.FixtureRequest) -> AsyncIterator[DemoMail]:
    if request.param == "Dovecot":
        skip_without_dovecot()
    with open_folder("mail") as folder:  # which Dovecot's user can reach
        async with DemoMail.start(folder, dovecot=request.param == "Dovecot") as server:
            yield server


def consent_at(mail: DemoMail, number: int = 1) -> OAuth:
    return consent(COLLEAGUE.address, port=mail.token_port, number=number)


async def connected_at(mail: DemoMail, by: System, *, username: str = COLLEAGUE.address) -> UUID:
    secret = consent_at(mail)
    return await connected(by, mail.imap, address=username, username=username, password=secret, smtp=mail.smtp)


async def posted(mail: DemoMail, path: str, form: str) -> bytes:
    async with patience():
        reader, writer = await asyncio.open_connection("127.0.0.1", mail.token_port)
        writer.write(f"POST {path} HTTP/1.1\r\nContent-Length: {len(form)}\r\n\r\n{form}".encode())
        answer = await reader.read()
        writer.close()
        return answer


async def test_a_consent_opens_its_own_mailbox_at_both_doors_and_no_other(
    mail: DemoMail, by: System, tools: Tools
) -> None:
    colleague = await connected_at(mail, by)
    await synced(colleague, tools)
    row = await row_of(colleague)
    assert (row["state"], row["error_code"], row["smtp_error_code"]) == ("LIVE", None, None)
    other = await connected_at(mail, by, username=STUDIO.address)
    for _ in range(4):
        assert not await sync_once(other, tools)
    assert (await row_of(other))["error_code"] == "MAILBOX_SECRET_REFUSED"


async def test_a_consent_that_is_withdrawn_is_told_at_once_and_given_again_it_goes_on(
    mail: DemoMail, by: System, tools: Tools
) -> None:
    colleague = await connected_at(mail, by)
    studio = await connected(by, mail.imap, address=STUDIO.address, username=STUDIO.address, password=STUDIO.password)

    async def both_are_live() -> bool:
        return await is_live(colleague) and await is_live(studio)

    async def is_told() -> bool:
        row = await row_of(colleague)
        return (row["state"], row["error_path"]) == ("NEEDS_ATTENTION", "secret.oauth.refreshToken")

    async with working(tools.parsers):
        await eventually(both_are_live)
        said = json.loads((await posted(mail, "/withdraw", f"mailbox={COLLEAGUE.address}")).split(b"\r\n\r\n")[1])
        await eventually(is_told)
        assert await is_live(studio)
        assert said == {"next_refresh_token": consent_at(mail, 2).refresh_token}
        await mailbox.update(by, colleague, MailboxChange(secret=consent_at(mail, 2)))
        await eventually(both_are_live)
        assert b"consent 3 of" in await posted(mail, "/withdraw", f"mailbox={COLLEAGUE.address}")
        await eventually(is_told)
        await mailbox.update(by, colleague, MailboxChange(secret=consent_at(mail, 4)))
        await eventually(both_are_live)
        assert b"consent 5 of" in await posted(mail, "/withdraw", f"mailbox={COLLEAGUE.address}")
        await mailbox.update(by, colleague, MailboxChange(secret=consent_at(mail, 5)))
        await eventually(both_are_live)
    row = await row_of(colleague)
    assert (row["error_code"], row["smtp_error_code"]) == (None, None)


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/token", ""),
        ("/token", "refresh_token=consent 1 of nobody@demo.test"),
        ("/token", f"refresh_token=consent 0 of {COLLEAGUE.address}"),
        ("/token", f"refresh_token=consent x of {COLLEAGUE.address}"),
        ("/token", "x" * 99_999),
        ("/withdraw", "mailbox=nobody@demo.test"),
        ("/", ""),
        ("", ""),
    ],
)
async def test_who_asks_for_no_token_gets_none_and_the_next_one_does(tmp_path: Path, path: str, form: str) -> None:
    async with DemoMail.start(tmp_path) as mail:
        assert b"_token" not in await posted(mail, path, form)
        granted = await posted(mail, "/token", f"refresh_token={consent_at(mail).refresh_token}")
        assert b"access_token" in granted


async def test_a_consent_that_nobody_used_can_be_withdrawn_too(tmp_path: Path) -> None:
    async with DemoMail.start(tmp_path) as mail:
        assert b"consent 2 of" in await posted(mail, "/withdraw", f"mailbox={COLLEAGUE.address}")
        assert b"invalid_grant" in await posted(mail, "/token", f"refresh_token={consent_at(mail).refresh_token}")
