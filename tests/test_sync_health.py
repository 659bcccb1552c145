"""What goes wrong with a mailbox is said in plain words, and mends as soon as it can (R23)."""

import shutil
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from mail.sync import Tools, sync_once
from models import mailbox
from models.ground import files, store
from models.ground.settings import Settings
from models.mailbox import MailboxChange, MailSecurity, MailServer, folders, health, lease, ledger
from models.mailbox.lease import LeaseLost
from models.viewer import System
from tests.support.emails.synced_mailbox import (
    connected,
    ledger_equals_server,
    letter,
    notifications,
    past,
    row_of,
    states,
    synced,
)
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import a_member, an_account, mail_ports
from tests.support.servers.imap import ImapServer, ServedFolder

pytestmark = pytest.mark.usefixtures("store")


async def fault(mailbox_id: UUID) -> tuple[str, str | None, str | None]:
    row = await row_of(mailbox_id)
    return row["state"], row["error_code"], row["error_path"]


async def why(mailbox_id: UUID, folder: str) -> str | None:
    query = "SELECT why FROM mail_folder WHERE mailbox_id = $1 AND name = $2"
    said: str | None = await store.value(query, mailbox_id, folder)
    return said


async def test_a_wrong_password_is_tried_three_times_then_the_team_is_asked(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await a_member(by)
    mailbox_id = await connected(by, server.server, password="wrong")
    for state in ("RETRYING", "RETRYING", "NEEDS_ATTENTION"):
        assert not await sync_once(mailbox_id, tools)
        assert await fault(mailbox_id) == (state, "MAILBOX_SECRET_REFUSED", "secret")
    attempts = server.commands.count("LOGIN")
    assert not await sync_once(mailbox_id, tools)
    assert server.commands.count("LOGIN") == attempts == 3
    told = await store.row("SELECT * FROM notification WHERE kind = 'MAILBOX_NEEDS_ATTENTION'")
    assert told is not None
    assert (told["about"], told["subject_id"]) == (mailbox_id, mailbox_id)
    assert told["text"] == "studio@firm.test: The mail server refused the name or the password."


async def test_a_mended_password_starts_it_again(server: ImapServer, by: System, tools: Tools) -> None:
    past(server.inbox, letter())
    mailbox_id = await connected(by, server.server, password="wrong")
    for _ in range(3):
        assert not await sync_once(mailbox_id, tools)
    await mailbox.update(by, mailbox_id, MailboxChange(secret="secret"))
    await synced(mailbox_id, tools)
    assert await fault(mailbox_id) == ("LIVE", None, None)
    await ledger_equals_server(server, mailbox_id)


async def test_a_server_that_is_away_is_tried_again_later_and_later(
    server: ImapServer, by: System, tools: Tools
) -> None:
    mailbox_id = await connected(by, server.server)
    server.greeting = b"* BYE full house\r\n"
    waits = []
    for _ in range(9):
        assert not await sync_once(mailbox_id, tools)
        waits.append(await store.value("SELECT extract(epoch FROM retry_at - now())::float8 FROM mailbox"))
    assert await fault(mailbox_id) == ("RETRYING", "MAILBOX_UNREACHABLE", "imap.host")
    assert 1 < waits[0] <= 5
    assert 250 < waits[-1] <= 600
    server.greeting = b"* OK\r\n"
    await synced(mailbox_id, tools)
    row = await row_of(mailbox_id)
    assert (row["state"], row["failures"], row["retry_at"], row["error_message"]) == ("LIVE", 0, None, None)


async def test_a_private_host_is_refused_outside_of_development(server: ImapServer, by: System, tools: Tools) -> None:
    mailbox_id = await connected(by, server.server)
    assert not await sync_once(mailbox_id, replace(tools, development=False))
    assert await fault(mailbox_id) == ("RETRYING", "MAILBOX_HOST_PRIVATE", "imap.host")
    assert server.commands == []


async def test_a_mailbox_on_a_port_that_is_none_of_mail_servers_waits_until_the_installation_allows_it(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await a_member(by)
    past(server.inbox, letter())
    mailbox_id = await connected(by, server.server)
    with mail_ports():
        assert not await sync_once(mailbox_id, tools)
        assert await fault(mailbox_id) == ("NEEDS_ATTENTION", "MAILBOX_UNREACHABLE", "imap.port")
        assert server.commands == []
        ((text, _),) = await notifications(by)
        assert f"not on {server.server.port}" in text
        assert "SWITCHBOARD_MAIL_PORTS" in text
        await mailbox.take_up_ports()
        assert await fault(mailbox_id) == ("NEEDS_ATTENTION", "MAILBOX_UNREACHABLE", "imap.port")
    with mail_ports(server.server.port):
        await mailbox.take_up_ports()
        await synced(mailbox_id, tools)
    assert await fault(mailbox_id) == ("LIVE", None, None)


async def test_a_host_without_encryption_is_named_as_such(server: ImapServer, by: System, tools: Tools) -> None:
    there = server.server
    mailbox_id = await connected(by, MailServer(there.host, there.port, MailSecurity.STARTTLS))
    assert not await sync_once(mailbox_id, tools)
    assert await fault(mailbox_id) == ("RETRYING", "MAILBOX_TLS_FAILED", "imap.security")


COUNTS_FIVE = b"* 5 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 6] x\r\n{tag} OK [READ-ONLY] done\r\n"


async def test_a_server_that_counts_otherwise_than_it_lists_is_told_so_at_the_third_time(
    server: ImapServer, by: System, tools: Tools
) -> None:
    mailbox_id = await connected(by, server.server)
    server.say["EXAMINE"] = COUNTS_FIVE
    for code in (None, None, "MAILBOX_FIGURES_DISAGREE", "MAILBOX_FIGURES_DISAGREE"):
        await synced(mailbox_id, tools)
        assert await fault(mailbox_id) == ("LIVE", code, None)
    assert await why(mailbox_id, "INBOX") == (
        "The mail server counts 5 messages in INBOX and lists another number of them. It is asked again by itself."
    )
    server.say.clear()
    await synced(mailbox_id, tools)
    assert await fault(mailbox_id) == ("LIVE", None, None)
    assert await why(mailbox_id, "INBOX") is None
    await ledger_equals_server(server, mailbox_id)


async def test_figures_that_agreed_in_between_are_doubted_anew(server: ImapServer, by: System, tools: Tools) -> None:
    mailbox_id = await connected(by, server.server)
    for said in (COUNTS_FIVE, COUNTS_FIVE, None, COUNTS_FIVE, COUNTS_FIVE):
        server.say.clear()
        if said:
            server.say["EXAMINE"] = said
        await synced(mailbox_id, tools)
        assert await fault(mailbox_id) == ("LIVE", None, None)
        assert await why(mailbox_id, "INBOX") is None


async def test_a_folder_of_sent_mail_that_is_not_there_is_named_and_everything_is_read_and_live(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter())
    past(server.folders[1], letter())
    mailbox_id = await connected(by, server.server)
    await mailbox.update(by, mailbox_id, MailboxChange(sent_folder="Postausgang"))
    await synced(mailbox_id, tools)
    assert await fault(mailbox_id) == ("LIVE", "MAILBOX_UNREACHABLE", "sentFolder")
    assert "“Postausgang”" in (await row_of(mailbox_id))["error_message"]
    assert await states(mailbox_id) == await states(mailbox_id, "Sent") == ["STORED"]
    await mailbox.update(by, mailbox_id, MailboxChange(sent_folder="Sent"))
    await synced(mailbox_id, tools)
    assert await fault(mailbox_id) == ("LIVE", None, None)


async def test_that_no_folder_of_sent_mail_was_found_is_said(server: ImapServer, by: System, tools: Tools) -> None:
    server.folders.pop()
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    assert await fault(mailbox_id) == ("LIVE", "MAILBOX_UNREACHABLE", "sentFolder")
    server.folders.append(ServedFolder("Gesendete Objekte"))
    await synced(mailbox_id, tools)
    assert await fault(mailbox_id) == ("LIVE", None, None)


async def test_a_folder_that_is_no_longer_synced_leaves_the_figures_and_may_come_back(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter())
    past(server.folders[1], letter(subject="sent"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    sent = server.folders.pop()
    await synced(mailbox_id, tools)
    await ledger_equals_server(server, mailbox_id)
    server.folders.append(sent)
    await synced(mailbox_id, tools)
    await ledger_equals_server(server, mailbox_id)
    assert await store.value("SELECT count(*) FROM email") == 2


async def test_a_mailbox_that_moved_elsewhere_is_read_anew_though_its_numbers_are_the_same(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="old"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    async with ImapServer(username="bea") as second:
        past(second.inbox, letter(subject="new"))
        await mailbox.update(by, mailbox_id, MailboxChange(imap=second.server, username="bea", secret="secret"))
        await synced(mailbox_id, tools)
        await ledger_equals_server(second, mailbox_id)
    assert await store.value("SELECT count(*) FROM email") == 2


async def test_a_worker_that_lost_the_mailbox_or_missed_a_change_writes_nothing(server: ImapServer, by: System) -> None:
    mailbox_id = await connected(by, server.server)
    held = await lease.claim_one("first", mailbox_id)
    assert held
    assert await lease.claim_one("second", mailbox_id) is None
    folder = await folders.opened(held, "INBOX", 1, uidnext=1)
    await store.execute("UPDATE mailbox SET lease_until = now() - interval '1 s'")
    (other,) = await lease.claim("second", most=5)
    assert other.token == held.token + 1
    with pytest.raises(LeaseLost):
        await ledger.found(held, folder, [], watermark=9)
    assert await lease.renew([held]) == set()
    await mailbox.update(by, mailbox_id, MailboxChange(paused=True))
    with pytest.raises(LeaseLost):
        await ledger.found(other, folder, [], watermark=9)
    await health.succeeded(other)
    assert (await row_of(mailbox_id))["state"] == "PAUSED"
    assert await store.value("SELECT watermark FROM mail_folder") == 1


async def test_trouble_of_our_own_is_said_as_such_and_mends(
    server: ImapServer, by: System, tools: Tools, tmp_path: Path
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, *(letter(subject=str(number)) for number in range(5)))
    mailbox_id = await connected(by, server.server)
    (tmp_path / "elsewhere").mkdir()
    files.open_files(Settings(var=tmp_path / "elsewhere"))
    shutil.rmtree(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text("a file where the folder was")
    assert not await sync_once(mailbox_id, tools)
    assert await fault(mailbox_id) == ("RETRYING", "MAILBOX_UNREACHABLE", None)
    assert (await row_of(mailbox_id))["error_message"].startswith("Something went wrong on our side")
    files.open_files(Settings(var=tmp_path))
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED"] * 5
    await ledger_equals_server(server, mailbox_id)
