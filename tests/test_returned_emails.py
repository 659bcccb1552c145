"""What comes back about a regular e-mail: whoever wrote it hears of each recipient once, and of nothing else (R17)."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from graph.ids import Kind, global_id
from mail.parse.report import read_report
from mail.returns.settling import settle
from mail.sync import Tools
from models import journal
from models.ground import clock, store
from models.journal import FeedKind
from models.viewer import System, Viewer
from tests.support.api.client import Api
from tests.support.emails.sent_from_here import as_it_left, sent_here
from tests.support.emails.submissions import way_of
from tests.support.emails.synced_mailbox import NOBODY, connected, letter, states, synced
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import a_firm, a_member, an_account, signed_in
from tests.support.letters.reports import a_complaint, a_report, an_answer
from tests.support.servers.imap import ARRIVED, ImapServer

pytestmark = pytest.mark.usefixtures("store")
CARL = "carl@client.test"
BACK = "A mail server on the way sent it back"


@pytest.fixture
async def box(by: System, writer: Viewer) -> UUID:
    return await connected(by, NOBODY)


async def settled(raw: bytes, *, firm_id: UUID | None = None) -> bool:
    report = read_report(raw)
    return report is not None and await settle(report, firm_id=firm_id)


def about(raw: bytes, whom: str = MARTA, **more: Any) -> bytes:
    return a_report(raw, about=whom, **more)


async def outcome(email_id: UUID) -> tuple[str, str | None]:
    row = await way_of(email_id)
    return row["state"], row["error"]


async def told() -> list[tuple[UUID, str, int]]:
    rows = await store.rows("SELECT member_id, text, count FROM notification WHERE kind = 'LETTER_BOUNCED' ORDER BY 1")
    return [tuple(row) for row in rows]


async def suppressed() -> list[str]:
    return [row["key"] for row in await store.rows("SELECT key FROM email_address WHERE suppressed_at IS NOT NULL")]


async def test_what_comes_back_is_told_to_whoever_wrote_it_with_whom_and_why(writer: Viewer, box: UUID) -> None:
    colleague = await a_member(writer)
    email_id = await sent_here(writer, box)
    stood = await journal.head(writer.firm_id)
    await settled(about(await as_it_left(email_id), diagnostic="550 5.1.1 No such user, see https://mx.test/why"))
    why = f"It did not reach {MARTA}. {BACK} (5.1.1): 550 5.1.1 No such user, see …."
    assert await outcome(email_id) == ("BOUNCED", why)
    assert await told() == [(writer.member_id, f"The e-mail “The offer” came back. {why}", 1)]
    assert colleague.member_id != writer.member_id
    assert await suppressed() == [MARTA]
    moved = [entry.subject_id for batch in await journal.since(writer.firm_id, stood) for entry in batch.entries
             if entry.kind == FeedKind.EMAIL_MOVED]  # fmt: skip
    assert moved == [email_id]


async def test_the_entry_leads_to_the_e_mail(api: Api, by: System) -> None:
    member = await signed_in(by)
    email_id = await sent_here(member.viewer, await connected(by, NOBODY))
    await settled(about(await as_it_left(email_id)))
    ask = "{ inbox(first: 1) { nodes { kind subject { __typename ... on Email { id letterState } } } } }"
    (entry,) = (await api.ask(ask, as_=member))["inbox"]["nodes"]
    subject = {"__typename": "Email", "id": global_id(Kind.EMAIL, email_id), "letterState": "BOUNCED"}
    assert entry == {"kind": "LETTER_BOUNCED", "subject": subject}


async def test_where_the_writer_is_gone_everybody_hears_of_it(writer: Viewer, box: UUID) -> None:
    colleague = await a_member(writer)
    email_id = await sent_here(writer, box)
    await store.execute("UPDATE team_member SET state = 'REMOVED' WHERE id = $1", writer.member_id)
    await settled(about(await as_it_left(email_id)))
    assert [member for member, _, _ in await told()] == [colleague.member_id]


async def test_the_same_report_is_told_once_and_one_on_another_recipient_too(writer: Viewer, box: UUID) -> None:
    email_id = await sent_here(writer, box, copies=[CARL])
    raw = await as_it_left(email_id)
    for whom in (MARTA, MARTA, CARL, MARTA, CARL):
        await settled(about(raw, whom))
    texts = [f"It did not reach {whom}. {BACK} (5.1.1)." for whom in (MARTA, CARL)]
    assert await outcome(email_id) == ("BOUNCED", " ".join(texts))
    ((_, text, count),) = await told()
    assert (text, count) == (f"The e-mail “The offer” came back. {texts[1]}", 2)


async def test_of_several_recipients_none_is_suppressed(writer: Viewer, box: UUID) -> None:
    """Each of them knows the e-mail's signed header, and could silence another."""
    email_id = await sent_here(writer, box, copies=[CARL])
    await settled(about(await as_it_left(email_id)))
    assert (await outcome(email_id))[0] == "BOUNCED"
    assert await suppressed() == []


