"""What is written here leaves through its mailbox's own server, and what happens to one mailbox happens to no other."""

from collections import Counter
from uuid import UUID

import pytest

from mail.sync import Tools
from models import journal, links, mailbox
from models.ground import store
from models.journal import FeedKind
from models.links import FileKind
from models.mailbox import MailboxChange
from models.viewer import Viewer
from tests.support.emails.sending_mailbox import (
    BEA,
    CARL,
    IN,
    a_box,
    a_sink,
    becomes,
    door_of,
    due_again,
    has_error,
    none_is_read,
    owner_who_writes,
    there,
)
from tests.support.emails.submissions import a_file, state_of, way_of, written
from tests.support.emails.sync_worker import idling, working
from tests.support.emails.synced_mailbox import NOBODY, eventually, row_of, source_of
from tests.support.firm.cast import MARTA, STUDIO
from tests.support.servers.imap import ImapServer
from tests.support.servers.smtp import DROP, SILENCE, SmtpSink, Taken

pytestmark = pytest.mark.usefixtures("store")
by = owner_who_writes


async def test_it_leaves_within_a_moment_and_everybody_who_follows_hears_of_it(
    server: ImapServer, by: Viewer, tools: Tools, sink: SmtpSink
) -> None:
    box = await a_box(by, sink, server.server)
    async with working(tools.parsers):
        await idling(server)
        head = await journal.head(by.firm_id)
        email_id = await written(by, box, copies=[CARL], attachments=[await a_file(by)])
        await becomes(email_id, "SENT")
    (taken,) = sink.letters
    assert (taken.sender, taken.to) == (STUDIO, (MARTA, CARL))
    assert taken.raw == await source_of(by.firm_id, email_id)
    assert await links.file_of(FileKind.SOURCE, by.firm_id, email_id) is not None
    row = await way_of(email_id)
    assert (row["error"], row["handed_over"], row["copy"]) == (None, 1, "WANTED")
    assert row["sent_at"]
    moved = [entry for batch in await journal.since(by.firm_id, head) for entry in batch.of(FeedKind.EMAIL_MOVED)]
    assert [entry.subject_id for entry in moved] == [email_id]
    assert "MAIL FROM:<studio@firm.test> SIZE=" in " ".join(sink.commands)


async def test_letters_leave_one_after_the_other_by_one_connection_that_ends_with_the_last(
    by: Viewer, tools: Tools, sink: SmtpSink
) -> None:
    box = await a_box(by, sink)
    ids = [await written(by, box, subject=str(n)) for n in range(4)]
    await none_is_read()
    async with working(tools.parsers):
        for each in ids:
            await becomes(each, "SENT")

        async def is_closed() -> bool:
            return sink.commands[-1] == "QUIT"

        await eventually(is_closed)
    assert sink.lines == 1
    assert [subject_of(taken) for taken in sink.letters] == ["0", "1", "2", "3"]


def subject_of(taken: Taken) -> str:
    return taken.raw.partition(b"\r\nSubject: ")[2].partition(b"\r\n")[0].decode()


async def test_a_server_that_takes_two_letters_a_line_gets_them_by_several(by: Viewer, tools: Tools) -> None:
    async with a_sink(most_per_line=2) as sink:
        box = await a_box(by, sink)
        ids = [await written(by, box) for _ in range(5)]
        async with working(tools.parsers):
            for each in ids:
                await becomes(each, "SENT")
        assert (len(sink.letters), sink.lines) == (5, 3)
    assert await door_of(by) == (None, None)


async def test_an_imap_server_that_says_nothing_or_is_away_bars_no_sending(
    server: ImapServer, by: Viewer, tools: Tools, sink: SmtpSink
) -> None:
    async with SmtpSink(greeting=SILENCE) as silent:
        for n, imap in enumerate([there(silent), NOBODY]):
            box = await a_box(by, sink, imap, f"box{n}@firm.test")
            async with working(tools.parsers):
                await becomes(await written(by, box), "SENT")


