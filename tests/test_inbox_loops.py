"""Machines that answer machines end nowhere (R38): real mail servers, simulated minutes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mail.sync import Tools
from models.ground import store
from models.inbox_mail import write_digests, write_entries
from models.notification import NotificationKind
from models.viewer import System, Viewer
from tests.support.emails.synced_mailbox import connected, letter, synced
from tests.support.firm.cast import CHIARA, MARTA, STUDIO
from tests.support.firm.factories import a_member, an_account, invited
from tests.support.firm.inbox import DIGEST, EMAIL, INBOX, at, chosen
from tests.support.letters.outbox import opened, sent_all, text_of
from tests.support.letters.reports import a_report
from tests.support.servers.imap import ARRIVED, ImapServer
from tests.support.servers.smtp import SmtpSink, Taken

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def answered(taken: Taken, **headers: str) -> bytes:
    """By a machine, to where answers go."""
    received = opened(taken.raw)
    answer: dict[str, Any] = {"In_Reply_To": str(received["Message-ID"]), **headers}
    return letter(taken.to[0], subject=f"Away: {received['Subject']}", text="I am away.", **answer)


ANSWERS: dict[str, Callable[[Taken], bytes]] = {
    "RFC 3834": lambda taken: answered(taken, Auto_Submitted="auto-replied"),
    "Precedence": lambda taken: answered(taken, Precedence="bulk"),
    "Exchange": lambda taken: answered(taken, X_Auto_Response_Suppress="All"),
    "X-Autoreply": lambda taken: answered(taken, X_Autoreply="yes"),
    "no return path": lambda taken: answered(taken, Return_Path="<>"),
    "a report": lambda taken: a_report(taken.raw).replace(b"MAILER-DAEMON@mx.test", taken.to[0].encode()),
    "a report on another's": lambda taken: a_report(b"Subject: Hello\r\n\r\n").replace(
        b"MAILER-DAEMON@mx.test", taken.to[0].encode()
    ),
    "our letter come back": lambda taken: taken.raw,
    "our letter sent on": lambda taken: taken.raw.replace(b"portal@switchboard.test", taken.to[0].encode()),
    "no word of it": answered,
}


@pytest.fixture
async def colleague(by: System) -> Viewer:
    at(NOON)
    member = await a_member(by, email=CHIARA)
    await chosen(member, INBOX, EMAIL, kinds=list(NotificationKind))
    return member


async def written() -> int:
    return int(await store.value("SELECT count(*) FROM letter"))


@pytest.mark.parametrize("answer", ANSWERS)
async def test_a_client_and_a_colleague_whose_mailboxes_answer_everything(
    server: ImapServer, by: System, tools: Tools, colleague: Viewer, answer: str
) -> None:
    """
    After ten minutes no letter moves. The client gets its invitation; the colleague hears of what a person wrote, and
    where the invitation came back, of that. An answer that nobody can tell from a person's is told as one, once.
    """
    made = await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    moved: list[int] = []

    async def answers(taken: Taken) -> None:
        server.inbox.append(ANSWERS[answer](taken), ARRIVED)

    async with SmtpSink(answered=answers) as sink:
        await invited(by, made.id, made.address)
        server.inbox.append(letter(), ARRIVED)
        for minute in range(11):
            at(NOON + timedelta(minutes=minute))
            stood = len(sink.letters)
            await synced(mailbox_id, tools)
            await write_entries()
            await sent_all(sink.server)
            moved.append(len(sink.letters) - stood)
        to = sorted(taken.to[0] for taken in sink.letters)
    assert to == [CHIARA] * (2 if answer in {"a report", "no word of it"} else 1) + [MARTA], moved
    assert moved[3:] == [0] * 8
    assert await written() == len(to)


@pytest.mark.parametrize("answer", [name for name in ANSWERS if name != "no word of it"])
async def test_what_is_automatic_makes_no_digest_either(
    server: ImapServer, by: System, tools: Tools, colleague: Viewer, answer: str
) -> None:
    await chosen(colleague, INBOX, DIGEST)
    made = await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    async with SmtpSink() as sink:
        await invited(by, made.id, made.address)
        await sent_all(sink.server)
    server.inbox.append(ANSWERS[answer](sink.letters[0]), ARRIVED)
    await synced(mailbox_id, tools)
    at(NOON + timedelta(days=1))
    assert await write_digests() == 0


async def test_a_thread_of_three_messages_is_one_letter_and_it_says_what_came(
    server: ImapServer, by: System, tools: Tools, colleague: Viewer
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    async with SmtpSink() as sink:
        for n, references in enumerate(("", "<0@client.test>", "<0@client.test> <1@client.test>")):
            headers: dict[str, Any] = {"References": references} if references else {}
            server.inbox.append(letter(message_id=f"{n}@client.test", subject='The "glass" <b>', **headers), ARRIVED)
            await synced(mailbox_id, tools)
            await write_entries()
            await sent_all(sink.server)
    (only,) = sink.letters
    assert only.to == (CHIARA,)
    assert f'{MARTA}: The "glass" <b>' in text_of(only.raw)
    assert "The &#34;glass&#34; &lt;b&gt;" in text_of(only.raw, "html")
    received = opened(only.raw)
    assert (received["Auto-Submitted"], received["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert await store.value("SELECT count FROM notification WHERE member_id = $1", colleague.member_id) == 3


async def test_a_colleagues_letter_that_comes_back_is_told_in_inbox_alone(
    server: ImapServer, by: System, tools: Tools, colleague: Viewer
) -> None:
    await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    server.inbox.append(letter(), ARRIVED)
    await synced(mailbox_id, tools)
    async with SmtpSink(answers={f"RCPT {CHIARA}": "550 5.1.1 nobody here"}) as sink:
        for minute in range(11):
            at(NOON + timedelta(minutes=minute))
            await write_entries()
            await sent_all(sink.server)
    told = await store.rows("SELECT kind, archived FROM notification ORDER BY position")
    assert [(row["kind"], row["archived"]) for row in told] == [("EMAIL_RECEIVED", False), ("LETTER_BOUNCED", False)]
    assert await store.value("SELECT array_agg(state) FROM letter") == ["REFUSED"]
    assert STUDIO not in {taken.to[0] for taken in sink.letters}
