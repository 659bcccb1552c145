"""Whatever is cut, lost or changed while an e-mail leaves: it is sent once, or twice where nobody knows (P2)."""

import asyncio
from dataclasses import replace

import pytest

from mail.submission import sender
from mail.sync import Tools, sync_once
from models import mailbox
from models.ground import store
from models.submission import settling
from models.viewer import Viewer
from tests.support.emails.sending_mailbox import (
    BEA,
    IN,
    a_box,
    a_sink,
    becomes,
    due_again,
    has_error,
    owner_who_writes,
)
from tests.support.emails.submissions import a_file, state_of, way_of, written
from tests.support.emails.sync_worker import working
from tests.support.emails.synced_mailbox import eventually, row_of
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_address
from tests.support.servers.imap import ImapServer
from tests.support.servers.smtp import DROP, SILENCE, SmtpSink, Taken, Thinking
from tests.support.waiting import patience

pytestmark = pytest.mark.usefixtures("store")
by = owner_who_writes


MEANWHILE = {
    "the lease was lost": "UPDATE mailbox SET lease_token = lease_token + 1, lease_owner = 'another'",
    "somebody changed the mailbox": "UPDATE mailbox SET version = version + 1",
}


@pytest.mark.parametrize("change", MEANWHILE.values(), ids=MEANWHILE)
async def test_what_the_server_said_while_the_mailbox_was_lost_is_written_down_all_the_same(
    by: Viewer, tools: Tools, change: str
) -> None:
    thinking = Thinking()
    async with a_sink(answered=thinking) as sink:
        box = await a_box(by, sink)
        first, second = await written(by, box), await written(by, box)
        async with working(tools.parsers) as worker:
            await thinking.reached.wait()
            await store.execute(change)
            await worker._stir()  # it hears of it while the server thinks
            thinking.go_on.set()
            await becomes(first, "SENT")
            await store.execute(
                "UPDATE mailbox SET lease_owner = NULL, lease_until = NULL WHERE lease_owner = 'another'"
            )
            await becomes(second, "SENT")
    assert len({taken.raw for taken in sink.letters}) == len(sink.letters) == 2


async def test_disconnected_while_the_server_thinks_the_one_has_left_and_the_next_does_not(
    by: Viewer, tools: Tools
) -> None:
    thinking = Thinking()
    async with a_sink(answered=thinking) as sink:
        box = await a_box(by, sink)
        first, second = await written(by, box), await written(by, box)
        async with working(tools.parsers):
            await thinking.reached.wait()
            await mailbox.disconnect(by, box)
            assert await state_of(second) == "CANCELLED"
            thinking.go_on.set()
            await becomes(first, "SENT")
        assert len(sink.letters) == 1


async def test_told_to_stop_it_waits_for_the_answer_and_begins_nothing_more(by: Viewer, tools: Tools) -> None:
    thinking = Thinking()
    async with a_sink(answered=thinking) as sink:
        box = await a_box(by, sink)
        ids = [await written(by, box) for _ in range(10)]
        async with working(tools.parsers) as worker:
            await thinking.reached.wait()
            stopping = asyncio.create_task(worker.stop())
            await asyncio.sleep(0)
            thinking.go_on.set()
            async with patience():
                await stopping
        assert len(sink.letters) == 1
    assert [await state_of(each) for each in ids] == ["SENT", *["QUEUED"] * 9]
    assert (await row_of(box))["lease_owner"] is None


async def test_cut_off_before_the_answer_nobody_knows_and_it_leaves_once_more_the_same(
    by: Viewer, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "STOP_SECONDS", 0.01)
    reached = asyncio.Event()

    async def hold(_: Taken) -> None:
        if not reached.is_set():
            reached.set()
            await asyncio.Event().wait()

    async with a_sink(answered=hold) as sink:
        box = await a_box(by, sink)
        email_id = await written(by, box)
        async with working(tools.parsers):
            await reached.wait()
        assert await state_of(email_id) == "UNCERTAIN"
        await due_again()
        async with working(tools.parsers):
            await becomes(email_id, "SENT")
        assert len(sink.letters) == 2
        assert len({taken.raw for taken in sink.letters}) == 1


