"""
What a stranger asks for by a form is done after the answer: whatever the database is busy with, known and unknown are
answered alike (R42, R47).
"""

import asyncio
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs
from uuid_utils.compat import uuid7

from models import errand, housekeeping, installation, invitation, password_reset
from models.errand import ErrandKind
from models.errand.leaving import MOST
from models.errand.running import Errands, run_errands
from models.errors import ErrorCode
from models.ground import keys, store
from models.invitation import WhoAsks
from models.viewer import System
from tests.support.api.client import Api
from tests.support.api.portal import ASK, RESET
from tests.support.emails.synced_mailbox import eventually
from tests.support.firm.cast import ANNA, BRUNO
from tests.support.firm.factories import a_client, a_firm, an_account, invited
from tests.support.firm.invitations import later
from tests.support.refusals import refused
from tests.support.waiting import held, patience, until_waiting

pytestmark = pytest.mark.usefixtures("store")
NOBODY = "nobody@client.test"


@pytest.fixture
async def by(store: str) -> System:
    """Of a firm where Anna has a password, and Bruno may be invited."""
    by = await a_firm(slug="studio")
    await a_client(by, await an_account(by, address=ANNA))
    await an_account(by, address=BRUNO, login=True)
    return by


async def ask_for_both(email: str, *, key: str = "k") -> None:
    await password_reset.ask(email=email, key=key)
    await invitation.ask(WhoAsks(email=email), key=key)


async def letters() -> dict[str, str]:
    """The kind of each, by address."""
    return {row["to_address"]: row["kind"] for row in await store.rows("SELECT to_address, kind FROM letter")}


async def waiting_errands() -> int:
    count: int = await store.value("SELECT count(*) FROM errand")
    return count


async def due_again() -> None:
    """As if those who were at them had been killed a while ago."""
    await store.execute("UPDATE errand SET due_at = now()")


async def nothing_else_can_be_read() -> None:
    """By anybody but this transaction: of all tables one is left, that of errands."""
    tables = await store.value(
        "SELECT string_agg(format('%I', tablename), ', ') FROM pg_tables"
        " WHERE schemaname = current_schema() AND tablename <> 'errand'"
    )
    await store.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")


async def test_the_answer_comes_before_anything_is_looked_up(by: System, api: Api) -> None:
    token = await invited(by, *(await spot_of(by, BRUNO)))
    await store.execute("DELETE FROM letter")
    later(minutes=11)
    resets = [{"email": email, "idempotencyKey": "k"} for email in (ANNA, NOBODY)]
    whom: list[dict[str, Any]] = [{"address": {"email": email}} for email in (BRUNO, NOBODY)]
    whom += [{"token": token}, {"token": "no link"}]
    told = []
    async with patience(), held(nothing_else_can_be_read()):
        told += [await api.ask(RESET, {"input": input_}) for input_ in resets]
        told += [await api.ask(ASK, {"for": one, "key": "k"}) for one in whom]
    assert {str(answer.popitem()[1]) for answer in told} == {"{'errors': [], 'cursor': None}"}
    assert (await letters(), await waiting_errands()) == ({}, 6)
    assert await run_errands() == 6
    assert (await letters(), await waiting_errands()) == ({ANNA: "PASSWORD_RESET", BRUNO: "INVITATION"}, 0)


async def spot_of(by: System, email: str) -> tuple[UUID, UUID]:
    found = await store.row(
        "SELECT t.account_id, t.address_id FROM toggles t JOIN email_address e ON e.id = t.address_id"
        " WHERE t.firm_id = $1 AND e.key = $2",
        by.firm_id,
        email,
    )
    assert found is not None
    return found["account_id"], found["address_id"]


async def test_the_answer_comes_while_somebody_else_has_the_firms_lock(by: System) -> None:
    lock = store.row("SELECT 1 FROM firm WHERE id = $1 FOR UPDATE", by.firm_id)
    async with patience(), held(lock):
        for email in (ANNA, BRUNO, NOBODY):
            await ask_for_both(email)
    await run_errands()
    assert await letters() == {ANNA: "PASSWORD_RESET", BRUNO: "INVITATION"}


async def test_a_firm_whose_lock_is_held_keeps_no_other_firms_letter(by: System, kept_database: str) -> None:
    other = await a_firm(slug="other")
    for known in (ANNA, "carla@client.test"):
        await a_client(other, await an_account(other, address=known))
    await password_reset.ask(email=ANNA, key="both")
    await password_reset.ask(email="carla@client.test", key="other's")
    async with patience(), AsyncExitStack() as stack:
        await stack.enter_async_context(held(store.row("SELECT 1 FROM firm WHERE id = $1 FOR UPDATE", by.firm_id)))
        running = asyncio.create_task(run_errands())
        await until_waiting(kept_database, 1)
        await eventually(lambda: store.value("SELECT count(*) = 2 FROM letter WHERE firm_id = $1", other.firm_id))
        assert not running.done()
    assert await running == 2
    assert await store.value("SELECT count(*) FROM letter WHERE firm_id = $1", by.firm_id) == 1


async def test_the_same_again_is_no_second_errand_and_no_second_letter(by: System) -> None:
    for _ in range(3):
        await ask_for_both(ANNA)
        await ask_for_both(BRUNO)
    assert await waiting_errands() == 4
    await run_errands()
    await ask_for_both(ANNA)
    later(minutes=11)
    await ask_for_both(BRUNO)
    await run_errands()
    assert await store.value("SELECT count(*) FROM letter") == 2


