"""The return mailbox at servers that do not tell the truth about their numbers: no report is passed over (R17)."""

from dataclasses import replace

import pytest

from mail.sync import Tools
from tests.support.emails.synced_mailbox import letter
from tests.support.firm.factories import a_firm, a_member
from tests.support.letters.reports import a_report
from tests.support.letters.returned import is_bounced, looked, sent, told
from tests.support.servers.imap import ARRIVED, ImapServer, Wording

pytestmark = pytest.mark.usefixtures("store")
TOO_LOW = tuple(line.replace(b"{next}", b"{low}") for line in Wording().examine)


async def test_a_report_beyond_the_number_that_is_told_to_come_next_is_read(server: ImapServer, tools: Tools) -> None:
    ((first, raw), (second, another)) = await sent(await a_firm(), "anna@client.test", "bea@client.test")
    server.wording, server.inbox.uidnext = replace(server.wording, examine=TOO_LOW), 60
    server.inbox.append(a_report(raw), ARRIVED)
    await looked(server, tools.parsers)
    assert await is_bounced(first)
    server.inbox.append(a_report(another), ARRIVED)
    await looked(server, tools.parsers)
    assert await is_bounced(second)


async def test_a_server_set_back_to_an_earlier_state_gives_numbers_twice_and_hides_no_report(
    server: ImapServer, tools: Tools
) -> None:
    by = await a_firm()
    await a_member(by)
    ((first, raw), (second, another)) = await sent(by, "anna@client.test", "bea@client.test")
    server.inbox.append(a_report(raw), ARRIVED)
    server.inbox.append(letter(), ARRIVED)
    server.inbox.append(letter(), ARRIVED)
    await looked(server, tools.parsers)
    server.inbox.messages, server.inbox.uidnext = server.inbox.messages[:1], 2
    server.inbox.append(a_report(another), ARRIVED)
    await looked(server, tools.parsers)
    assert await is_bounced(first)
    assert await is_bounced(second)
    assert await told() == 2