@pytest.mark.parametrize("report", [{"status": "5.2.2"}, {"status": "5.7.1"}, {"whom": "marta@elsewhere.test"}])
async def test_what_says_nothing_against_the_address_suppresses_nobody(
    writer: Viewer, box: UUID, report: dict[str, str]
) -> None:
    email_id = await sent_here(writer, box)
    await settled(about(await as_it_left(email_id), **report))
    state, error = await outcome(email_id)
    assert (state, await suppressed()) == ("BOUNCED", [])
    assert error
    assert error.startswith(f"It did not reach {MARTA}. ")


async def test_it_suppresses_within_seven_days_only(writer: Viewer, box: UUID) -> None:
    email_id = await sent_here(writer, box)
    await store.execute("UPDATE submission SET settled_at = $1", clock.now() - timedelta(days=7, hours=1))
    await settled(about(await as_it_left(email_id)))
    assert ((await outcome(email_id))[0], await suppressed()) == ("BOUNCED", [])


async def changes_nothing(writer: Viewer, box: UUID, made: Any, *, firm_id: UUID | None = None, **more: Any) -> None:
    email_id = await sent_here(writer, box)
    raw = await as_it_left(email_id, **more)
    assert not await settled(made(raw), firm_id=firm_id)
    assert (await outcome(email_id), await told(), await suppressed()) == (("SENT", None), [], [])


QUOTED = (
    b"From: Marta <marta@client.test>\r\nReturn-Path: <>\r\nSubject: Re: undeliverable: user unknown, 550 5.1.1\r\n"
)


@pytest.mark.parametrize(
    "made",
    [
        lambda raw: about(raw, action="delayed", status="4.4.1"),
        lambda raw: about(raw, action="delivered", status="2.0.0"),
        lambda raw: an_answer(raw),
        lambda raw: a_complaint(raw),
        lambda raw: QUOTED + b"\r\nDelivery failed, you wrote:\r\n> " + raw.replace(b"\r\n", b"\r\n> "),
        lambda raw: QUOTED + raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\nDelivery failed: 550 5.1.1 user unknown\r\n",
        lambda raw: raw.partition(b"\r\n")[0] + b"\r\n" + about(raw),
    ],
    ids=["late", "delivered", "an answer", "unwanted", "quotes all of it", "copies its headers", "ours on top"],
)
async def test_what_is_no_report_that_it_failed_changes_nothing(writer: Viewer, box: UUID, made: Any) -> None:
    await changes_nothing(writer, box, made, firm_id=writer.firm_id)


async def test_a_signature_that_is_not_ours_ends_nothing(writer: Viewer, box: UUID) -> None:
    other = await sent_here(writer, box)
    forged = f"{other}.{'A' * 43}"
    await changes_nothing(writer, box, lambda raw: about(raw, return_path="<>"), firm_id=writer.firm_id, header=forged)
    assert (await outcome(other))[0] == "SENT"


def without_header(raw: bytes) -> bytes:
    return re.sub(rb"X-Switchboard-Email: .*\r\n", b"", raw)


