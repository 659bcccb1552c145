"""One bad message is set aside with its source and never holds up the others."""

import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from mail.parse import ParsedEmail, Unreadable, parse
from mail.parsing import ParserPool
from mail.sync import Tools, sync_once
from models.ground import store
from models.mailbox.backlog import MOST_CUTS
from models.viewer import System
from tests.support.emails.samples import real_messages, switch_on_everybody
from tests.support.emails.synced_mailbox import (
    connected,
    ledger_equals_server,
    ledger_of,
    letter,
    past,
    source_of,
    states,
    synced,
)
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_account
from tests.support.servers.imap import ImapServer

pytestmark = pytest.mark.usefixtures("store")

ENDLESS = letter(subject="endless").replace(b"Subject:", b"X-Long: " + b"x" * 300_000 + b"\r\nSubject:")


async def test_a_message_that_cannot_be_read_is_kept_aside_with_its_source(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="1"), ENDLESS, letter(subject="2"))
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "QUARANTINED", "STORED"]
    row = (await ledger_of("INBOX", mailbox_id))[1]
    assert row["reason"] == "A header block is larger than 256 kB."
    assert row["raw_file"]
    await ledger_equals_server(server, mailbox_id)


def _killing(raw: bytes) -> ParsedEmail:
    if b"kill" in raw:
        os.kill(os.getpid(), 9)
    return replace(parse(raw), subject="\0") if b"poison" in raw else parse(raw)


async def test_a_message_that_kills_its_parser_or_that_the_database_refuses_is_set_aside_alone(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, *(letter(text=text) for text in ("1", "kill", "2", "poison", "3", "4", "5")))
    mailbox_id = await connected(by, server.server)
    async with ParserPool(workers=1, reading=_killing) as parsers:
        await synced(mailbox_id, replace(tools, parsers=parsers))
    assert await states(mailbox_id) == [
        *("STORED", "QUARANTINED", "STORED", "QUARANTINED", "STORED", "STORED", "STORED")
    ]
    poison = (await ledger_of("INBOX", mailbox_id))[3]
    assert poison["reason"] == "The message holds something that the database does not take."
    await ledger_equals_server(server, mailbox_id)


async def test_a_header_that_is_refused_for_a_while_is_asked_for_again(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="1"), letter(subject="2"))
    server.refused_uids.add(2)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "UNREADABLE"]
    await ledger_equals_server(server, mailbox_id)
    server.refused_uids.clear()
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "STORED"]
    await ledger_equals_server(server, mailbox_id)


async def test_a_header_that_is_always_refused_is_given_up(server: ImapServer, by: System, tools: Tools) -> None:
    past(server.inbox, letter())
    server.refused_uids.add(1)
    mailbox_id = await connected(by, server.server)
    for _ in range(3):
        await synced(mailbox_id, tools)
    server.commands.clear()
    await synced(mailbox_id, tools)
    assert not any("FETCH" in command for command in server.commands)
    assert await states(mailbox_id) == ["UNREADABLE"]


async def test_a_header_over_which_the_line_breaks_holds_up_nobody_and_is_given_up_at_last(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="1"), letter(subject="2"), letter(subject="3"))
    server.on_fetch = _breaking_over(2)
    mailbox_id = await connected(by, server.server)
    for _ in range(3):
        assert not await sync_once(mailbox_id, tools)
    server.inbox.append(letter(subject="4"))
    assert not await sync_once(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "UNREADABLE", "STORED", "STORED"]
    for _ in range(MOST_CUTS - 4):
        assert not await sync_once(mailbox_id, tools)
    await synced(mailbox_id, tools)
    await ledger_equals_server(server, mailbox_id)


async def test_headers_that_came_with_a_broken_line_are_read_when_it_is_whole(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="1"), letter(subject="2"))
    server.say["UID FETCH"] = b"* 1 FETCH (((\r\n{tag} OK done\r\n"
    mailbox_id = await connected(by, server.server)
    assert not await sync_once(mailbox_id, tools)
    assert await states(mailbox_id) == ["UNREADABLE", "UNREADABLE"]
    server.say.clear()
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "STORED"]
    await ledger_equals_server(server, mailbox_id)


