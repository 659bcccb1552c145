"""The database: transactions that give their connection back, keys that no firm can cross, migrations."""

import asyncio
from functools import partial
from importlib import import_module
from pathlib import Path
from random import Random

import asyncpg
import orjson
import pytest
import structlog
from tortoise import Tortoise
from tortoise.connection import get_connections
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.operations import AlterModelOptions
from tortoise.migrations.schema_generator.state import State
from uuid_utils.compat import uuid7

from models import journal
from models.account import Account
from models.ground import migrations, store
from models.ground.embedded import Embedded
from models.ground.store import connection
from models.ground.store.named import CHANNEL
from models.journal import Change, JournalKind
from models.viewer import System
from tests.support.api.toy_server import until
from tests.support.database.failing import end_all
from tests.support.database.postgres import order, run
from tests.support.firm.factories import a_firm, an_account, counting
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.usefixtures("store")


class Boom(Exception):
    pass


async def _rename(by: System, name: str) -> None:
    await store.execute("UPDATE firm SET name = $2 WHERE id = $1", by.firm_id, name)
    journal.record(JournalKind.FIRM_CHANGED, by=by, changes=[Change("name", None, name)])


async def _rename_inside_and_fail(by: System, name: str) -> None:
    async with store.transaction() as outer:
        async with store.transaction() as inner:
            assert inner is outer
            await _rename(by, name)
        raise Boom


async def _name(by: System) -> str:
    return str(await store.value("SELECT name FROM firm WHERE id = $1", by.firm_id))


def _pool() -> asyncpg.Pool:
    pool: asyncpg.Pool = get_connections().get("default")._pool
    return pool


async def test_400_cancelled_transactions_leave_every_connection_idle_and_usable() -> None:
    by, chance = await a_firm(), Random(7)

    async def write(n: int) -> None:
        async with store.transaction():
            await _rename(by, f"name {n}")
            await store.row("SELECT pg_sleep(0.002)")

    for _ in range(20):
        tasks = [asyncio.create_task(write(n)) for n in range(20)]
        await asyncio.sleep(chance.uniform(0, 0.02))  # anywhere: before BEGIN, in it, after COMMIT
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    pool = _pool()
    assert pool.get_idle_size() == pool.get_size()
    states = await store.rows("SELECT DISTINCT state FROM pg_stat_activity WHERE datname = current_database()")
    assert {row["state"] for row in states} <= {"idle", "active", None}
    await asyncio.wait_for(asyncio.gather(*(write(n) for n in range(20))), PATIENCE)
    entries = await store.value("SELECT count(*) FROM journal_entry")
    assert await journal.head(by.firm_id) == entries


async def test_whoever_is_cancelled_twice_leaves_nothing_half_done_and_what_is_saved_is_told() -> None:
    """As who completes an operation and closes the socket."""
    by, chance = await a_firm(), Random(7)
    complaints: list[dict[str, object]] = []
    told: list[int] = []

    async def write(n: int) -> None:
        async with store.transaction() as tx:
            tx.after_commit(partial(told.append, n))
            await _rename(by, str(n))

    asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))
    try:
        for start in range(0, 600, 20):
            tasks = [asyncio.create_task(write(n)) for n in range(start, start + 20)]
            for _ in range(chance.randrange(300)):
                await asyncio.sleep(0)  # anywhere: before BEGIN, in it, after COMMIT
            for _ in range(3):
                for task in tasks:
                    task.cancel()
                await asyncio.sleep(0)
            await asyncio.gather(*tasks, return_exceptions=True)
            await _all_idle()
    finally:
        asyncio.get_running_loop().set_exception_handler(None)
    saved = await store.rows("SELECT (changes->0->>2)::int AS name FROM journal_entry WHERE kind = 'FIRM_CHANGED'")
    assert sorted(told) == sorted(row["name"] for row in saved)
    assert complaints == []


async def _all_idle() -> None:
    await until(lambda: _pool().get_idle_size() == _pool().get_size())


