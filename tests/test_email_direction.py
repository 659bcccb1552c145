"""Which way an e-mail went (R18), where it stands in lists (R21), and for whom it was written (R18)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mail.sync import Tools
from models import email, mailbox, team
from models.email import EmailDirection, EmailFilter, Message
from models.ground import store
from models.ground.page import Window
from models.participant import Participant, Role
from models.viewer import System, TeamRole
from tests.support.emails.received import CAME, a_message, a_synced_firm, received
from tests.support.emails.synced_mailbox import connected, letter, notifications, synced
from tests.support.firm.cast import MARTA, STUDIO
from tests.support.firm.factories import a_contact, a_member, an_account
from tests.support.servers.imap import ARRIVED, ImapServer

pytestmark = pytest.mark.usefixtures("store")
IN, OUT = EmailDirection.INCOMING, EmailDirection.OUTGOING


async def directions(by: System) -> dict[str, EmailDirection]:
    rows = await store.rows("SELECT subject, direction FROM email WHERE firm_id = $1", by.firm_id)
    return {row["subject"]: row["direction"] for row in rows}


async def test_what_lies_in_sent_or_comes_from_an_address_of_the_firm_is_outgoing(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    inbox, sent = server.folders
    sent.append(letter("alias@firm.test", [MARTA], subject="from an alias, in Sent"))
    inbox.append(letter("alias@firm.test", [MARTA], subject="from an alias, elsewhere"))
    inbox.append(letter("studio+vat@firm.test", [MARTA], subject="with a detail"))
    inbox.append(letter(STUDIO, [MARTA], subject="from the mailbox"))
    inbox.append(letter("studio-vat@firm.test", [MARTA], subject="from somebody else"))
    inbox.append(letter(MARTA, subject="from the client"))
    await synced(await connected(by, server.server, address=STUDIO), tools)
    assert await directions(by) == {
        "from an alias, in Sent": OUT,
        "from an alias, elsewhere": IN,
        "with a detail": OUT,
        "from the mailbox": OUT,
        "from somebody else": IN,
        "from the client": IN,
    }


async def test_a_copy_in_sent_says_that_it_was_sent_also_where_a_colleague_had_it_first(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    copy = letter("alias@firm.test", [MARTA], subject="to a client")
    filed = letter(MARTA, subject="a client's, filed among the sent ones")
    server.inbox.append(copy)
    server.inbox.append(filed)
    box = await connected(by, server.server, address=STUDIO)
    await synced(box, tools)
    assert set((await directions(by)).values()) == {IN}
    server.folders[1].append(copy)
    server.folders[1].append(filed)
    await synced(box, tools)
    assert await directions(by) == {"to a client": OUT, "a client's, filed among the sent ones": IN}


async def test_what_a_colleague_sent_stays_outgoing_after_they_left_and_what_comes_later_does_not() -> None:
    by, owner, box = await a_synced_firm()
    colleague = await a_member(by)
    address = await store.value("SELECT email FROM team_member WHERE id = $1", colleague.member_id)
    await received(by, box, to_client(address, 1))
    await team.remove(owner, colleague.member_id)
    await received(by, box, to_client(address, 2))
    left = await store.value("SELECT until FROM former_address WHERE firm_id = $1", by.firm_id)
    await received(by, box, replace(to_client(address, 3), received_at=left + timedelta(seconds=1)))
    assert await directions(by) == {"VAT return 1": OUT, "VAT return 2": OUT, "VAT return 3": IN}


async def test_whoever_was_only_invited_was_never_ours() -> None:
    """A client's address, typed by mistake."""
    by, owner, box = await a_synced_firm()
    invited = (await team.invite(owner, name="Carla", email="carla@client.test", role=TeamRole.EMPLOYEE)).ids[0]
    await team.remove(owner, invited)
    await received(by, box, to_client("carla@client.test", 1))
    assert await directions(by) == {"VAT return 1": IN}


async def test_what_a_disconnected_mailbox_sent_stays_outgoing(server: ImapServer, by: System, tools: Tools) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    server.inbox.append(letter(STUDIO, [MARTA], subject="found later"))
    owner = await a_member(by)
    first = await connected(by, server.server, address=STUDIO)
    server.inbox.messages, kept = [], server.inbox.messages
    await synced(first, tools)
    await mailbox.disconnect(owner, first)
    server.inbox.messages = kept
    await synced(await connected(by, server.server, address="second@firm.test"), tools)
    assert await directions(by) == {"found later": OUT}


def to_client(sender: str, number: int) -> Message:
    people = (Participant(Role.FROM, None, sender), Participant(Role.TO, None, "anna@client.test"))
    return replace(a_message(number), participants=people)


@pytest.mark.parametrize(
    ("date", "arrival", "believed"),
    [
        (CAME + timedelta(hours=23), True, True),
        (CAME + timedelta(hours=25), True, False),
        (CAME.replace(year=2096), False, False),
        (CAME - timedelta(days=29), True, True),
        (CAME - timedelta(days=31), True, False),
        (CAME.replace(year=2018), False, True),
    ],
)
async def test_a_date_that_cannot_be_believed_is_shown_and_not_sorted_by(
    date: datetime, arrival: bool, believed: bool
) -> None:
    by, owner, box = await a_synced_firm()
    await received(by, box, replace(a_message(0), sent_at=CAME, received_at=CAME))
    odd = replace(a_message(1), sent_at=date, received_at=CAME + timedelta(minutes=1))
    await received(by, box, odd, arrival=arrival)
    account = await store.value("SELECT account_id FROM email_account LIMIT 1")
    for wanted in (EmailFilter(), EmailFilter(account_id=account)):
        page = await email.page(owner, wanted, Window(size=10))
        assert {view.subject: view.sent_at for view in page.rows}["VAT return 1"] == date
        newest_first = sorted([CAME, date if believed else odd.received_at], reverse=True)
        shown = [odd.received_at if view.sent_at == date and not believed else view.sent_at for view in page.rows]
        assert shown == newest_first


async def test_where_the_server_tells_no_date_the_letters_own_stands_for_it(
    server: ImapServer, by: System, tools: Tools
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    server.inbox.append(letter(subject="with a date"), datetime(1970, 1, 1, tzinfo=ARRIVED.tzinfo))
    await synced(await connected(by, server.server), tools)
    (row,) = await store.rows("SELECT sent_at, received_at FROM email")
    assert row["received_at"] == row["sent_at"] == ARRIVED


async def test_who_is_to_be_answered_counts_as_the_sender_where_from_is_no_client() -> None:
    """A form or a scanner writes on behalf of the client."""
    by, _, box = await a_synced_firm()
    await a_member(by)
    await a_contact(by, "known@client.test")
    for number, sender in enumerate(("scanner@office.test", "known@client.test", "anna@client.test")):
        people = (
            Participant(Role.FROM, None, sender),
            Participant(Role.REPLY_TO, "Anna", "anna@client.test"),
            Participant(Role.TO, None, STUDIO),
        )
        await received(by, box, replace(a_message(number), participants=people), arrival=True)
    texts = [text for text, _ in await notifications(by)]
    assert any("VAT return 0" in text and "Anna" in text for text in texts)
    assert not any("VAT return 1" in text for text in texts)
    assert any("VAT return 2" in text for text in texts)