@pytest.mark.parametrize("state", ["PAUSED", "NEEDS_ATTENTION", "RETRYING"])
async def test_where_nothing_is_read_it_leaves_all_the_same_and_nothing_is_read_for_it(
    server: ImapServer, by: Viewer, tools: Tools, sink: SmtpSink, state: str
) -> None:
    box = await a_box(by, sink, server.server)
    query = "UPDATE mailbox SET state = $1, retry_at = now() + make_interval(hours => 1)"
    await store.execute(query, state)
    async with working(tools.parsers):
        await becomes(await written(by, box), "SENT")

        async def is_given_back() -> bool:
            return (await row_of(box))["lease_owner"] is None

        await eventually(is_given_back)
    assert server.commands == []
    assert (await row_of(box))["state"] == state


async def test_who_was_not_reached_is_told_and_the_others_have_it(by: Viewer, tools: Tools) -> None:
    async with a_sink(answers={f"RCPT {BEA}": "550 5.1.1 nobody here"}) as sink:
        box = await a_box(by, sink)
        async with working(tools.parsers):
            email_id = await written(by, box, to=[MARTA, BEA])
            await becomes(email_id, "SENT")
        assert sink.letters[0].to == (MARTA,)
    said = "It did not reach bea@client.test. The mail server refused the letter: 550 5.1.1 nobody here"
    assert (await way_of(email_id))["error"] == said


REFUSALS = {
    "the recipients": ({f"RCPT {MARTA}": "550 5.1.1 nobody here"}, "550 5.1.1 nobody here"),
    "its size": ({"MAIL": "552 5.3.4 too large"}, "552 5.3.4 too large"),
    "the whole": ({}, "554 5.7.1 looks bad"),
}


@pytest.mark.parametrize(("answers", "why"), REFUSALS.values(), ids=REFUSALS)
async def test_refused_for_good_it_says_why_and_the_next_one_leaves(
    by: Viewer, tools: Tools, answers: dict[str, str], why: str
) -> None:
    async with a_sink(answers=answers, after_data="250 2.0.0 taken" if answers else why) as sink:
        box = await a_box(by, sink)
        async with working(tools.parsers):
            email_id = await written(by, box)
            await becomes(email_id, "REFUSED")
            sink.answers, sink.after_data = dict(IN), "250 2.0.0 taken"
            await becomes(await written(by, box), "SENT")
    assert (await way_of(email_id))["error"] == f"The mail server refused the letter: {why}"
    assert await door_of(by) == (None, None)


SHUT = {
    "refuses the password": ({"AUTH": "535 5.7.8 no"}, "MAILBOX_SECRET_REFUSED"),
    "is away": ({"EHLO": DROP, "HELO": DROP}, "MAILBOX_UNREACHABLE"),
    "is full": ({"MAIL": "452 4.3.1 no room"}, "MAILBOX_UNREACHABLE"),
    "wants no more for now": ({"DATA": "451 4.7.0 too many"}, "MAILBOX_UNREACHABLE"),
    "does not know us": ({"RCPT": "550 5.7.1 relay denied"}, "MAILBOX_UNREACHABLE"),
}


@pytest.mark.parametrize(("answers", "code"), SHUT.values(), ids=SHUT)
async def test_a_server_that_takes_nothing_is_told_in_the_mailbox_left_alone_and_tried_again(
    server: ImapServer, by: Viewer, tools: Tools, answers: dict[str, str], code: str
) -> None:
    async with a_sink() as sink:
        box = await a_box(by, sink, server.server)
        async with working(tools.parsers):
            await eventually(lambda: is_open(box))
            sink.answers |= answers
            ids = [await written(by, box) for _ in range(3)]

            async def is_told() -> bool:
                return await door_of(by) == (code, "smtp.host")

            await eventually(is_told)
            lines = sink.lines
            ids.append(await written(by, box))
            await reads_on(server, box)
            assert sink.lines == lines, "whoever writes more does not make us knock more often"
            assert [await state_of(each) for each in ids] == ["QUEUED"] * 4
            assert (await way_of(ids[0]))["error"]
            sink.answers = dict(IN)
            await store.execute("UPDATE mailbox SET smtp_retry_at = now()")
            await due_again()
            for each in ids:
                await becomes(each, "SENT")
    assert await door_of(by) == (None, None)
    assert len(sink.letters) == 4


async def is_open(box: UUID) -> bool:
    return bool((await row_of(box))["smtp_open_at"] == 1)