async def test_one_that_was_done_and_not_written_off_is_done_again_and_brings_nothing_new(by: System) -> None:
    await ask_for_both(ANNA)
    await ask_for_both(BRUNO)
    rows = [tuple(row) for row in await store.rows("SELECT * FROM errand")]
    assert await run_errands() == 4
    for row in rows:
        await store.execute("INSERT INTO errand VALUES ($1, $2, $3, $4, $5, $6)", *row)
    assert await run_errands() == 4
    assert await store.value("SELECT count(*) FROM letter") == 2


async def test_many_workers_at_once_write_each_letter_once(by: System) -> None:
    for n in range(5):
        await password_reset.ask(email=ANNA, key=f"{n}", caller=f"203.0.113.{n}")
        await invitation.ask(WhoAsks(email=BRUNO, caller=f"203.0.113.{n}"), key=f"{n}")
    assert sum(await asyncio.gather(*(run_errands() for _ in range(5)))) == 10
    kinds = [row["kind"] for row in await store.rows("SELECT kind FROM letter ORDER BY kind")]
    assert kinds == ["INVITATION", *["PASSWORD_RESET"] * password_reset.asking.MOST]


async def test_what_waits_says_nothing_of_whom_or_what_it_is_about(by: System) -> None:
    token = await invited(by, *(await spot_of(by, BRUNO)))
    await invitation.ask(WhoAsks(token=token), key="a key")
    await password_reset.ask(email=ANNA, key="a key", cookie="a mark")
    kept = b"".join(str(value).encode() for row in await store.rows("SELECT * FROM errand") for value in row)
    for secret in (token, ANNA, "anna", "a key", "a mark", "studio"):
        assert secret.encode() not in kept
        assert secret.encode().hex().encode() not in kept


async def test_one_that_fails_holds_up_no_other_and_is_tried_again_until_it_is_old(by: System) -> None:
    await password_reset.ask(email=ANNA, key="k")
    right = await store.value("SELECT sealed FROM errand")
    await store.execute("UPDATE errand SET sealed = $1", b"broken")
    await invitation.ask(WhoAsks(email=BRUNO), key="k")
    with capture_logs() as logs:
        assert await run_errands() == 1
    assert [(entry["event"], entry["kind"], entry["error"]) for entry in logs] == [
        ("errand.failed", "PASSWORD_RESET", "WrongKey")
    ]
    assert ANNA not in str(logs)
    assert await run_errands() == 0
    await store.execute("UPDATE errand SET sealed = $1", right)
    await due_again()
    assert await run_errands() == 1
    assert len(await letters()) == 2


async def test_one_that_has_failed_for_a_day_goes(by: System) -> None:
    await password_reset.ask(email=ANNA, key="k")
    await store.execute("UPDATE errand SET asked_at = asked_at - interval '23 hours', sealed = 'broken'")
    assert (await housekeeping.sweep())["errand"] == 0
    await store.execute("UPDATE errand SET asked_at = asked_at - interval '61 minutes'")
    assert (await housekeeping.sweep())["errand"] == 1


async def test_however_many_ask_the_table_has_an_end_and_all_are_told_the_same(by: System) -> None:
    fill = """
      INSERT INTO errand (id, kind, about, sealed, asked_at, due_at)
      SELECT gen_random_uuid(), 'PASSWORD_RESET', n, '', now(), now() + interval '1 h' FROM generate_series(1, $1) n"""
    await store.execute(fill, MOST)
    for email in (ANNA, NOBODY):
        with refused(ErrorCode.RATE_LIMITED):
            await password_reset.ask(email=email, key="k")
    await store.execute("DELETE FROM errand WHERE about = '1'")
    await password_reset.ask(email=ANNA, key="k")
    assert await run_errands() == 1


async def test_with_another_key_what_waits_is_asked_for_again(by: System) -> None:
    """It cannot be opened any more."""
    await installation.check_key()
    await password_reset.ask(email=ANNA, key="k")
    keys.use(bytes(32))
    await installation.replace_key()
    assert await waiting_errands() == 0
    await password_reset.ask(email=ANNA, key="k")
    assert await run_errands() == 1
    assert await letters() == {ANNA: "PASSWORD_RESET"}


@pytest.mark.parametrize("odd", ["", "\0", "\ud800", "x" * 100_000, "a@\0\ud800", "😀@x.test"])
async def test_whatever_is_typed_becomes_an_errand_that_ends(by: System, odd: str) -> None:
    await password_reset.ask(email=odd, key="k", firm_slug=odd, host=odd, cookie=odd)
    await invitation.ask(WhoAsks(email=odd, firm=odd, host=odd), key="k")
    await invitation.ask(WhoAsks(token=odd, firm=odd, host=odd), key="k")
    assert await run_errands() == 3
    assert await letters() == {}


async def test_each_kind_of_errand_is_done_by_somebody(by: System) -> None:
    for kind in ErrandKind:
        await errand.leave(kind, {"nonsense": str(uuid7())})
    with capture_logs() as logs:
        assert await run_errands() == 0
    assert {entry["error"] for entry in logs} == {"TypeError"}


async def test_a_worker_does_them_as_they_come_and_ends_when_it_is_told_to(by: System) -> None:
    worker = Errands()
    async with patience(), asyncio.TaskGroup() as group:
        group.create_task(worker.run())
        for email in (ANNA, BRUNO, NOBODY):
            await ask_for_both(email)
            await eventually(lambda: store.value("SELECT count(*) = 0 FROM errand"))
        await worker.stop()
    assert await letters() == {ANNA: "PASSWORD_RESET", BRUNO: "INVITATION"}
