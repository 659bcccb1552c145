"""A bulk update taken back over the API: once, as a run of its own (R30)."""

from typing import Any

from graph.ids import Kind, global_id
from models.session import SignedIn
from tests.support.api.bulk_updates import NOTIFY, asked_for, ids, last_of, read, run
from tests.support.api.client import Api
from tests.support.firm.bulk_updates import all_end
from tests.support.firm.factories import an_account, spelled, switched
from tests.support.firm.one_of_everything import everything

UNDO = """mutation($id: ID!, $key: String) { undoBulkUpdate(input: { id: $id, idempotencyKey: $key }) {
  errors { code message path } cursor bulkUpdate { id status undoes { id undoneBy { id } } } } }"""


async def undone(api: Api, as_: Any, run_id: str, key: str | None = None) -> Any:
    return (await api.ask(UNDO, {"id": run_id, "key": key}, as_=as_))["undoBulkUpdate"]


async def refused(api: Api, as_: Any, run_id: str, key: str | None = None) -> list[tuple[str, list[str]]]:
    before = await everything()
    told = await undone(api, as_, run_id, key)
    assert (told["bulkUpdate"], told["cursor"]) == (None, None)
    assert await everything() == before
    return [(error["code"], error["path"]) for error in told["errors"]]


async def test_an_undo_is_a_run_of_its_own_that_says_of_each_address_how_it_was_put_back(
    api: Api, owner: SignedIn
) -> None:
    made = await an_account(owner.viewer, code="A1", address="anna@client.test")
    run_id = await run(api, owner, **NOTIFY)
    told = await undone(api, owner, run_id)
    undo_id = told["bulkUpdate"]["id"]
    assert (told["errors"], told["bulkUpdate"]["status"]) == ([], "QUEUED")
    assert told["bulkUpdate"]["undoes"] == {"id": run_id, "undoneBy": {"id": undo_id}}
    assert told["cursor"]
    await all_end()
    assert await spelled(owner.viewer, made.id, made.address) == "-"
    undo = await read(api, owner, undo_id)
    assert (undo["status"], undo["undoes"], undo["undoneBy"]) == ("FINISHED", {"id": run_id}, None)
    assert undo["report"]["notify"] == {"action": None, "changed": 1, "unchanged": 0, "invited": 0, "errors": 0}
    (item,) = undo["report"]["items"]["nodes"]
    assert (item["account"], item["address"]) == ({"code": "A1"}, {"address": "anna@client.test"})
    assert item["notify"] == {"from": True, "to": False, "outcome": "CHANGED", "error": None}
    assert (item["login"], item["emailSync"]) == (None, None)
    assert (await read(api, owner, run_id))["undoneBy"] == {"id": undo_id}


async def test_it_is_possible_once_after_the_end_and_not_of_an_undo(api: Api, owner: SignedIn) -> None:
    await an_account(owner.viewer)
    waiting = (await asked_for(api, owner, **NOTIFY))["bulkUpdate"]["id"]
    assert await refused(api, owner, waiting) == [("RUN_NOT_ENDED", ["id"])]
    await all_end()
    undo_id = (await undone(api, owner, waiting))["bulkUpdate"]["id"]
    assert await refused(api, owner, waiting) == [("ALREADY_UNDONE", ["id"])]
    await all_end()
    assert await refused(api, owner, undo_id) == [("INVALID", ["id"])]


async def test_the_same_key_gives_the_same_undo_and_is_refused_for_another_run(api: Api, owner: SignedIn) -> None:
    one, two = await an_account(owner.viewer), await an_account(owner.viewer)
    first, second = [await run(api, owner, accounts=ids(made), notify="ENABLE_FOR_ALL") for made in (one, two)]
    told = await undone(api, owner, first, "k")
    assert await undone(api, owner, first, "k") == told
    await all_end()
    again = await undone(api, owner, first, "k")
    assert (again["bulkUpdate"]["id"], again["bulkUpdate"]["status"]) == (told["bulkUpdate"]["id"], "FINISHED")
    assert await refused(api, owner, second, "k") == [("IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"])]


async def test_what_somebody_has_set_since_is_a_conflict_with_the_toggles_as_they_are(
    api: Api, owner: SignedIn
) -> None:
    made = await an_account(owner.viewer)
    run_id = await run(api, owner, **NOTIFY)
    for notify in (False, True):  # set back counts as well
        await switched(owner.viewer, made.id, made.address, notify=notify)
    undo_id = (await undone(api, owner, run_id))["bulkUpdate"]["id"]
    await all_end()
    document = """query($id: ID!) { bulkUpdate(id: $id) { report { notify { errors } items(outcome: ERROR) { nodes {
      notify { from to error { __typename code ... on Conflict { current { ... on Toggles { notify account { id } } } }
      } } } } } } }"""
    report = (await api.ask(document, {"id": undo_id}, as_=owner))["bulkUpdate"]["report"]
    current = {"notify": True, "account": {"id": global_id(Kind.ACCOUNT, made.id)}}
    error = {"__typename": "Conflict", "code": "CHANGED_MEANWHILE", "current": current}
    assert report["notify"] == {"errors": 1}
    assert report["items"]["nodes"] == [{"notify": {"from": True, "to": True, "error": error}}]


async def test_an_undo_is_followed_like_any_run(api: Api, owner: SignedIn) -> None:
    await an_account(owner.viewer)
    undo_id = (await undone(api, owner, await run(api, owner, **NOTIFY)))["bulkUpdate"]["id"]
    document = "subscription($id: ID!) { bulkUpdateProgress(id: $id) { done total bulkUpdate { status } } }"
    async with api.follow(document, {"id": undo_id}, as_=owner) as states:
        assert await states.next() == {"done": 0, "total": 0, "bulkUpdate": {"status": "QUEUED"}}
        await all_end()
        last = await last_of(states)
    assert last == {"done": 1, "total": 1, "bulkUpdate": {"status": "FINISHED"}}