async def test_a_delivery_report_over_which_the_line_breaks_holds_up_nobody(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    server.inbox.append(letter(subject="report").replace(b"text/plain", b"multipart/report"))
    server.inbox.append(letter(subject="2"))
    server.on_fetch = _breaking_over(1, "BODY.PEEK[])", server)
    for _ in range(4):
        assert not await sync_once(mailbox_id, tools)
    assert await states(mailbox_id) == ["UNREADABLE", "STORED"]


async def test_a_body_over_which_the_line_always_breaks_is_set_aside_at_last(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="1"), letter(subject="2"))
    server.on_fetch = _breaking_over(2, "BODY.PEEK[])", server)
    mailbox_id = await connected(by, server.server)
    for _ in range(MOST_CUTS):
        assert not await sync_once(mailbox_id, tools)
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["STORED", "QUARANTINED"]
    await ledger_equals_server(server, mailbox_id)


def _breaking_over(wanted: int, command: str = "", server: ImapServer | None = None) -> Callable[[int], None]:
    def on_fetch(uid: int) -> None:
        if uid == wanted and (server is None or server.commands[-1].endswith(command)):
            raise ConnectionError

    return on_fetch


async def test_a_body_that_the_server_never_hands_out_is_set_aside_after_three_passes(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, letter(subject="1"), letter(subject="2"))
    server.on_fetch = lambda uid: server.refused_uids.add(1)
    mailbox_id = await connected(by, server.server)
    for state in ("PENDING", "PENDING", "QUARANTINED"):
        await synced(mailbox_id, tools)
        assert await states(mailbox_id) == [state, "STORED"]
    row = (await ledger_of("INBOX", mailbox_id))[0]
    assert row["reason"].startswith("The mail server refused the message")
    await ledger_equals_server(server, mailbox_id)


async def test_a_message_beyond_the_limit_is_explained_and_not_fetched(
    server: ImapServer, by: System, tools: Tools
) -> None:
    account = await an_account(by, address=MARTA)
    past(server.inbox, letter())
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    await store.execute("UPDATE occurrence SET size = 60 * 1024 * 1024, state = 'PENDING', skip_reason = NULL")
    await store.execute("UPDATE toggles SET email_sync = true WHERE account_id = $1", account.id)
    await synced(mailbox_id, tools)
    assert await states(mailbox_id) == ["TOO_LARGE"]


async def test_every_real_message_goes_in_or_says_why(server: ImapServer, by: System, tools: Tools) -> None:
    """Many are broken on purpose. Each of their addresses has Email sync on. None takes longer than it may."""
    messages = real_messages()
    if not messages:
        pytest.skip("there is no folder of real messages here; MESSAGES_DIR names one")
    await switch_on_everybody(by, messages)
    for raw in messages:
        server.inbox.append(raw)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    await ledger_equals_server(server, mailbox_id)
    became = await states(mailbox_id)
    assert set(became) <= {"STORED", "QUARANTINED", "UNREADABLE", "NOT_SWITCHED_ON"}
    assert became.count("STORED") > len(messages) * 0.8
    for row, raw in zip(await ledger_of("INBOX", mailbox_id), messages, strict=True):
        assert row["state"] != "STORED" or await source_of(by.firm_id, row["email_id"])
        assert row["state"] == "STORED" or row["skip_reason"] == "NOT_SWITCHED_ON" or _why(raw)
        assert row["state"] != "QUARANTINED" or (row["reason"] and row["raw_file"])
        assert "seconds" not in (row["reason"] or "")


def _why(raw: bytes) -> str:
    try:
        return "" if parse(raw).participants else "nobody"
    except Unreadable as error:
        return error.reason
