"""The worker: claims, watches, wakes, lets go."""

import asyncio
import multiprocessing
from pathlib import Path
from uuid import UUID

import pytest

from mail.demo.launch import DemoMail
from mail.demo.users import MAIL_PASSWORD
from mail.demo.users import STUDIO as DEMO_STUDIO
from mail.sync import Tools
from models import mailbox
from models.ground import store
from models.mailbox import MailboxChange
from models.viewer import System
from tests.support.emails.sync_worker import idling, is_live, working
from tests.support.emails.synced_mailbox import (
    connected,
    eventually,
    ledger_equals_server,
    letter,
    past,
    row_of,
    states,
    subjects_of,
)
from tests.support.firm.cast import MARTA, STUDIO
from tests.support.firm.factories import a_member, an_account, switched
from tests.support.servers.imap import ImapServer
from tests.support.waiting import patience

pytestmark = pytest.mark.usefixtures("store")


async def is_alone(server: ImapServer) -> bool:
    return not server.connections


async def test_what_arrives_is_pushed_and_stored(server: ImapServer, by: System, tools: Tools) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, server.server)
    async with working(tools.parsers):
        await idling(server)
        assert await is_live(mailbox_id)
        server.inbox.append(letter(subject="pushed"))
        await eventually(lambda: subjects_of(account.id))
    await ledger_equals_server(server, mailbox_id)


async def test_switching_on_wakes_it_from_its_watch_without_a_new_connection(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA)
    past(server.inbox, letter(subject="past"))
    mailbox_id = await connected(by, server.server)
    async with working(tools.parsers):
        await idling(server)
        await switched(by, account.id, account.address, email_sync=True)
        await eventually(lambda: subjects_of(account.id))
        await eventually(lambda: is_live(mailbox_id))
        assert server.commands.count("LOGIN") == 1
    await ledger_equals_server(server, mailbox_id)


async def test_a_server_without_idle_is_watched_and_woken_as_well(server: ImapServer, by: System, tools: Tools) -> None:
    server.capabilities = "IMAP4rev1"
    account = await an_account(by, address=MARTA)
    past(server.inbox, letter())
    mailbox_id = await connected(by, server.server)
    async with working(tools.parsers):
        await eventually(lambda: is_live(mailbox_id))
        await switched(by, account.id, account.address, email_sync=True)
        await eventually(lambda: subjects_of(account.id))


async def test_a_wake_up_makes_it_look_at_once(server: ImapServer, by: System, tools: Tools) -> None:
    account = await an_account(by, address=MARTA)
    past(server.inbox, letter())
    await connected(by, server.server)
    changed, asked = asyncio.Event(), asyncio.Event()

    async def wakes(firm_id: UUID) -> None:
        assert firm_id == by.firm_id
        asked.set()
        await changed.wait()
        changed.clear()

    async with working(tools.parsers, wakes):
        await asked.wait()
        await idling(server)
        await switched(by, account.id, account.address, email_sync=True)
        changed.set()
        await eventually(lambda: subjects_of(account.id))


async def test_pausing_ends_the_connection_and_going_on_makes_another(
    server: ImapServer, by: System, tools: Tools
) -> None:
    mailbox_id = await connected(by, server.server)
    async with working(tools.parsers):
        await idling(server)
        await mailbox.update(by, mailbox_id, MailboxChange(paused=True))
        await eventually(lambda: is_alone(server))
        assert (await row_of(mailbox_id))["state"] == "PAUSED"
        await mailbox.update(by, mailbox_id, MailboxChange(paused=False))
        await eventually(lambda: is_live(mailbox_id))
    assert server.commands.count("LOGIN") == 2


async def test_a_mended_password_is_tried_within_a_moment(server: ImapServer, by: System, tools: Tools) -> None:
    await a_member(by)
    mailbox_id = await connected(by, server.server, password="wrong")
    async with working(tools.parsers):

        async def is_retrying() -> bool:
            return bool((await row_of(mailbox_id))["state"] == "RETRYING")

        await eventually(is_retrying)
        await mailbox.update(by, mailbox_id, MailboxChange(secret="secret"))
        await eventually(lambda: is_live(mailbox_id))


async def test_it_stops_at_once_and_leaves_no_lease_no_connection_and_no_process(
    server: ImapServer, by: System
) -> None:
    mailbox_id = await connected(by, server.server)
    async with working() as worker:
        await idling(server)
        async with patience():  # no mail server that says nothing is waited for
            await worker.stop()
        assert (await row_of(mailbox_id))["lease_until"] is None
        assert multiprocessing.active_children() == []
        await eventually(lambda: is_alone(server))


async def test_switching_while_mail_comes_in_misses_nothing(server: ImapServer, by: System, tools: Tools) -> None:
    """Every arrival meets a switch that is just going on or off; in the end it is on."""
    account = await an_account(by, address=MARTA)
    mailbox_id = await connected(by, server.server)
    expected = [f"{number:02}" for number in range(30)]
    async with working(tools.parsers):
        await idling(server)
        for number, subject in enumerate(expected):
            server.inbox.append(letter(subject=subject))
            await switched(by, account.id, account.address, email_sync=number % 2 == 1)

        async def all_there() -> bool:
            return await subjects_of(account.id) == expected

        await eventually(all_there)
        await eventually(lambda: is_live(mailbox_id))
    await ledger_equals_server(server, mailbox_id)


async def test_two_workers_share_the_mailboxes_and_each_has_its_own(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    ids = [await connected(by, server.server, address=f"{n}@firm.test") for n in range(4)]
    past(server.inbox, letter(subject="1"), letter(subject="2"))
    async with working(tools.parsers, most=2) as one, working(tools.parsers, most=2) as two:
        for each in ids:
            await eventually(lambda each=each: is_live(each))  # type: ignore[misc]
        owners = await store.rows("SELECT lease_owner, count(*) FROM mailbox GROUP BY 1")
        assert {row["lease_owner"]: row["count"] for row in owners} == {one.owner: 2, two.owner: 2}
    assert server.commands.count("LOGIN") == 4
    assert await store.value("SELECT count(*) FROM email") == 2


async def test_it_survives_a_server_that_ends_its_connections(server: ImapServer, by: System, tools: Tools) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, server.server)
    async with working(tools.parsers):
        await idling(server)
        await server.cut_all()
        server.inbox.append(letter(subject="meanwhile"))
        await eventually(lambda: subjects_of(account.id))
    await ledger_equals_server(server, mailbox_id)


async def test_the_demo_server_delivers_to_an_account(by: System, tools: Tools, tmp_path: Path) -> None:
    """pymap, whose push and UIDs others wrote."""
    account = await an_account(by, address=MARTA, email_sync=True)
    async with DemoMail.start(tmp_path / "mail") as demo:
        mailbox_id = await connected(
            by, demo.imap, address=STUDIO, username=DEMO_STUDIO.address, password=MAIL_PASSWORD
        )
        async with working(tools.parsers):
            await eventually(lambda: is_live(mailbox_id))
            await demo.deliver(letter(subject="by SMTP"), sender=MARTA, to=[DEMO_STUDIO.address])
            await eventually(lambda: subjects_of(account.id))
    assert await states(mailbox_id) == ["STORED"]
