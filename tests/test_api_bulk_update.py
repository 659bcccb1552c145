"""Bulk updates over the API: seen beforehand, asked for, read, stopped; by whom it is for and nobody else."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from graph.ids import Kind, global_id, key_of
from models import api_token, session
from models.ground import clock
from models.ground import store as ground
from models.session import SignedIn
from models.viewer import ApiScope, TeamRole
from tests.support.api.bulk_updates import (
    ALL,
    ENABLE,
    LISTED,
    NOTIFY,
    PREVIEW,
    READ,
    RUN,
    a_mixed_firm,
    asked_for,
    ids,
    read,
    run,
    seen,
)
from tests.support.api.client import Api, TopLevelErrors
from tests.support.api.examples import BULK_UPDATE, told
from tests.support.firm.bulk_updates import all_end
from tests.support.firm.factories import a_firm, an_account, signed_in, spelled
from tests.support.firm.many_addresses import people
from tests.support.firm.one_of_everything import World, a_world, everything
from tests.support.waiting import held, until_waiting, waiting

CANCEL = """mutation($id: ID!) { cancelBulkUpdate(input: { id: $id }) {
  errors { code path } cursor bulkUpdate { id status endedAt } } }"""
NOBODYS = global_id(Kind.ACCOUNT, key_of(Kind.FIRM, None))


async def test_what_the_preview_shows_is_what_the_report_then_says(api: Api, owner: SignedIn) -> None:
    await a_mixed_firm(owner)
    shown = await seen(api, owner, accounts=ALL, **ENABLE)
    assert shown["errors"] == []
    tallied = {"action": "ENABLE_FOR_ALL", "changed": 0, "unchanged": 0, "invited": 2, "errors": 2}
    assert shown["report"]["accountCount"] == 4
    assert shown["report"]["login"] == tallied
    assert shown["report"]["notify"] == tallied | {"changed": 2, "unchanged": 1, "invited": 0, "errors": 1}
    assert set(shown["report"]["emailSync"].values()) == {"DO_NOTHING", 0}
    done = await read(api, owner, await run(api, owner, accounts=ALL, **ENABLE))
    assert done["status"] == "FINISHED"
    for report in (done["report"], shown["report"]):
        del report["items"]["pageInfo"]["endCursor"]  # of another list
    assert done["report"] == shown["report"]


async def test_a_preview_writes_nothing_and_leaves_the_key_unused(api: Api, owner: SignedIn) -> None:
    await a_mixed_firm(owner)
    before = await everything()
    assert (await seen(api, owner, accounts=ALL, **ENABLE, idempotencyKey="k"))["errors"] == []
    assert await everything() == before
    assert (await asked_for(api, owner, accounts=ALL, emailSync="ENABLE_FOR_ALL", idempotencyKey="k"))["errors"] == []


async def test_a_preview_tells_what_is_so_now_and_a_run_what_was_so_when_it_began(api: Api, owner: SignedIn) -> None:
    await an_account(owner.viewer)
    asked = {"accounts": ALL, "notify": "ENABLE_FOR_ALL"}
    assert (await seen(api, owner, **asked))["report"]["accountCount"] == 1
    begun = await asked_for(api, owner, **asked)
    await an_account(owner.viewer)
    assert (await seen(api, owner, **asked))["report"]["accountCount"] == 2
    queued = await read(api, owner, begun["bulkUpdate"]["id"])
    assert (queued["status"], queued["report"]["accountCount"], queued["report"]["items"]["nodes"]) == ("QUEUED", 0, [])
    await all_end()
    assert (await read(api, owner, begun["bulkUpdate"]["id"]))["report"]["notify"]["changed"] == 2


async def test_however_many_previews_somebody_asks_for_others_have_connections_left(
    api: Api, store: str, owner: SignedIn
) -> None:
    other, many = await signed_in(await a_firm()), range(28)
    fields = " ".join(f"p{n}: bulkUpdatePreview(input: $i{n}) {{ report {{ accountCount }} }}" for n in many)
    document = f"query({', '.join(f'$i{n}: BulkUpdateTogglesInput!' for n in many)}) {{ {fields} }}"
    inputs = {f"i{n}": {"accounts": ALL, **ENABLE, "idempotencyKey": f"k{n}"} for n in many}
    async with held(ground.execute("LOCK TABLE invitation IN ACCESS EXCLUSIVE MODE")):
        asking = asyncio.create_task(api.ask(document, inputs, as_=owner))
        await until_waiting(store, 1)
        assert (await api.ask("{ firm { name } }", as_=other))["firm"]
        assert await waiting(store) == 1
    assert (await asking)["p27"] == {"report": {"accountCount": 0}}


OFF = [{"category": "ORGANIZERS", "on": False}]
REFUSED = [
    ({"accounts": ALL}, "INVALID", []),
    (NOTIFY | {"invite": {}}, "INVALID", ["invite"]),
    (NOTIFY | {"login": "DISABLE_FOR_ALL", "invite": {}}, "INVALID", ["invite"]),
    ({"accounts": ALL, "login": "ENABLE_FOR_ALL", "invite": {"message": "x" * 501}}, "INVALID", ["invite", "message"]),
    ({"accounts": ALL, "emailSync": "ENABLE_FOR_ALL", "notificationPreferences": OFF}, "INVALID",
     ["notificationPreferences"]),
    (NOTIFY | {"notificationPreferences": OFF * 2}, "INVALID", ["notificationPreferences", "1", "category"]),
    (NOTIFY | {"accounts": {"matching": {"search": "?!"}}}, "INVALID", ["accounts", "matching", "search"]),
    (NOTIFY | {"accounts": {"ids": []}}, "INVALID", ["accounts", "ids"]),
    (NOTIFY | {"accounts": {"ids": [NOBODYS] * 1_001}}, "INVALID", ["accounts", "ids"]),
    (NOTIFY | {"accounts": {"ids": [NOBODYS]}}, "NOT_FOUND", ["accounts", "ids", "0"]),
    (NOTIFY | {"idempotencyKey": ""}, "INVALID", ["idempotencyKey"]),
    (NOTIFY | {"idempotencyKey": "x" * 101}, "INVALID", ["idempotencyKey"]),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "code", "path"), REFUSED)
async def test_what_a_run_refuses_its_preview_refuses_in_the_same_words(
    api: Api, owner: SignedIn, asked: dict[str, Any], code: str, path: list[str]
) -> None:
    await an_account(owner.viewer)
    before = await everything()
    refused, shown = await asked_for(api, owner, **asked), await seen(api, owner, **asked)
    assert [(error["code"], error["path"]) for error in refused["errors"]] == [(code, path)]
    assert (refused["bulkUpdate"], refused["cursor"]) == (None, None)
    assert shown == {"errors": refused["errors"], "report": None}
    assert await everything() == before


async def test_an_unknown_account_refuses_the_whole_at_its_place(api: Api, owner: SignedIn) -> None:
    other = await an_account(await a_firm())
    mine = [await an_account(owner.viewer) for _ in range(3)]
    asked = NOTIFY | {"accounts": {"ids": [*ids(*mine)["ids"], *ids(other)["ids"], "nonsense"]}}
    for refused in (await asked_for(api, owner, **asked), await seen(api, owner, **asked)):
        assert [error["path"] for error in refused["errors"]] == [["accounts", "ids", "3"], ["accounts", "ids", "4"]]
        assert {error["code"] for error in refused["errors"]} == {"NOT_FOUND"}
    assert (await api.ask(LISTED, as_=owner))["bulkUpdates"]["totalCount"] == 0


async def test_all_that_is_wrong_is_told_at_once(api: Api, owner: SignedIn) -> None:
    asked = {"accounts": {"ids": ["x"]}, "invite": {"message": "x" * 501}, "notificationPreferences": OFF}
    refused = await seen(api, owner, **asked)
    assert [error["path"] for error in refused["errors"]] == [
        [], ["invite"], ["notificationPreferences"], ["invite", "message"], ["accounts", "ids", "0"],
    ]  # fmt: skip
    assert (await asked_for(api, owner, **asked))["errors"] == refused["errors"]


async def test_either_ids_or_a_filter_and_not_both_or_neither(api: Api, owner: SignedIn) -> None:
    neither_or_both: list[dict[str, Any]] = [{}, {"ids": [], "matching": {}}, {"ids": None}, {"matching": None}]
    for accounts in neither_or_both:
        with pytest.raises(TopLevelErrors) as refused:
            await seen(api, owner, accounts=accounts, notify="ENABLE_FOR_ALL")
        assert refused.value.codes == ["BAD_USER_INPUT"]


async def test_a_thousand_accounts_by_their_ids_go_at_once(api: Api, owner: SignedIn) -> None:
    spots = await people(owner.viewer, 1_000)
    chosen = {"ids": [global_id(Kind.ACCOUNT, account_id) for account_id, _ in spots]}
    report = (await seen(api, owner, accounts=chosen, notify="ENABLE_FOR_ALL"))["report"]
    assert (report["accountCount"], report["notify"]["changed"]) == (1_000, 1_000)
    assert (await asked_for(api, owner, accounts=chosen, notify="ENABLE_FOR_ALL"))["errors"] == []


async def test_an_account_named_twice_counts_once(api: Api, owner: SignedIn) -> None:
    made = await an_account(owner.viewer)
    report = (await seen(api, owner, accounts=ids(made, made), notify="ENABLE_FOR_ALL"))["report"]
    assert (report["accountCount"], report["items"]["totalCount"]) == (1, 1)


async def test_the_same_key_gives_the_same_run_also_after_it_ended_and_another_input_is_refused(
    api: Api, owner: SignedIn
) -> None:
    await an_account(owner.viewer)
    asked = {"accounts": ALL, "login": "ENABLE_FOR_ALL", "invite": {}, "idempotencyKey": "k"}
    first = await asked_for(api, owner, **asked)
    assert await asked_for(api, owner, **asked) == first
    await all_end()
    then = clock.now() + timedelta(days=29)
    clock.set_source(lambda: then)
    owner = await session.start_for_member(firm_id=owner.viewer.firm_id, member_id=owner.viewer.member_id, days=1)
    again = await asked_for(api, owner, **asked)
    assert (again["errors"], again["cursor"]) == ([], first["cursor"])
    assert again["bulkUpdate"] == {"id": first["bulkUpdate"]["id"], "status": "FINISHED"}
    assert await ground.value("SELECT count(*) FROM letter") == 1
    other = await asked_for(api, owner, **asked | {"invite": {"again": True}})
    assert [error["code"] for error in other["errors"]] == ["IDEMPOTENCY_KEY_REUSED"]
    assert (await api.ask(LISTED, as_=owner))["bulkUpdates"]["totalCount"] == 1


async def test_cancelling_takes_effect_at_once_and_once(api: Api, owner: SignedIn) -> None:
    made = await an_account(owner.viewer)
    run_id = (await asked_for(api, owner, **NOTIFY))["bulkUpdate"]["id"]
    stopped = (await api.ask(CANCEL, {"id": run_id}, as_=owner))["cancelBulkUpdate"]
    assert (stopped["errors"], stopped["bulkUpdate"]["status"]) == ([], "CANCELLED")
    assert stopped["cursor"]
    assert stopped["bulkUpdate"]["endedAt"]
    await all_end()
    assert await spelled(owner.viewer, made.id, made.address) == "-"
    again = (await api.ask(CANCEL, {"id": run_id}, as_=owner))["cancelBulkUpdate"]
    assert (again["errors"], again["bulkUpdate"]) == ([{"code": "RUN_ENDED", "path": ["id"]}], None)


async def test_a_colleague_without_the_right_reads_all_of_it_and_changes_nothing(api: Api, owner: SignedIn) -> None:
    await a_mixed_firm(owner)
    employee = await signed_in(owner.viewer, role=TeamRole.EMPLOYEE)
    run_id = await run(api, owner, accounts=ALL, **ENABLE)
    mine, theirs = await read(api, owner, run_id), await read(api, employee, run_id)
    assert mine.pop("errorsCsvUrl") != theirs.pop("errorsCsvUrl"), "each has a link of their own"
    assert mine == theirs
    before = await everything()
    assert [error["code"] for error in (await asked_for(api, employee, **NOTIFY))["errors"]] == ["NOT_ALLOWED"]
    shown = await seen(api, employee, **NOTIFY)
    assert ([error["code"] for error in shown["errors"]], shown["report"]) == (["NOT_ALLOWED"], None)
    assert await everything() == before


async def test_a_token_reads_with_read_runs_with_write_and_does_nothing_else(api: Api) -> None:
    world = await a_world()
    run_id, asked = world.ids["bulk_update"], told(BULK_UPDATE, world.ids)
    reading, writing, notifying = [await a_token(world, scope) for scope in ApiScope]
    assert (await read(api, reading, run_id))["report"]["login"]["invited"] == 1
    assert (await seen(api, reading, **asked))["errors"] == []
    await refused_to(api, reading, RUN, {"input": asked})
    for token in (writing, notifying):
        await refused_to(api, token, READ, {"id": run_id})
        await refused_to(api, token, PREVIEW, {"input": asked})
    await refused_to(api, notifying, RUN, {"input": asked})
    begun = await asked_for(api, writing, **asked)
    assert (begun["errors"], begun["bulkUpdate"]["status"]) == ([], "QUEUED")


async def a_token(world: World, *scopes: ApiScope) -> str:
    return (await api_token.create(world.owner.viewer, name="Export", scopes=list(scopes))).token or ""


async def refused_to(api: Api, token: str, document: str, variables: dict[str, Any]) -> None:
    with pytest.raises(TopLevelErrors) as refused:
        await api.ask(document, variables, as_=token)
    assert refused.value.codes == ["FORBIDDEN"]


async def test_a_client_sees_nothing_of_it(api: Api) -> None:
    world = await a_world()
    assert await read(api, world.client, world.ids["bulk_update"]) is None
    assert (await api.ask(LISTED, as_=world.client))["bulkUpdates"] == {"nodes": [], "totalCount": 0}
    for answer in (await seen(api, world.client, **NOTIFY), await asked_for(api, world.client, **NOTIFY)):
        assert [error["code"] for error in answer["errors"]] == ["NOT_ALLOWED"]