async def test_by_its_message_id_it_counts_from_nowhere_in_a_mailbox_of_the_firm(writer: Viewer, box: UUID) -> None:
    email_id = await sent_here(writer, box)
    raw = without_header(await as_it_left(email_id))
    stranger = await a_firm("Harbour", "harbour")
    for report, firm_id in (
        (about(raw), writer.firm_id),
        (about(raw, return_path="<marta@client.test>"), writer.firm_id),
        (about(raw, return_path="<>"), stranger.firm_id),
        (about(raw, return_path="<>"), None),
    ):
        await settled(report, firm_id=firm_id)
        assert (await outcome(email_id))[0] == "SENT"
    await settled(about(raw, return_path="<>"), firm_id=writer.firm_id)
    assert (await outcome(email_id))[0] == "BOUNCED"


async def test_an_answer_that_comes_back_says_nothing_of_what_it_answers(writer: Viewer, box: UUID) -> None:
    """Its References name that, too."""
    first, second = await sent_here(writer, box), await sent_here(writer, box)
    before = (await way_of(first))["message_id"]
    raw = f"References: <{before}>\r\n".encode() + without_header(await as_it_left(second))
    await settled(about(raw, return_path="<>"), firm_id=writer.firm_id)
    assert [(await outcome(email_id))[0] for email_id in (first, second)] == ["SENT", "BOUNCED"]


@pytest.mark.parametrize(
    ("state", "then"), [("QUEUED", "BOUNCED"), ("UNCERTAIN", "BOUNCED"), ("CANCELLED", "CANCELLED")]
)
async def test_a_report_that_is_quicker_than_our_own_books_counts(
    writer: Viewer, box: UUID, state: str, then: str
) -> None:
    """The same bytes do not leave once more then."""
    email_id = await sent_here(writer, box, state=state)
    raw = await as_it_left(email_id)
    await settled(about(raw))
    row = await way_of(email_id)
    assert row["state"] == then
    assert bool(row["settled_at"]) == (then == "BOUNCED")


async def test_what_has_not_begun_to_leave_cannot_have_come_back(writer: Viewer, box: UUID) -> None:
    email_id = await sent_here(writer, box, state="QUEUED")
    await store.execute("UPDATE submission SET handed_over = 0")
    await settled(about(await as_it_left(email_id)))
    assert (await outcome(email_id), await told()) == (("QUEUED", None), [])


async def test_whom_the_mail_server_refused_at_once_stays_named(writer: Viewer, box: UUID) -> None:
    email_id = await sent_here(writer, box, copies=[CARL])
    await store.execute("UPDATE submission SET error = 'Carl was refused.'")
    await settled(about(await as_it_left(email_id)))
    assert await outcome(email_id) == ("BOUNCED", f"Carl was refused. It did not reach {MARTA}. {BACK} (5.1.1).")


async def test_a_hundred_recipients_that_all_fail_are_told_as_far_as_there_is_room(writer: Viewer, box: UUID) -> None:
    others = [f"person-{number}@client.test" for number in range(100)]
    email_id = await sent_here(writer, box, to=others)
    raw = await as_it_left(email_id)
    for whom in others + others[:5]:
        await settled(about(raw, whom, diagnostic="550 5.1.1 " + "nobody here " * 20))
    state, error = await outcome(email_id)
    assert (state, len(error or "")) == ("BOUNCED", 500)
    assert sum(count for _, _, count in await told()) <= 5


async def test_it_is_the_mailboxs_mail_and_stored_where_its_participants_are_asked_for(
    server: ImapServer, by: System, writer: Viewer, tools: Tools
) -> None:
    """The e-mail says itself that it came back: nobody needs the report of a machine in the client's thread."""
    await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, server.server)
    await synced(mailbox_id, tools)
    email_id = await sent_here(writer, mailbox_id)
    server.inbox.append(about(await as_it_left(email_id)), ARRIVED)
    server.inbox.append(letter(sender=MARTA), ARRIVED)
    await synced(mailbox_id, tools)
    assert (await outcome(email_id))[0] == "BOUNCED"
    assert await states(mailbox_id) == ["NOT_SWITCHED_ON", "STORED"]
