"""The database is lost within a transaction, or has no room: said so in plain words, and nothing is done by halves."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from models.errors import ErrorCode, Refusal
from models.firm import Firm
from models.ground import store
from models.session import SignedIn
from tests.support.api.client import Api, an_api
from tests.support.database.failing import FAILS, end_all
from tests.support.firm.factories import a_firm, signed_in

CREATE = """mutation { createAccount(input: {name: "Vetreria Valsecchi", kind: COMPANY}) {
  account { code } errors { code } } }"""
HOW_MANY = "{ accounts(first: 1) { totalCount } }"
VANISHES = "PERFORM pg_terminate_backend(pg_backend_pid())"
LACKS = {
    "53100": "The disk of the database is full: nothing can be saved. Make room there.",
    "58030": "The disk of the database cannot be read or written. Look into the database's log.",
    "25006": "The database takes no changes: it follows another server, or was told so.",
}


@pytest.fixture
async def owned(own_store: str, tmp_path: Path) -> AsyncIterator[tuple[Api, SignedIn]]:
    owner = await signed_in(await a_firm())
    async with an_api(own_store, tmp_path) as api:
        yield api, owner


async def _fails_on_new_accounts(how: str) -> None:
    await store.execute(FAILS.format(returns="trigger", how=how, end="RETURN NEW;"))
    await store.execute("CREATE TRIGGER fails BEFORE INSERT ON account FOR EACH ROW EXECUTE FUNCTION fails()")


@pytest.mark.parametrize(
    "how",
    [VANISHES, *(f"RAISE 'away' USING ERRCODE = '{code}'" for code in (*LACKS, "53200", "53300", "53400", "57P01"))],
)
async def test_what_the_database_cannot_do_just_now_is_unavailable_and_done_once_it_can(
    owned: tuple[Api, SignedIn], how: str
) -> None:
    api, owner = owned
    await _fails_on_new_accounts(how)
    told = await api.told(CREATE, as_=owner)
    codes = [error["extensions"]["code"] for error in told.json()["errors"]]
    assert (told.status_code, codes) == (503, ["UNAVAILABLE"])
    await store.execute("DROP FUNCTION fails CASCADE")
    assert (await api.ask(CREATE, as_=owner))["createAccount"] == {"account": {"code": "V1"}, "errors": []}
    assert (await api.ask(HOW_MANY, as_=owner))["accounts"]["totalCount"] == 1


@pytest.mark.parametrize("code", LACKS)
async def test_readiness_says_why_nothing_can_be_saved_until_something_can(
    owned: tuple[Api, SignedIn], code: str
) -> None:
    api, owner = owned
    lacks = f"RAISE 'away' USING ERRCODE = '{code}'"
    await _fails_on_new_accounts(lacks)
    await store.execute(FAILS.format(returns="event_trigger", how=lacks, end="").replace("fails", "no_table"))
    await store.execute("CREATE EVENT TRIGGER full_disk ON ddl_command_start EXECUTE FUNCTION no_table()")
    assert (await api.http.get("/readyz")).status_code == 200
    await api.told(CREATE, as_=owner)
    told = await api.http.get("/readyz")
    assert (told.status_code, told.text) == (503, f"{LACKS[code]}\n")
    assert (await api.ask(HOW_MANY, as_=owner))["accounts"]["totalCount"] == 0  # reads go on
    await store.execute("DROP EVENT TRIGGER full_disk")
    assert (await api.http.get("/readyz")).status_code == 200


async def test_whoever_gets_no_connection_is_told_what_to_do(database_url: str) -> None:
    outside = await asyncpg.connect(database_url)
    await outside.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    try:
        with pytest.raises(asyncpg.TooManyConnectionsError) as refused:
            await asyncpg.connect(database_url, user="crowded")
        assert "SWITCHBOARD_POOL_SIZE" in store.why(refused.value)
    finally:
        await outside.execute("DROP ROLE crowded")
        await outside.close()


@pytest.mark.parametrize("step", ["a statement", "a model", "the commit"])
async def test_a_transaction_whose_connection_has_gone_says_that_the_database_is_away(
    store_url: str, step: str
) -> None:
    by = await a_firm("Before")

    async def write() -> None:
        async with store.transaction():
            await store.execute("UPDATE firm SET name = 'After' WHERE id = $1", by.firm_id)
            await end_all(store_url)
            if step == "a statement":
                await store.value("SELECT 1")
            if step == "a model":
                await Firm.filter(id=by.firm_id).update(name="After")

    with pytest.raises(store.Away):
        await write()
    assert await store.value("SELECT name FROM firm WHERE id = $1", by.firm_id) == "Before"


async def test_what_was_refused_before_the_connection_went_stays_refused(store_url: str) -> None:
    async def write() -> None:
        async with store.transaction():
            await end_all(store_url)
            raise Refusal(ErrorCode.INVALID, "The name is empty.")

    with pytest.raises(Refusal):
        await write()


@pytest.mark.usefixtures("store_url")
async def test_a_mistake_of_ours_stays_one() -> None:
    async def write() -> None:
        async with store.transaction():
            await store.value("SELECT $1::int", "no number")

    with pytest.raises(asyncpg.DataError):
        await write()


async def test_whoever_is_cancelled_after_the_loss_is_cancelled_and_every_connection_serves_again(
    store_url: str,
) -> None:
    lost = asyncio.Event()

    async def write() -> None:
        async with store.transaction():
            await end_all(store_url)
            lost.set()
            await asyncio.Event().wait()

    writing = asyncio.create_task(write())
    await lost.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await asyncio.gather(*(store.value("SELECT 1") for _ in range(20))) == [1] * 20


@pytest.fixture
def store_url(store: str) -> str:
    return store
