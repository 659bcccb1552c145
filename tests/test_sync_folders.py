"""Every folder of a mailbox is read, not only INBOX and Sent (R18)."""

import pytest

from mail.sync import Tools
from models.ground import store
from models.mailbox.tables import FolderKind
from models.viewer import System
from tests.imap_server import ImapServer, ServedFolder
from tests.make import an_account
from tests.syncing import CLIENT, connected, ledger_equals_server, letter, past, states, subjects_of, synced

pytest_plugins = ["tests.sync_fixtures"]
pytestmark = pytest.mark.usefixtures("store")


async def test_what_a_rule_files_in_a_folder_of_its_own_is_read_and_junk_is_not(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=CLIENT, email_sync=True)
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