async def reads_on(server: ImapServer, box: UUID) -> None:
    """The worker has looked at its mailboxes meanwhile, more than once."""
    for _ in range(2):
        asks = await store.value("UPDATE mailbox SET asks = asks + 1 WHERE id = $1 RETURNING asks", box)
        before = server.commands.count("IDLE")
        assert asks

        async def has_looked(before: int = before) -> bool:
            return server.commands.count("IDLE") > before

        await eventually(has_looked)


async def test_a_wrong_password_is_told_in_words_and_mended_it_leaves_at_once(
    server: ImapServer, by: Viewer, tools: Tools
) -> None:
    async with a_sink(answers={"AUTH": "535 5.7.8 no"}) as sink:
        box = await a_box(by, sink, server.server)
        async with working(tools.parsers):
            email_id = await written(by, box)

            async def is_told() -> bool:
                (view,) = await mailbox.of_firm(by)
                return view.fault is not None and view.fault.code == "MAILBOX_SECRET_REFUSED"

            await eventually(is_told)
            assert await state_of(email_id) == "QUEUED"
            sink.answers = dict(IN)
            await mailbox.update(by, box, MailboxChange(secret="secret"))
            await becomes(email_id, "SENT")

            async def is_well() -> bool:
                (view,) = await mailbox.of_firm(by)
                return view.fault is None

            await eventually(is_well)


async def test_after_a_day_in_vain_it_is_given_up(by: Viewer, tools: Tools) -> None:
    async with a_sink(answers={"AUTH": "535 5.7.8 no"}) as sink:
        box = await a_box(by, sink)
        email_id = await written(by, box)
        await store.execute("UPDATE submission SET failing_since = now() - make_interval(hours => 25)")
        async with working(tools.parsers):
            await becomes(email_id, "REFUSED")
    said = "Given up after 24 hours. The mail server refused the name or the password (535)."
    assert (await way_of(email_id))["error"] == said


async def test_recipients_that_are_taken_later_bar_nobody_elses_letters(by: Viewer, tools: Tools) -> None:
    async with a_sink(answers={f"RCPT {BEA}": "450 4.2.0 greylisted"}) as sink:
        box = await a_box(by, sink)
        async with working(tools.parsers):
            later, other = await written(by, box, to=[BEA]), await written(by, box)
            await becomes(other, "SENT")
            await eventually(lambda: has_error(later))
            assert await state_of(later) == "QUEUED"
            sink.answers = dict(IN)
            await due_again()
            await becomes(later, "SENT")
    assert await door_of(by) == (None, None)


async def test_while_one_mailboxs_server_says_nothing_a_hundred_leave_from_the_others(
    by: Viewer, tools: Tools, sink: SmtpSink
) -> None:
    async with a_sink(greeting=SILENCE) as silent:
        boxes = [await a_box(by, sink, address=f"box{n}@firm.test") for n in range(4)]
        barred = await a_box(by, silent, address="barred@firm.test")
        waiting = [await written(by, barred, address="barred@firm.test") for _ in range(20)]
        ids = [await written(by, each, address=f"box{n}@firm.test") for _ in range(20) for n, each in enumerate(boxes)]
        await none_is_read()
        async with working(tools.parsers):

            async def all_sent() -> bool:
                return not await store.value(
                    "SELECT count(*) FROM submission WHERE id = ANY($1) AND state <> 'SENT'", ids
                )

            await eventually(all_sent)
            assert {await state_of(each) for each in waiting} == {"QUEUED"}
    assert Counter(taken.sender for taken in sink.letters) == {f"box{n}@firm.test": 20 for n in range(4)}
    assert len({taken.raw for taken in sink.letters}) == len(sink.letters) == 80
    assert sink.lines == 4


async def test_two_workers_send_each_once(by: Viewer, tools: Tools, sink: SmtpSink) -> None:
    boxes = [await a_box(by, sink, address=f"box{n}@firm.test") for n in range(3)]
    async with working(tools.parsers), working(tools.parsers):
        ids = [await written(by, each, address=f"box{n}@firm.test") for _ in range(10) for n, each in enumerate(boxes)]
        for each in ids:
            await becomes(each, "SENT")
    assert len({taken.raw for taken in sink.letters}) == len(sink.letters) == 30
