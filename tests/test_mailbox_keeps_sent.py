"""Whether a mailbox's server keeps copies of what is sent by itself: said by somebody, or found out."""

from dataclasses import replace
from uuid import UUID

import pytest

from models import mailbox
from models.ground import store
from models.mailbox import MailboxChange, MailServer, update
from models.viewer import System, Viewer
from tests.support.api.client import Api
from tests.support.emails.synced_mailbox import connected, row_of
from tests.support.firm.factories import a_member, signed_in

pytestmark = pytest.mark.usefixtures("store")

CONNECT = """mutation($input: ConnectMailboxInput!) { connectMailbox(input: $input) {
  errors { code path } mailbox { id keepsSent } } }"""
UPDATE = """mutation($input: UpdateMailboxInput!) { updateMailbox(input: $input) {
  errors { code path } mailbox { keepsSent version } } }"""
JOURNAL = "{ journal { nodes { changes { field from to } } } }"


async def test_it_is_said_and_taken_back_over_the_api_and_the_journal_says_so(api: Api, by: System) -> None:
    owner = await signed_in(by)
    at = {"host": "mail.firm.test", "port": 993}
    asked = {"address": "box@firm.test", "secret": {"password": "x"}, "imap": at, "smtp": at | {"port": 465}}
    told = (await api.ask(CONNECT, {"input": asked | {"keepsSent": True}}, as_=owner))["connectMailbox"]["mailbox"]
    assert told == {"id": told["id"], "keepsSent": True}
    steps = {1: (True, 1), 2: (False, 2), 3: (None, 3)}
    for version, (said, after) in steps.items():
        change = {"id": told["id"], "keepsSent": said, "expectedVersion": max(version - 1, 1)}
        now = (await api.ask(UPDATE, {"input": change}, as_=owner))["updateMailbox"]["mailbox"]
        assert now == {"keepsSent": said, "version": after}
    now = (await api.ask(UPDATE, {"input": {"id": told["id"], "username": "x"}}, as_=owner))["updateMailbox"]
    assert (now["errors"], now["mailbox"]) == ([{"code": "INVALID", "path": ["secret"]}], None)
    entries = (await api.ask(JOURNAL, as_=owner))["journal"]["nodes"][:2]
    assert [entry["changes"] for entry in entries] == [
        [{"field": "keepsSent", "from": "false", "to": None}],
        [{"field": "keepsSent", "from": "true", "to": "false"}],
    ]


async def test_who_says_nothing_leaves_it_to_be_found_out(api: Api, by: System) -> None:
    owner = await signed_in(by)
    at = {"host": "mail.firm.test", "port": 993}
    asked = {"address": "box@firm.test", "secret": {"password": "x"}, "imap": at, "smtp": at | {"port": 465}}
    told = (await api.ask(CONNECT, {"input": asked}, as_=owner))["connectMailbox"]["mailbox"]
    assert told["keepsSent"] is None


@pytest.fixture
async def found_out(by: System) -> UUID:
    box = await connected(by, MailServer("imap.x.test", 993), smtp=MailServer("smtp.x.test", 465))
    await store.execute("UPDATE mailbox SET found_keeps_sent = true WHERE id = $1", box)
    return box


@pytest.fixture
async def owner(by: System) -> Viewer:
    return await a_member(by)


@pytest.mark.parametrize("server", ["imap", "smtp"])
async def test_what_was_found_out_is_forgotten_where_the_mailbox_moves_to_another_server(
    owner: Viewer, found_out: UUID, server: str
) -> None:
    (view,) = await mailbox.of_firm(owner)
    await update(owner, found_out, MailboxChange(secret="new", keeps_sent=False))
    assert (await row_of(found_out))["found_keeps_sent"] is True
    elsewhere = replace(getattr(view, server), host="mail.elsewhere.test")
    change = MailboxChange(secret="new", **{server: elsewhere})
    await update(owner, found_out, change)
    row = await row_of(found_out)
    assert (row["found_keeps_sent"], row["keeps_sent"]) == (None, False)
    assert view.keeps_sent is None
