"""The door for sending is looked at beside the reading, with the same secret (RFC 6409); what is wrong is told."""

import asyncio
from base64 import b64encode
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from mail.reaching import NotReached, reach_smtp
from mail.smtp import Smtp
from mail.submission import Sender
from mail.sync import Tools, sync_once
from mail.sync.sending import looking_after_sending
from models import mailbox
from models.ground import store as database
from models.mailbox import MailboxChange, MailSecurity, MailServer
from models.viewer import System, Viewer
from tests.support.emails.oauth_mailbox import held
from tests.support.emails.sync_worker import idling, is_live, working
from tests.support.emails.synced_mailbox import (
    connected,
    eventually,
    letter,
    notifications,
    past,
    row_of,
    subjects_of,
    synced,
)
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_account, mail_ports
from tests.support.processes.switchboard import a_free_port
from tests.support.servers.imap import ImapServer
from tests.support.servers.smtp import DROP, SmtpSink
from tests.support.servers.tokens import TokenServer, names
from tests.support.waiting import PATIENCE, patience

pytestmark = pytest.mark.usefixtures("store")
PLAIN = ("AUTH PLAIN LOGIN XOAUTH2",)


async def fault(viewer: Viewer) -> tuple[str, str | None, str | None]:
    (view,) = await mailbox.of_firm(viewer)
    if view.fault is None:
        return view.state, None, None
    return view.state, view.fault.code, ".".join(view.fault.path)


def there(sink: SmtpSink) -> MailServer:
    return MailServer("127.0.0.1", sink.port, MailSecurity.NONE)


async def is_due(mailbox_id: UUID) -> None:
    await database.execute("UPDATE mailbox SET smtp_retry_at = now() WHERE id = $1", mailbox_id)


async def test_the_first_look_signs_in_at_both_doors_with_the_same_secret_and_sends_nothing(
    server: ImapServer, by: System, viewer: Viewer, tools: Tools
) -> None:
    async with SmtpSink(extensions=PLAIN, answers={"AUTH": "235 2.7.0 in"}) as sink:
        mailbox_id = await connected(by, server.server, smtp=there(sink))
        await synced(mailbox_id, tools)
        pair = b64encode(b"\0anna\0secret").decode()
        assert sink.commands[1:] == [f"AUTH PLAIN {pair}", "QUIT"]
    assert await fault(viewer) == ("LIVE", None, None)
    assert "LOGIN" in server.commands


async def test_an_open_door_is_looked_at_once_and_again_when_somebody_has_changed_something(
    server: ImapServer, by: System, tools: Tools
) -> None:
    async with SmtpSink(extensions=PLAIN, answers={"AUTH": "235 2.7.0 in"}) as sink:
        mailbox_id = await connected(by, server.server, smtp=there(sink))
        for _ in range(3):
            await synced(mailbox_id, tools)
        assert sink.lines == 1
        await mailbox.update(by, mailbox_id, MailboxChange(secret="secret"))
        for _ in range(3):
            await synced(mailbox_id, tools)
        assert sink.lines == 2


async def test_a_mailbox_that_signs_in_by_oauth_does_so_at_both_doors(
    server: ImapServer, tokens: TokenServer, by: System, viewer: Viewer, tools: Tools
) -> None:
    async with SmtpSink(extensions=PLAIN, answers={"AUTH": "235 2.7.0 in"}) as sink:
        mailbox_id = await connected(by, server.server, smtp=there(sink), password=tokens.oauth)
        await synced(mailbox_id, tools)
        bearer = b64encode(b"user=anna\1auth=Bearer access 1\1\1").decode()
        assert sink.commands[1:] == [f"AUTH XOAUTH2 {bearer}", "QUIT"]
    assert await fault(viewer) == ("LIVE", None, None)
    assert len(tokens.asked) == 1


REFUSED = {
    "the name or the password": (PLAIN, "535 5.7.8 no", "MAILBOX_SECRET_REFUSED"),
    "no sign-in at the moment": (PLAIN, "454 4.7.0 later", "MAILBOX_UNREACHABLE"),
    "no way to sign in": ((), "502 what", "MAILBOX_SECRET_REFUSED"),
    "cannot be reached": (PLAIN, DROP, "MAILBOX_UNREACHABLE"),
}


