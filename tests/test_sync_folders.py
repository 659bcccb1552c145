"""Every folder of a mailbox is read, not only INBOX and Sent (R18)."""

from datetime import timedelta
from uuid import UUID

import pytest

from mail.sync import Tools, sync_once
from models.ground import clock, store
from models.mailbox import folders, lease
from models.mailbox.mailbox import FolderKind
from models.viewer import System
from tests.support.emails.synced_mailbox import (
    connected,
    ledger_equals_server,
    letter,
    past,
    row_of,
    states,
    subjects_of,
    synced,
)
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_account, switched
from tests.support.servers.imap import ImapServer, ServedFolder

pytestmark = pytest.mark.usefixtures("store")


async def test_what_a_rule_files_in_a_folder_of_its_own_is_read_and_junk_is_not(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    clients, junk = ServedFolder("Clients/M&APw-ller"), ServedFolder("Spamverdacht")
    server.folders += [clients, junk]
    past(clients, letter(subject="filed"))
    past(junk, letter(subject="spam"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["filed"]
    rows = await store.rows("SELECT name, kind, synced, why FROM mail_folder ORDER BY name")
    assert [(row["name"], row["kind"], row["synced"], row["why"]) for row in rows] == [
        ("Clients/Müller", FolderKind.OTHER, True, None),
        ("INBOX", FolderKind.INBOX, True, None),
        ("Sent", FolderKind.SENT, True, None),
        ("Spamverdacht", FolderKind.OTHER, False, "Junk mail is left out."),
    ]
    clients.append(letter(subject="filed later"))
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["filed", "filed later"]
    assert await states(mailbox_id, "Clients/Müller") == ["STORED", "STORED"]
    server.folders.remove(junk)
    clients.name = "Clients"
    await synced(mailbox_id, tools)
    await ledger_equals_server(server, mailbox_id)


def later(passed: timedelta) -> None:
    moment = clock.now() + passed
    clock.set_source(lambda: moment)


async def live_with(mailbox_id: UUID) -> dict[str, str]:
    """What is wrong with a folder, by its name, while the mailbox is live and nothing is wrong with it."""
    row = await row_of(mailbox_id)
    assert (row["state"], row["error_message"]) == ("LIVE", None)
    query = "SELECT name, why FROM mail_folder WHERE mailbox_id = $1 AND synced AND why IS NOT NULL"
    return {row["name"]: row["why"] for row in await store.rows(query, mailbox_id)}


async def test_a_folder_that_refuses_is_told_and_stops_no_other(server: ImapServer, by: System, tools: Tools) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    clients = ServedFolder("Clients")
    server.folders.insert(0, clients)
    for number, folder in enumerate(server.folders):
        past(folder, letter(subject=str(number)))
    server.say['EXAMINE "Clients"'] = b"{tag} NO [NOPERM] Keep out\r\n"
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["1", "2"]
    said = "The mail server refused: Keep out. It is tried again by itself."
    assert await live_with(mailbox_id) == {"Clients": said}
    server.say.clear()
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["0", "1", "2"]
    assert await live_with(mailbox_id) == {}
    await ledger_equals_server(server, mailbox_id)


async def test_a_folder_that_goes_on_refusing_is_left_alone_for_a_while(
    server: ImapServer, by: System, tools: Tools
) -> None:
    server.folders.append(ServedFolder("Clients"))
    server.say['EXAMINE "Clients"'] = b"{tag} NO Keep out\r\n"
    mailbox_id = await connected(by, server.server)
    for _ in range(3):
        await synced(mailbox_id, tools)
    server.commands.clear()
    await synced(mailbox_id, tools)
    assert not [command for command in server.commands if "Clients" in command]
    assert (await live_with(mailbox_id)).keys() == {"Clients"}
    later(folders.FIRST_REST)
    await synced(mailbox_id, tools)
    assert 'EXAMINE "Clients"' in server.commands
    server.say.clear()
    later(folders.LONGEST_REST)
    await synced(mailbox_id, tools)
    assert await live_with(mailbox_id) == {}


async def test_where_every_folder_refuses_the_mailbox_says_so(server: ImapServer, by: System, tools: Tools) -> None:
    server.say["EXAMINE"] = b"{tag} NO [UNAVAILABLE] Later\r\n"
    mailbox_id = await connected(by, server.server)
    for _ in range(4):
        assert not await sync_once(mailbox_id, tools)
        row = await row_of(mailbox_id)
        assert (row["state"], ": Later." in row["error_message"]) == ("RETRYING", True)


async def test_figures_that_disagree_in_one_folder_keep_no_message_back(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="in"))
    past(server.folders[1], letter(subject="out"))
    server.inbox.phantoms = 1
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["in", "out"]
    assert await live_with(mailbox_id) == {}
    for _ in range(2):
        await synced(mailbox_id, tools)
    assert (await row_of(mailbox_id))["error_code"] == "MAILBOX_FIGURES_DISAGREE"
    server.inbox.append(letter(subject="in too"))
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["in", "in too", "out"]
    server.inbox.phantoms = 0
    await synced(mailbox_id, tools)
    assert await live_with(mailbox_id) == {}
    await ledger_equals_server(server, mailbox_id)


async def test_a_folder_over_which_the_line_breaks_comes_last_and_is_left_alone_at_last(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="in"))
    past(server.folders[1], letter(subject="out"))
    server.say['EXAMINE "INBOX"'] = b"* BYE\r\n"
    mailbox_id = await connected(by, server.server)
    assert not await sync_once(mailbox_id, tools)
    assert await subjects_of(account.id) == []
    assert not await sync_once(mailbox_id, tools)
    assert await subjects_of(account.id) == ["out"]
    assert not await sync_once(mailbox_id, tools)
    await synced(mailbox_id, tools)
    assert (await live_with(mailbox_id)).keys() == {"INBOX"}
    server.say.clear()
    later(folders.FIRST_REST)
    await synced(mailbox_id, tools)
    assert await live_with(mailbox_id) == {}
    await ledger_equals_server(server, mailbox_id)


async def test_a_folder_whose_messages_are_refused_again_and_again_rests_and_wakes_nobody(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA)
    past(server.folders[1], letter(subject="out"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    await switched(by, account.id, account.address, email_sync=True)
    server.say["UID FETCH"] = b"{tag} NO [THROTTLED] Slow down\r\n"
    for _ in range(3):
        await synced(mailbox_id, tools)
    assert (await live_with(mailbox_id)).keys() == {"Sent"}
    assert await states(mailbox_id, "Sent") == ["PENDING"]
    held = await lease.claim_one("worker", mailbox_id)
    assert held
    assert not (await lease.stirring([held]))[mailbox_id].pending
    await lease.release(held)
    server.say.clear()
    later(folders.FIRST_REST)
    await synced(mailbox_id, tools)
    assert await live_with(mailbox_id) == {}
    assert await states(mailbox_id, "Sent") == ["STORED"]
