"""Killed and cut while regular e-mail leaves: none lost, none doubled unless its outcome is unknown (P2)."""

import asyncio
from collections import Counter
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from models.ground import store as database
from models.viewer import Viewer
from tests.faults.killing import killed, told_to_stop
from tests.faults.submission_child import send_all, write
from tests.support.database.failing import end_others
from tests.support.emails.sending_mailbox import a_box, a_sink, a_writer, becomes, due_again
from tests.support.emails.submissions import a_file, written
from tests.support.emails.sync_worker import working
from tests.support.emails.synced_mailbox import eventually, source_of
from tests.support.servers.smtp import SmtpSink, Taken, Thinking

pytestmark = [pytest.mark.usefixtures("own_store"), pytest.mark.faults]
LETTERS = 2
TAKEN = "killed at a submission was taken"
UNKNOWN = {"killed at a submission was handed over", TAKEN}
"""Where nobody has written down what came of it; of the second kind alone there is a copy."""


@pytest.fixture
async def by(own_store: str, tmp_path: Path) -> Viewer:
    return await a_writer(tmp_path)


async def a_paused_box(by: Viewer, sink: SmtpSink) -> UUID:
    box = await a_box(by, sink)
    await database.execute("UPDATE mailbox SET state = 'PAUSED'")
    return box


async def queued(by: Viewer, box: UUID) -> list[UUID]:
    return [await written(by, box, attachments=[await a_file(by, b"%d" % n * 1_000)]) for n in range(LETTERS)]


async def taken_over() -> None:
    """As if the lease of who was killed were over, and somebody had looked into Sent."""
    await database.execute("UPDATE mailbox SET lease_until = now() - make_interval(secs => 1)")
    await due_again()


async def copies(by: Viewer, sink: SmtpSink, ids: list[UUID]) -> list[int]:
    """How often each arrived; all copies of one are the same bytes, those of its file."""
    arrived = [[taken.raw for taken in sink.letters if str(each).encode() in taken.raw] for each in ids]
    for each, raws in zip(ids, arrived, strict=True):
        assert set(raws) <= {await source_of(by.firm_id, each)}
    return [len(raws) for raws in arrived]


async def test_killed_at_every_checkpoint_of_sending(by: Viewer, own_store: str, tmp_path: Path) -> None:
    """Each time other e-mails; then the next worker goes on."""
    killed_at: list[str] = []
    async with a_sink() as sink:
        box = await a_paused_box(by, sink)
        work = partial(killed, send_all, own_store, str(tmp_path), said=tmp_path / "said")
        for crash_at in range(1, 100):
            ids = await queued(by, box)
            if (where := await work(crash_at=crash_at)) is None:
                break
            killed_at.append(where)
            await taken_over()
            assert await work() is None
            unknown = await database.rows("SELECT id FROM submission WHERE state = 'UNCERTAIN'")
            assert len(unknown) == (where in UNKNOWN), where
            await taken_over()
            assert await work() is None
            found = Counter(await copies(by, sink, ids))
            assert found == ({2: 1, 1: LETTERS - 1} if where == TAKEN else {1: LETTERS}), where
            rows = await database.rows("SELECT state, copy FROM submission WHERE id = ANY($1)", ids)
            assert {(row["state"], row["copy"]) for row in rows} == {("SENT", "WANTED")}, where
    assert len(set(killed_at)) == 5, killed_at
    assert len(killed_at) == 5 * LETTERS, "one after the other"


async def test_killed_while_it_is_written_nothing_is_there_and_said_again_it_is_there_once(
    by: Viewer, own_store: str, tmp_path: Path
) -> None:
    async with a_sink() as sink:
        box = await a_paused_box(by, sink)
        work = partial(killed, write, own_store, by, box, said=tmp_path / "said")
        assert await work(crash_at=1) == "killed at a submission was written"
        for table in ("email", "submission", "idempotency"):
            assert await database.value(f"SELECT count(*) FROM {table}") == 0
        for _ in range(2):
            assert await work() is None
        assert await database.value("SELECT count(*) FROM email e JOIN submission s ON s.id = e.id") == 1


async def test_killed_again_and_again_right_after_the_server_took_it_two_copies_are_the_end(
    by: Viewer, own_store: str, tmp_path: Path
) -> None:
    async with a_sink() as sink:
        box = await a_paused_box(by, sink)
        (email_id, _) = await queued(by, box)
        await database.execute("DELETE FROM submission WHERE id <> $1", email_id)
        work = partial(killed, send_all, own_store, str(tmp_path), said=tmp_path / "said")
        assert await work(crash_at=4) == TAKEN
        for crash_at in (0, 3, 0, 0):  # first it is found out that nobody knows
            await taken_over()
            assert await work(crash_at=crash_at) == (TAKEN if crash_at else None)
        assert await copies(by, sink, [email_id]) == [2]
    row = await database.row("SELECT state, settled_at FROM submission")
    assert row is not None
    assert row["state"] == "UNCERTAIN"
    assert row["settled_at"]


async def test_the_database_ends_every_connection_while_e_mails_leave(by: Viewer, own_store: str) -> None:
    """What the server took is written down once the database is back: nothing leaves twice for that."""
    other, one_at_a_time = await asyncpg.connect(own_store), asyncio.Lock()

    async def cut(_: Taken) -> None:
        async with one_at_a_time:
            await end_others(other)

    async with a_sink(answered=cut) as sink:
        box = await a_paused_box(by, sink)
        ids = await queued(by, box)

        async def all_sent() -> bool:
            async with one_at_a_time:
                return not await other.fetchval("SELECT count(*) FROM submission WHERE state <> 'SENT'")

        async with working():
            await eventually(all_sent)
        assert await copies(by, sink, ids) == [1] * LETTERS
    await other.close()


async def test_sigterm_in_the_middle_leaves_no_lease_and_begins_nothing_more(
    by: Viewer, own_store: str, tmp_path: Path
) -> None:
    """A worker as it really runs, with a server that takes its time."""
    thinking = Thinking()
    async with a_sink(answered=thinking) as sink:
        box = await a_paused_box(by, sink)
        first, second = await queued(by, box)
        settings = {"DATABASE_URL": own_store, "SWITCHBOARD_VAR": str(tmp_path), "SWITCHBOARD_DEVELOPMENT": "true"}
        await told_to_stop(thinking, **settings)
        assert await copies(by, sink, [first]) == [1]
        assert len(sink.letters) == 1
    await becomes(first, "SENT")
    row = await database.row("SELECT state, handed_over FROM submission WHERE id = $1", second)
    assert row is not None
    assert (row["state"], row["handed_over"]) == ("QUEUED", 0)
    assert await database.value("SELECT lease_owner FROM mailbox") is None