@pytest.mark.parametrize(("extensions", "said", "code"), REFUSED.values(), ids=REFUSED)
async def test_whoever_may_not_send_reads_all_the_same(
    server: ImapServer, by: System, viewer: Viewer, tools: Tools, extensions: tuple[str, ...], said: str, code: str
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="read"))
    async with SmtpSink(extensions=extensions, answers={"AUTH": said}) as sink:
        mailbox_id = await connected(by, server.server, smtp=there(sink))
        await synced(mailbox_id, tools)
        assert await fault(viewer) == ("LIVE", code, "smtp.host")
        assert await subjects_of(account.id) == ["read"]
        await synced(mailbox_id, tools)
        assert await fault(viewer) == ("LIVE", code, "smtp.host")
        assert sink.lines == 1  # left alone for a minute
        sink.answers, sink.extensions = {"AUTH": "235 2.7.0 in"}, PLAIN
        await is_due(mailbox_id)
        await synced(mailbox_id, tools)
    assert await fault(viewer) == ("LIVE", None, None)
    assert [text for text, _ in await notifications(by) if "@" in text] == []


@pytest.mark.parametrize(
    ("smtp", "code", "path"),
    [
        (lambda sink: MailServer("127.0.0.1", a_free_port(), MailSecurity.NONE), "MAILBOX_UNREACHABLE", "smtp.host"),
        (lambda sink: MailServer("no-such-host.invalid", 587), "MAILBOX_UNREACHABLE", "smtp.host"),
        (lambda sink: replace(there(sink), security=MailSecurity.STARTTLS), "MAILBOX_TLS_FAILED", "smtp.security"),
        (lambda sink: replace(there(sink), security=MailSecurity.TLS), "MAILBOX_TLS_FAILED", "smtp.security"),
    ],
    ids=["nobody there", "no such name", "no STARTTLS", "no TLS"],
)
async def test_what_is_wrong_with_the_server_for_sending_says_which_part_to_mend(
    server: ImapServer, by: System, viewer: Viewer, tools: Tools, smtp: Any, code: str, path: str
) -> None:
    async with SmtpSink(extensions=PLAIN) as sink:
        mailbox_id = await connected(by, server.server, smtp=smtp(sink))
        await synced(mailbox_id, tools)
        assert await fault(viewer) == ("LIVE", code, path)
        assert not [line for line in sink.commands if line.startswith("AUTH")]


async def test_an_imap_server_is_none_for_sending(server: ImapServer, by: System, viewer: Viewer, tools: Tools) -> None:
    mailbox_id = await connected(by, server.server, smtp=server.server)
    await synced(mailbox_id, tools)
    assert await fault(viewer) == ("LIVE", "MAILBOX_UNREACHABLE", "smtp.host")


async def test_what_is_wrong_with_reading_is_told_first(
    server: ImapServer, by: System, viewer: Viewer, tools: Tools
) -> None:
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    server.password = "changed"
    assert not await sync_once(mailbox_id, tools)
    assert await fault(viewer) == ("RETRYING", "MAILBOX_SECRET_REFUSED", "secret")


async def test_a_secret_that_imap_does_not_take_is_not_tried_at_the_other_door(
    server: ImapServer, by: System, tools: Tools
) -> None:
    """Two refusals for each would lock the mailbox at its provider twice as soon."""
    async with SmtpSink(extensions=PLAIN, answers={"AUTH": "535 5.7.8 no"}) as sink:
        mailbox_id = await connected(by, server.server, smtp=there(sink), password="wrong")
        assert not await sync_once(mailbox_id, tools)
        assert sink.lines == 0


async def test_a_private_host_for_sending_is_not_called_outside_of_development(
    server: ImapServer, by: System, tools: Tools
) -> None:
    async with SmtpSink(extensions=PLAIN) as sink:
        mailbox_id = await connected(by, server.server, smtp=MailServer("inner.test", sink.port))
        leased = await held(mailbox_id)
        with names(inner_test=["127.0.0.1"]), mail_ports(sink.port), pytest.raises(NotReached) as told:
            await reach_smtp(leased, private=False, timeout=PATIENCE)
        assert (told.value.code, told.value.path) == ("MAILBOX_HOST_PRIVATE", "smtp.host")
        assert sink.lines == 0


