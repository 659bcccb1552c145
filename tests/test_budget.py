"""How much a session, a person and a firm may ask at once and in a minute, for how long, and what needs no session."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from graph.engine.transport import RequestError
from graph.ids import Kind, global_id
from graph.process.allowance import Allowances
from models.session import SignedIn
from tests.support.api.client import Api, TopLevelErrors, an_api
from tests.support.api.toy_server import until
from tests.support.firm import factories
from tests.support.waiting import until_waiting

CONTACTS = "{ contacts(first: 1) { nodes { name } } }"
LINKED = "{ accounts(first: 1) { nodes { contacts { contact { name } } } } }"
RENAME = 'mutation ($id: ID!) { updateContact(input: {id: $id, name: "Other"}) { errors { code } } }'
NODE = "query ($id: ID!) { node(id: $id) { id } }"
FIRM = "{ firm { name } }"
TOGGLES = "subscription { togglesChanged { __typename } }"


@asynccontextmanager
async def locked(url: str, table: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Whatever touches the table, not one that sessions are looked up in, waits until what this gives is called."""
    connection = await asyncpg.connect(url)
    held = connection.transaction()
    await held.start()
    try:
        await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield held.rollback
    finally:
        await connection.close()


async def an_owner() -> SignedIn:
    return await factories.signed_in(await factories.a_firm())


async def refusal(api: Api, document: str, as_: SignedIn | None, variables: dict[str, Any] | None = None) -> Any:
    with pytest.raises(TopLevelErrors) as refused:
        await api.ask(document, variables, as_=as_)
    assert refused.value.codes == ["LIMIT_EXCEEDED"]
    return refused.value.errors[0]


async def test_a_session_runs_so_many_operations_at_once(store: str, tmp_path: Path) -> None:
    owner = await an_owner()
    async with an_api(store, tmp_path, operations_at_once=2) as api, asyncio.TaskGroup() as asking:
        async with locked(store, "contact") as release:
            tasks = [asking.create_task(api.ask(CONTACTS, as_=owner)) for _ in range(2)]
            await until_waiting(store, 2)
            told = await refusal(api, FIRM, owner)
            assert told["message"].startswith("2 operations of this session are open already")
            assert await api.ask(FIRM, as_=await an_owner())  # another session has places of its own
            await release()
            assert [await task for task in tasks] == [{"contacts": {"nodes": []}}] * 2
        assert await api.ask(FIRM, as_=owner)


async def test_a_place_is_free_again_after_a_client_has_gone(store: str, tmp_path: Path) -> None:
    owner = await an_owner()
    async with an_api(store, tmp_path, operations_at_once=1) as api, locked(store, "contact") as release:
        async with api.socket(as_=owner) as socket:
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": CONTACTS}}))
            await until_waiting(store, 1)
            await refusal(api, FIRM, owner)
        await until_waiting(store, 0)  # its statement went with it
        assert await api.ask(FIRM, as_=owner)
        await release()


async def test_a_session_holds_so_many_subscriptions(store: str, tmp_path: Path) -> None:
    owner = await an_owner()
    async with an_api(store, tmp_path, subscriptions_at_once=2) as api:
        async with api.follow(TOGGLES, as_=owner) as first, api.follow(TOGGLES, as_=owner) as second:
            await first.next()
            await second.next()
            async with api.follow(TOGGLES, as_=owner) as third:
                with pytest.raises(TopLevelErrors, match="2 subscriptions of this session"):
                    await third.next()
            assert await api.ask(FIRM, as_=owner)  # counted apart
        budget = api.app.state.budget
        await until(lambda: budget.subscriptions == 0)


async def test_a_person_may_ask_for_so_much_in_a_minute(store: str, tmp_path: Path) -> None:
    by = await factories.a_firm()
    owner, colleague = await factories.signed_in(by), await factories.signed_in(by)
    async with an_api(store, tmp_path, cost_per_person=100) as api:
        assert await api.ask("{ accounts(first: 60) { nodes { name } } }", as_=owner)
        told = await refusal(api, "{ accounts(first: 60) { nodes { name } } }", owner)
        assert told["message"].startswith(
            "This costs 61; of the 100 that a person may ask for in a minute 39 are left."
        )
        again = datetime.fromisoformat(told["extensions"]["retryAt"])
        assert timedelta(0) < again - datetime.now(UTC) <= timedelta(minutes=1)
        assert await api.ask("{ accounts(first: 30) { nodes { name } } }", as_=owner)  # what is refused is not counted
        assert await api.ask("{ accounts(first: 60) { nodes { name } } }", as_=colleague)