async def test_silent_after_the_final_dot_it_is_uncertain_looked_for_and_leaves_twice_at_the_most(
    server: ImapServer, by: Viewer, tools: Tools
) -> None:
    impatient = replace(tools, answer_within=0.05)
    async with a_sink(after_data=SILENCE) as sink:
        box = await a_box(by, sink, server.server)
        email_id = await written(by, box)
        assert await sync_once(box, impatient)
        assert await state_of(email_id) == "UNCERTAIN"
        assert await sync_once(box, impatient)
        assert len(sink.letters) == 1, "it waits until somebody has looked into Sent"
        await settling.not_in_sent(by.firm_id, email_id)
        for _ in range(3):
            assert await sync_once(box, impatient)
            await due_again()
        assert len(sink.letters) == 2
        assert len({taken.raw for taken in sink.letters}) == 1
    row = await way_of(email_id)
    assert (row["state"], row["handed_over"]) == ("UNCERTAIN", 2)
    assert row["settled_at"]


async def test_cut_before_the_server_has_the_whole_it_has_not_left_and_is_tried_again(by: Viewer, tools: Tools) -> None:
    async with a_sink(answers={"DATA": DROP}) as sink:
        box = await a_box(by, sink)
        email_id = await written(by, box)
        async with working(tools.parsers):
            await eventually(lambda: has_error(email_id))
            assert (await way_of(email_id))["handed_over"] == 0
            sink.answers = dict(IN)
            await store.execute("UPDATE mailbox SET smtp_retry_at = now()")
            await due_again()
            await becomes(email_id, "SENT")
        assert len(sink.letters) == 1


async def suppressed(by: Viewer, address: str) -> None:
    await an_address(by, address)
    await store.execute("UPDATE email_address SET suppressed_at = now() WHERE key = $1", address)


async def test_who_is_suppressed_meanwhile_is_left_out_and_told(by: Viewer, tools: Tools, sink: SmtpSink) -> None:
    box = await a_box(by, sink)
    some, all_ = await written(by, box, to=[MARTA, BEA]), await written(by, box, to=[BEA])
    await suppressed(by, BEA)
    async with working(tools.parsers):
        await becomes(some, "SENT")
        await becomes(all_, "CANCELLED")
    (taken,) = sink.letters
    assert taken.to == (MARTA,)
    said = "Nothing is sent to bea@client.test: an earlier letter came back from there."
    assert [(await way_of(each))["error"] for each in (some, all_)] == [said, said]


async def test_an_address_outside_of_ascii_is_written_and_called_as_it_is(
    by: Viewer, tools: Tools, sink: SmtpSink
) -> None:
    box = await a_box(by, sink)
    async with working(tools.parsers):
        await becomes(await written(by, box, to=["josé@bücher.test"]), "SENT")
    assert sink.letters[0].to == ("josé@xn--bcher-kva.test",)
    assert any(line.endswith("SMTPUTF8") for line in sink.commands if line.startswith("MAIL"))


async def test_one_whose_file_is_gone_or_whose_address_cannot_be_written_holds_up_nobody(
    by: Viewer, tools: Tools, sink: SmtpSink
) -> None:
    box = await a_box(by, sink)
    lost = await written(by, box, attachments=[replace(await a_file(by), file="0" * 64)])
    unwritable = await written(by, box, to=[MARTA])
    await store.execute("UPDATE email_participant SET address = 'a b' WHERE email_id = $1 AND role = 'TO'", unwritable)
    async with working(tools.parsers):
        await becomes(await written(by, box), "SENT")
        await becomes(unwritable, "REFUSED")
    row = await way_of(lost)
    assert (row["state"], row["error"]) == (
        "QUEUED",
        "A file that belongs to it is not there. It is tried again by itself.",
    )
    assert row["due_at"] > row["created_at"]
