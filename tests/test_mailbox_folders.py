"""Folders of a mailbox as the team sees and chooses them: which are read, why others are not, and their figures."""

from typing import Any

import pytest

from mail.sync import Tools
from models import mailbox
from models.mailbox import MailboxChange, NewMailbox
from models.viewer import System, Viewer
from tests.support.api.client import Api
from tests.support.emails.synced_mailbox import connected, ledger_equals_server, letter, past, subjects_of, synced
from tests.support.firm.cast import MARTA, STRANGER
from tests.support.firm.factories import a_member, an_account, counting, signed_in
from tests.support.servers.imap import ImapServer, ServedFolder

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def private(server: ImapServer) -> ServedFolder:
    server.folders += [ServedFolder("Private"), ServedFolder("Private/Family"), ServedFolder("Trash", "\\Trash")]
    return server.folders[3]


async def figures(by: Viewer, *mailbox_ids: Any) -> list[dict[str, tuple[object, ...]]]:
    """By folder: whether it is read, and how many are on the server, stored, pending, skipped and quarantined."""
    healths = await mailbox.health_of(by, mailbox_ids)
    return [
        {
            folder.name: (
                folder.synced,
                *(folder.on_server, folder.stored, folder.pending, folder.skipped, folder.quarantined),
            )
            for folder in healths[each].folders
        }
        for each in mailbox_ids
    ]


async def test_the_health_names_every_folder_with_its_figures_and_why_it_is_not_read(
    server: ImapServer, private: ServedFolder, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(), letter(STRANGER), letter())
    past(private, letter(), letter())
    past(server.folders[4], letter(subject="deleted"))
    server.refused_uids.add(3)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    viewer = await a_member(by)
    assert await figures(viewer, mailbox_id) == [
        {
            "INBOX": (True, 3, 1, 0, 2, 0),
            "Sent": (True, 0, 0, 0, 0, 0),
            "Private": (True, 0, 0, 0, 0, 0),
            "Private/Family": (True, 2, 2, 0, 0, 0),
            "Trash": (False, 0, 0, 0, 0, 0),
        }
    ]
    health = (await mailbox.health_of(viewer, [mailbox_id]))[mailbox_id]
    assert {folder.name: folder.why for folder in health.folders if folder.why} == {
        "Trash": "Deleted mail is left out."
    }
    for name in ("on_server", "stored", "pending", "quarantined"):
        assert getattr(health, name) == sum(getattr(folder, name) for folder in health.folders)
    assert sum(count for _, count in health.skipped) == sum(folder.skipped for folder in health.folders)


async def test_the_figures_of_a_hundred_folders_cost_the_statements_of_one(
    server: ImapServer, by: System, tools: Tools
) -> None:
    viewer = await a_member(by)
    one = await connected(by, server.server)
    await synced(one, tools)
    server.folders += [ServedFolder(f"Clients/{number}") for number in range(100)]
    many = await connected(by, server.server, address="other@firm.test")
    await synced(many, tools)
    sent = []
    for ids in ([one], [one, many]):
        async with counting() as statements:
            told = await figures(viewer, *ids)
        sent.append(len(statements))
    assert [len(folders) for folders in told] == [2, 102]
    assert sent == [3, 3]


async def test_what_the_firm_leaves_out_is_not_read_and_comes_back(
    server: ImapServer, private: ServedFolder, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="in"))
    past(private, letter(subject="private"))
    new = NewMailbox(
        "studio@firm.test", "secret", server.server, server.server, username="anna", folders_left_out=("Private",)
    )
    mailbox_id = (await mailbox.connect(by, new)).ids[0]
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["in"]
    assert not any("Family" in command for command in server.commands)
    await mailbox.update(by, mailbox_id, MailboxChange(folders_left_out=()))
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["in", "private"]
    await mailbox.update(by, mailbox_id, MailboxChange(folders_left_out=("Private", "nowhere", "Private")))
    await synced(mailbox_id, tools)
    assert await subjects_of(account.id) == ["in", "private"]
    viewer = await a_member(by)
    (seen,) = await figures(viewer, mailbox_id)
    assert (seen["Private/Family"], seen["INBOX"]) == ((False, 0, 0, 0, 0, 0), (True, 1, 1, 0, 0, 0))
    (view,) = await mailbox.of_firm(viewer)
    assert view.folders_left_out == ("Private", "nowhere")
    server.folders = [folder for folder in server.folders if not folder.name.startswith(("Private", "Trash"))]
    await synced(mailbox_id, tools)
    await ledger_equals_server(server, mailbox_id)


CONNECT = """mutation($input: ConnectMailboxInput!) { connectMailbox(input: $input) {
  errors { code path } mailbox { id foldersLeftOut health { folders { name synced why onServer } } } } }"""
UPDATE = """mutation($input: UpdateMailboxInput!) { updateMailbox(input: $input) {
  errors { code path } mailbox { foldersLeftOut version } } }"""
JOURNAL = "{ journal { nodes { changes { field from to } } } }"


async def test_folders_are_left_out_over_the_api_and_the_journal_says_which(api: Api, by: System) -> None:
    owner = await signed_in(by)
    at = {"host": "mail.firm.test", "port": 993}
    asked = {"address": "box@firm.test", "secret": {"password": "x"}, "imap": at, "smtp": at | {"port": 465}}
    told = (await api.ask(CONNECT, {"input": asked | {"foldersLeftOut": ["A", "A/B"]}}, as_=owner))["connectMailbox"]
    assert told["mailbox"] == {
        "id": told["mailbox"]["id"],
        "foldersLeftOut": ["A", "A/B"],
        "health": {"folders": []},
    }
    change = {"id": told["mailbox"]["id"], "foldersLeftOut": ["C"]}
    told = (await api.ask(UPDATE, {"input": change}, as_=owner))["updateMailbox"]
    assert told["mailbox"] == {"foldersLeftOut": ["C"], "version": 2}
    assert (await api.ask(UPDATE, {"input": change}, as_=owner))["updateMailbox"]["mailbox"]["version"] == 2
    newest = (await api.ask(JOURNAL, as_=owner))["journal"]["nodes"][0]
    assert newest["changes"] == [{"field": "foldersLeftOut", "from": "A, A/B", "to": "C"}]
    wrong = {"input": change | {"foldersLeftOut": ["C", "inbox"]}}
    told = (await api.ask(UPDATE, wrong, as_=owner))["updateMailbox"]
    assert told["errors"] == [{"code": "INVALID", "path": ["foldersLeftOut", "1"]}]