async def test_a_transaction_inside_another_is_part_of_it() -> None:
    by = await a_firm("Before")
    with pytest.raises(Boom):
        await _rename_inside_and_fail(by, "After")
    assert await _name(by) == "Before"


async def test_a_rollback_tells_nobody() -> None:
    by = await a_firm()
    head = await journal.head(by.firm_id)
    with pytest.raises(Boom):
        await _rename_inside_and_fail(by, "After")
    assert await journal.head(by.firm_id) == head
    assert not await journal.since(by.firm_id, head)


async def test_the_cursor_of_a_change_is_known_once_it_is_committed() -> None:
    by = await a_firm()
    async with store.transaction() as tx:
        await _rename(by, "After")
        assert tx.cursor is None
    assert tx.cursor == await journal.head(by.firm_id)


async def test_a_commit_wakes_listeners_with_the_firms_head(kept_database: str) -> None:
    by = await a_firm()
    listener = await asyncpg.connect(kept_database)
    heard: asyncio.Queue[str] = asyncio.Queue()
    await listener.add_listener(CHANNEL, lambda *args: heard.put_nowait(str(args[-1])))
    with pytest.raises(Boom):
        await _rename_inside_and_fail(by, "Never")
    async with store.transaction() as tx:
        await _rename(by, "After")
    assert await asyncio.wait_for(heard.get(), PATIENCE) == f"{by.firm_id} {tx.cursor}"
    assert heard.empty()
    await listener.close()


async def test_postgres_tells_which_request_a_transaction_is_for() -> None:
    shown = "SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    with structlog.contextvars.bound_contextvars(request_id="from-the-caller"):
        async with store.transaction():
            assert await store.value(shown) == "switchboard from-the-caller"
    async with store.transaction():
        assert await store.value(shown) == "switchboard"
    with structlog.contextvars.bound_contextvars(request_id="x" * 64):
        async with store.transaction():
            assert await store.value(shown) == "switchboard " + "x" * 51


async def test_code_that_must_run_in_a_transaction_says_so() -> None:
    with pytest.raises(RuntimeError):
        store.current()


@pytest.mark.parametrize("named", ["contact_id", "account_id"])
async def test_the_database_itself_refuses_a_link_across_firms(named: str) -> None:
    here, there = await a_firm(), await a_firm()
    mine, theirs = await an_account(here), await an_account(there)
    ids = {"account_id": mine.id, "contact_id": mine.contact}
    ids[named] = theirs.id if named == "account_id" else theirs.contact
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await store.execute(
            "INSERT INTO account_contact (id, firm_id, account_id, contact_id) VALUES ($1, $2, $3, $4)",
            uuid7(),
            here.firm_id,
            ids["account_id"],
            ids["contact_id"],
        )


async def test_every_table_of_a_firm_is_bound_to_it_by_foreign_keys() -> None:
    unbound = await store.rows("""
      SELECT c.table_name FROM information_schema.columns c
      JOIN information_schema.tables t USING (table_schema, table_name)
      WHERE c.table_schema = 'public' AND c.column_name = 'firm_id' AND t.table_type = 'BASE TABLE' AND NOT EXISTS (
        SELECT 1 FROM information_schema.key_column_usage k
        JOIN information_schema.table_constraints x USING (constraint_schema, constraint_name)
        WHERE x.constraint_type = 'FOREIGN KEY' AND k.table_name = c.table_name AND k.column_name = 'firm_id')""")
    assert [row["table_name"] for row in unbound] == []


async def test_the_check_of_a_foreign_key_finds_its_row_at_once_also_while_the_table_is_new(own_store: str) -> None:
    """
    Where this fails after a new index: its migration must repeat 0008's step.

    On a database of its own: tables that no test has filled, and no autovacuum looked at for it, are new for sure.
    """
    keyed = await store.rows("""
      SELECT DISTINCT confrelid::regclass::text AS place, conindid::regclass::text AS key FROM pg_constraint
      WHERE contype = 'f' AND array_length(conkey, 1) = 2""")
    assert keyed
    assert {row["place"]: await _chosen(row["place"]) for row in keyed} == {row["place"]: row["key"] for row in keyed}