async def test_for_sending_the_very_address_that_was_looked_at_is_called(server: ImapServer, by: System) -> None:
    """At each connection; a name that leads elsewhere the second time (DNS rebinding) is not asked twice."""
    async with SmtpSink(extensions=PLAIN, answers={"AUTH": "235 2.7.0 in"}) as sink:
        mailbox_id = await connected(by, server.server, smtp=MailServer("mail.test", sink.port))
        await database.execute("UPDATE mailbox SET smtp_security = 'NONE'")
        leased = await held(mailbox_id)
        with names(mail_test=["127.0.0.1", "192.0.2.1"]) as looked_up:
            smtp = await reach_smtp(leased, private=True, timeout=PATIENCE)
        assert looked_up == ["mail.test"]
        await smtp.deliver(b"Subject: Hello\r\n\r\n", sender="anna@firm.test", to=[MARTA])
        await smtp.close()
        assert isinstance(smtp, Smtp)
        assert len(sink.letters) == 1


async def test_a_port_that_is_none_of_mail_servers_is_not_called_until_the_installation_allows_it(
    server: ImapServer, by: System, viewer: Viewer, tools: Tools
) -> None:
    async with SmtpSink(extensions=PLAIN, answers={"AUTH": "235 2.7.0 in"}) as sink:
        mailbox_id = await connected(by, server.server, smtp=there(sink))
        with mail_ports(server.server.port):
            await synced(mailbox_id, tools)
            assert await fault(viewer) == ("LIVE", "MAILBOX_UNREACHABLE", "smtp.port")
            assert sink.lines == 0
        with mail_ports(server.server.port, sink.port):
            await mailbox.take_up_ports()
            await synced(mailbox_id, tools)
    assert await fault(viewer) == ("LIVE", None, None)


async def test_the_worker_looks_at_it_beside_the_reading_which_waits_for_nothing(
    server: ImapServer, by: System, viewer: Viewer, tools: Tools
) -> None:
    """Of a server for sending that says nothing, reading does not even notice."""
    account = await an_account(by, address=MARTA, email_sync=True)
    async with SmtpSink(extensions=PLAIN, answers={"EHLO": "silence", "HELO": "silence"}) as sink:
        mailbox_id = await connected(by, server.server, smtp=there(sink))
        async with working(tools.parsers):
            await idling(server)
            server.inbox.append(letter(subject="meanwhile"))
            await eventually(lambda: subjects_of(account.id))

            async def is_asked() -> bool:
                return sink.lines == 1

            await eventually(is_asked)
            await eventually(lambda: is_live(mailbox_id))
    assert await fault(viewer) == ("LIVE", None, None)


async def test_a_worker_finds_the_door_open_once_it_is(
    server: ImapServer, by: System, viewer: Viewer, tools: Tools
) -> None:
    mailbox_id = await connected(by, server.server)
    async with working(tools.parsers):

        async def is_told() -> bool:
            return await fault(viewer) == ("LIVE", "MAILBOX_UNREACHABLE", "smtp.host")

        await eventually(is_told)
        async with SmtpSink(extensions=PLAIN, answers={"AUTH": "235 2.7.0 in"}) as sink:
            change = MailboxChange(smtp=there(sink), secret="secret")
            await mailbox.update(by, mailbox_id, change)

            # The change by itself takes the fault away: only what is written down says that the door was looked at.
            async def is_found_open() -> bool:
                opened = (await row_of(mailbox_id))["smtp_open_at"] == 2
                return opened and await fault(viewer) == ("LIVE", None, None)

            await eventually(is_found_open)


async def test_whenever_the_reading_ends_so_does_the_look_at_the_door(
    server: ImapServer, by: System, tools: Tools
) -> None:
    """`asyncio.wait_for` of Python 3.11 swallows a cancellation that comes in the same moment as an answer."""
    async with SmtpSink(extensions=PLAIN, answers={"AUTH": "235 2.7.0 in"}) as sink:
        mailbox_id = await connected(by, server.server, smtp=there(sink))
        leased = await held(mailbox_id)
        sender = Sender(leased, partial(reach_smtp, leased, private=True, timeout=PATIENCE))
        for steps in range(200):
            await database.execute("UPDATE mailbox SET smtp_open_at = 0 WHERE id = $1", mailbox_id)
            async with patience(), looking_after_sending(leased, tools, sender, once=False):
                for _ in range(steps):
                    await asyncio.sleep(0)
