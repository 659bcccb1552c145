"""Killed and cut between "written" and "settled": none lost, none doubled unless its outcome is unknown (P2)."""

import asyncio
from collections import Counter
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from mail.outbox import Outbox
from models.ground import store as database
from tests.faults.killing import DOUBLED, alive, killed, told_to_stop
from tests.faults.outbox_child import pass_on
from tests.support.database.failing import end_others
from tests.support.emails.synced_mailbox import eventually
from tests.support.firm.factories import a_firm, an_account
from tests.support.letters.outbox import a_route, an_invitation, due_again, invitation_letter, sent_all, written
from tests.support.servers.smtp import SmtpSink, Taken, Thinking

pytestmark = [pytest.mark.usefixtures("own_store"), pytest.mark.faults]
CHECKOUT = Path(__file__).parents[2]
LETTERS = 2


async def queued() -> list[UUID]:
    """Invitations of a firm of their own; the ids of their letters."""
    by, ids = await a_firm(), []
    for n in range(LETTERS):
        made = await an_account(by, address=f"{n}@client.test", login=True)
        ids.append(await invitation_letter(by, f"{n}@client.test", await an_invitation(by, made.address, made.id)))
    return ids


async def copies(sink: SmtpSink, letter_ids: list[UUID]) -> list[int]:
    """How often each arrived; all copies of one are the same bytes."""
    rows = await database.rows("SELECT message_id FROM letter WHERE id = ANY($1) ORDER BY id", letter_ids)
    arrived = [[one.raw for one in sink.letters if row["message_id"].encode() in one.raw] for row in rows]
    assert all(len(set(each)) <= 1 for each in arrived)
    return [len(each) for each in arrived]


async def test_killed_at_every_checkpoint_of_a_pass(own_store: str, tmp_path: Path) -> None:
    """Each time other letters; then the next worker goes on."""
    killed_at: list[str] = []
    async with SmtpSink() as sink:
        work = partial(killed, pass_on, own_store, sink.port, said=tmp_path / "said")
        for crash_at in range(1, 100):
            letter_ids = await queued()
            if (where := await work(crash_at=crash_at)) is None:
                break
            killed_at.append(where)
            await due_again()  # as if the lease were over
            assert await work() is None
            found = Counter(await copies(sink, letter_ids))
            assert found == ({2: 1, 1: LETTERS - 1} if where in DOUBLED else {1: LETTERS}), where
            states = await database.rows("SELECT state, sealed FROM letter WHERE id = ANY($1)", letter_ids)
            assert {(row["state"], row["sealed"]) for row in states} == {("SENT", None)}, where
    assert len(set(killed_at)) == 6, killed_at
    assert len(killed_at) == 1 + 5 * LETTERS, "claimed together, then one after the other"
    assert await database.value("SELECT count(*) FROM invitation WHERE sent_at IS NULL") == 0


async def test_killed_again_and_again_right_after_the_server_took_it_two_copies_are_the_end(
    own_store: str, tmp_path: Path
) -> None:
    letter_ids = await queued()
    async with SmtpSink() as sink:
        work = partial(killed, pass_on, own_store, sink.port, said=tmp_path / "said")
        for crash_at in (4, 4, 5, 4):  # the third comes to the second letter when it has settled the first
            assert await work(crash_at=crash_at) == "killed at after the server took a letter"
            await due_again()
        assert await work() is None
        assert await copies(sink, letter_ids) == [2] * LETTERS
    rows = await database.rows("SELECT state, settled_at FROM letter")
    assert {row["state"] for row in rows} == {"UNCERTAIN"}
    assert all(row["settled_at"] for row in rows)


async def test_killed_while_it_is_written_down_that_a_letter_was_sent_that_one_alone_leaves_twice(
    own_store: str, tmp_path: Path
) -> None:
    """The next one of its line was announced meanwhile, and not handed over, however long that takes."""
    letter_ids = await queued()
    first, second = await recipients(letter_ids)
    held, announced = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with database.transaction():
            await database.row("SELECT 1 FROM letter WHERE id = $1 FOR UPDATE", letter_ids[0])
            held.set()
            await announced.wait()
            await others_leave()
            kill.set()
            await killed_.wait()

    async def answered(taken: Taken) -> None:
        if taken.to == (first,) and not held.is_set():
            holding.append(asyncio.create_task(hold()))
            await held.wait()

    async def named(address: str) -> None:
        if address == second:
            announced.set()

    holding: list[asyncio.Task[None]] = []
    kill, killed_ = asyncio.Event(), asyncio.Event()
    async with SmtpSink(answered=answered, named=named) as sink:
        async with alive(pass_on, own_store, sink.port, said=tmp_path / "said"):
            await kill.wait()
        killed_.set()
        await holding[0]
        assert await copies(sink, letter_ids) == [1, 0]
        await due_again()
        assert await killed(pass_on, own_store, sink.port, said=tmp_path / "said") is None
        assert await copies(sink, letter_ids) == [2, 1]


async def recipients(letter_ids: list[UUID]) -> list[str]:
    rows = await database.rows("SELECT to_address FROM letter WHERE id = ANY($1) ORDER BY id", letter_ids)
    return [row["to_address"] for row in rows]


async def others_leave() -> None:
    """Of another firm, by another line: it would be far more than time enough for one that does not wait."""
    by = await a_firm()
    async with SmtpSink() as sink:
        for n in range(3):
            await written(by, f"other{n}@client.test")
            assert (await sent_all(sink.server)).handled == 1


async def test_the_database_ends_every_connection_while_letters_leave(own_store: str) -> None:
    """What the server took is written down once the database is back: nothing leaves twice for that."""
    other, one_at_a_time = await asyncpg.connect(own_store), asyncio.Lock()

    async def cut(_: Taken) -> None:
        async with one_at_a_time:
            await end_others(other)

    letter_ids = await queued()
    async with SmtpSink(answered=cut) as sink:
        outbox = Outbox(a_route(sink.server))
        running = asyncio.create_task(outbox.run())

        async def all_settled() -> bool:
            async with one_at_a_time:
                await other.execute("UPDATE letter SET locked_until = now() WHERE handed_over = 0")
                return not await other.fetchval("SELECT count(*) FROM letter WHERE state <> 'SENT'")

        await eventually(all_settled)
        await outbox.stop()
        await running
        assert await copies(sink, letter_ids) == [1] * LETTERS
    await other.close()


async def test_sigterm_in_the_middle_leaves_no_lease(own_store: str) -> None:
    """A worker as it really runs, with a server that takes its time."""
    letter_ids = await queued()
    thinking = Thinking()
    async with SmtpSink(answered=thinking) as sink:
        url = f"smtp://127.0.0.1:{sink.port}"
        settings = {"SWITCHBOARD_SMTP_URL": url, "SWITCHBOARD_MAIL_FROM": "portal@switchboard.test"}
        await told_to_stop(thinking, DATABASE_URL=own_store, **settings)
        assert await copies(sink, letter_ids) == [1, 0]
    rows = await database.rows("SELECT state, locked_by FROM letter ORDER BY id")
    assert [(row["state"], row["locked_by"]) for row in rows] == [("SENT", None), ("QUEUED", None)]