async def _chosen(place: str) -> str | None:
    """The index by which PostgreSQL would check a key to a new table, as RI_FKey_check asks for it."""
    async with store.transaction():
        await store.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await store.execute(f"PREPARE checked AS SELECT 1 FROM ONLY {place} WHERE firm_id = $1::uuid AND id = $2::uuid")
        plan = await store.value(f"EXPLAIN (FORMAT json) EXECUTE checked('{uuid7()}', '{uuid7()}')")
        await store.execute("DEALLOCATE checked")
    chosen: str | None = orjson.loads(plan)[0]["Plan"].get("Index Name")
    return chosen


async def test_the_models_have_no_change_without_a_migration() -> None:
    assert await _changes() == []


async def test_a_docstring_is_all_that_may_differ_from_the_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tortoise takes the first line of a model's docstring for a change of its table; we do not."""
    monkeypatch.setattr(Account._meta, "table_description", "Something else.")
    assert await _changes() == []
    monkeypatch.setattr(Account._meta, "unique_together", (("firm_id", "id"),))
    assert await _changes() != []


async def _changes() -> list[str]:
    config = connection.tortoise_config("postgres:///")["apps"]
    assert Tortoise.apps is not None
    detector = MigrationAutodetector(Tortoise.apps, config)
    operations = [operation for writer in await detector.changes() for operation in writer.operations]
    migrated = await detector._project_state()
    return [type(one).__name__ for one in operations if not _is_about_words(one, migrated)]


def _is_about_words(operation: object, migrated: State) -> bool:
    if not isinstance(operation, AlterModelOptions):
        return False
    before = {**migrated.models["models", operation.name].options, "table_description": None}
    return before == {**operation.options, "table_description": None}


async def test_nothing_is_pending_after_migrating() -> None:
    assert await store.pending_migrations() == []


async def test_two_that_migrate_at_once_migrate_once(postgres: Embedded) -> None:
    order(postgres, 'CREATE DATABASE "twice"')
    url = postgres.url_of("twice")

    def both() -> list[list[str]]:
        async def migrate() -> list[list[str]]:
            return list(await asyncio.gather(store.migrate(url), store.migrate(url)))

        return run(migrate())

    applied = both()
    assert sorted(map(bool, applied)) == [False, True]
    order(postgres, 'DROP DATABASE "twice" WITH (FORCE)')


async def test_no_statement_and_no_lock_waits_for_ever() -> None:
    for setting, value in (
        ("statement_timeout", "30s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("TimeZone", "UTC"),
    ):
        assert await store.value("SELECT current_setting($1)", setting) == value


async def test_a_read_survives_the_loss_of_its_connection(kept_database: str) -> None:
    by = await a_firm("Here")
    await end_all(kept_database)
    assert await _name(by) == "Here"


async def test_a_read_inside_a_transaction_does_not_go_on_elsewhere(kept_database: str) -> None:
    by = await a_firm("Here")

    async def write() -> None:
        async with store.transaction():
            await _rename(by, "After")
            await end_all(kept_database)
            await _name(by)

    with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)):
        await write()
    assert await _name(by) == "Here"


async def test_the_counter_sees_what_is_sent_and_leaves_begin_and_commit_out() -> None:
    by = await a_firm()
    async with counting() as statements:
        async with store.transaction():
            await store.execute("UPDATE firm SET version = version + 1 WHERE id = $1", by.firm_id)
        await asyncio.gather(*(store.value("SELECT 1") for _ in range(8)))
    assert len(statements) == 9
    await _name(by)
    assert len(statements) == 9


def test_each_migration_comes_after_the_one_before_it() -> None:
    """Two that follow the same one would be applied in an order that nobody wrote down."""
    names = sorted(file.stem for file in Path(migrations.__file__).parent.glob("0*.py"))
    modules = [import_module(f"{migrations.__name__}.{name}") for name in names]
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    assert [module.Migration.dependencies for module in modules[1:]] == [[("models", name)] for name in names[:-1]]