async def test_a_firm_may_ask_for_so_much_in_a_minute(store: str, tmp_path: Path) -> None:
    by = await factories.a_firm()
    owner, colleague = await factories.signed_in(by), await factories.signed_in(by)
    async with an_api(store, tmp_path, cost_per_firm=100) as api:
        assert await api.ask("{ accounts(first: 60) { nodes { name } } }", as_=owner)
        assert "a firm" in (await refusal(api, "{ accounts(first: 60) { nodes { name } } }", colleague))["message"]
        assert await api.ask("{ accounts(first: 60) { nodes { name } } }", as_=await an_owner())


async def test_what_can_never_be_paid_says_so(store: str, tmp_path: Path) -> None:
    async with an_api(store, tmp_path, cost_per_person=50) as api:
        told = await refusal(api, "{ accounts(first: 60) { nodes { name } } }", await an_owner())
        assert told["message"] == "This costs 61; a person may ask for 50 a minute. Ask for less at once."
        assert "retryAt" not in told["extensions"]


@pytest.mark.parametrize("document", [CONTACTS, LINKED])
async def test_a_query_over_its_time_ends_with_its_sql(store: str, tmp_path: Path, document: str) -> None:
    by = await factories.a_firm()
    owner = await factories.signed_in(by)
    await factories.an_account(by)
    async with an_api(store, tmp_path, operation_seconds=0.3) as api, locked(store, "contact"):
        told = await refusal(api, document, owner)
        assert told["message"].startswith("This took longer than 0.3 seconds and was stopped.")
        await until_waiting(store, 0)
        assert await api.ask(FIRM, as_=owner)


async def test_what_a_loader_asks_in_a_task_of_its_own_ends_with_the_operation(store: str, tmp_path: Path) -> None:
    by = await factories.a_firm()
    owner = await factories.signed_in(by)
    account = await factories.an_account(by)
    async with an_api(store, tmp_path, operation_seconds=0.3) as api, locked(store, "contact"):
        await refusal(api, NODE, owner, {"id": global_id(Kind.CONTACT, account.contact)})
        await until_waiting(store, 0)


async def test_a_mutation_over_its_time_ends_with_its_transaction(store: str, tmp_path: Path) -> None:
    by = await factories.a_firm()
    owner = await factories.signed_in(by)
    account = await factories.an_account(by)
    rename = {"id": global_id(Kind.CONTACT, account.contact)}
    async with an_api(store, tmp_path, operation_seconds=0.5) as api:
        async with locked(store, "contact"):
            await refusal(api, RENAME, owner, rename)
            await until_waiting(store, 0)
        assert await api.ask(CONTACTS, as_=owner) == {"contacts": {"nodes": [{"name": "Marta Valsecchi"}]}}
        assert await api.ask(RENAME, rename, as_=owner) == {"updateContact": {"errors": []}}


PRIVATE = [
    "{ accounts { nodes { name } } }",
    "{ viewer: firm { name } }",
    "{ __typename firm { name } }",
    "query Q { ...F } fragment F on Query { ... { firm { name } } }",
    'mutation { signIn(input: {email: "a@b.test", password: "x"}) { token } signOut(input: {}) { cursor } }',
]


@pytest.mark.parametrize("document", PRIVATE)
async def test_without_a_session_only_what_is_public_runs(store: str, api: Api, document: str) -> None:
    async with factories.counting() as statements:
        answer = await api.told(document)
    assert answer.status_code == 401
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert "needs a session" in error["message"]
    assert statements == []


async def test_without_a_session_nothing_is_followed(api: Api) -> None:
    async with api.follow(TOGGLES) as feed:
        with pytest.raises(TopLevelErrors, match="needs a session") as refused:
            await feed.next()
    assert refused.value.codes == ["UNAUTHENTICATED"]


async def test_what_is_public_needs_no_session(api: Api) -> None:
    assert await api.ask("{ viewer { __typename } __typename }") == {"viewer": None, "__typename": "Query"}
    assert (await api.ask("{ __schema { queryType { name } } }"))["__schema"]
    told = await api.ask(
        'mutation { signIn(input: {email: "nobody@firm.test", password: "x"}) { errors { code } } }',
    )
    assert told == {"signIn": {"errors": [{"code": "WRONG_CREDENTIALS"}]}}


def test_an_allowance_fills_up_evenly_and_says_when_there_is_enough() -> None:
    allowances = Allowances("a person", 6_000)  # 100 a second
    allowances.check("ada", 6_000)
    allowances.spend("ada", 6_000)
    with pytest.raises(
        RequestError, match=r"of the 6,000 that a person may ask for in a minute \d are left"
    ) as refused:
        allowances.check("ada", 1_000)
    assert "possible again in 10 seconds" in refused.value.message
    allowances.check("grace", 6_000)


async def test_an_allowance_that_has_filled_up_may_be_spent_again() -> None:
    allowances = Allowances("a person", 6_000_000)  # 100 a millisecond
    allowances.spend("ada", 6_000_000)

    def enough() -> bool:
        with suppress(RequestError):
            allowances.check("ada", 5_000)
            return True
        return False

    assert not enough()
    await until(enough)
