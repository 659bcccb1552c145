"""Bulk updates over the API: seen beforehand, asked for, read, stopped; by whom it is for and nobody else."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from graph.ids import Kind, global_id, key_of
from models import api_token, contact, session, suppression
from models.contact import ContactEmail, FieldRef
from models.ground import clock
from models.ground import store as ground
from models.session import SignedIn
from models.viewer import ApiScope, TeamRole
from tests.api_examples import BULK_UPDATE, told
from tests.bulk_updating import all_end, planned
from tests.chunks import people
from tests.client import Api, TopLevelErrors
from tests.make import MadeAccount, a_firm, an_account, counting, signed_in, spelled, switched
from tests.waiting import held, until_waiting, waiting
from tests.world import World, a_world, everything

REPORT = """
fragment Report on BulkUpdateReport { accountCount
  login { ...Tally } notify { ...Tally } emailSync { ...Tally }
  items(outcome: $outcome, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes {
    account { code } contacts { name } address { address }
    login { ...Result } notify { ...Result } emailSync { ...Result } } } }
fragment Tally on BulkUpdateTally { action changed unchanged invited errors }
fragment Result on BulkUpdateResult { from to outcome error { __typename code message path } }
"""
WINDOW = "$outcome: BulkOutcome, $first: Int, $after: String"
PREVIEW = f"""query($input: BulkUpdateTogglesInput!, {WINDOW}) {{
  bulkUpdatePreview(input: $input) {{ errors {{ code message path }} report {{ ...Report }} }} }} {REPORT}"""
RUN = """mutation($input: BulkUpdateTogglesInput!) { bulkUpdateToggles(input: $input) {
  errors { code message path } cursor bulkUpdate { id status } } }"""
READ = f"""query($id: ID!, {WINDOW}) {{ bulkUpdate(id: $id) {{ id status startedAt endedAt errorsCsvUrl
  startedBy {{ id }} undoes {{ id }} undoneBy {{ id }} report {{ ...Report }} }} }} {REPORT}"""
CANCEL = """mutation($id: ID!) { cancelBulkUpdate(input: { id: $id }) {
  errors { code path } cursor bulkUpdate { id status endedAt } } }"""
LISTED = "{ bulkUpdates(first: 50) { nodes { id status } totalCount } }"
ALL: dict[str, Any] = {"matching": {}}
ENABLE = {"login": "ENABLE_FOR_ALL", "invite": {"message": "Welcome"}, "notify": "ENABLE_FOR_ALL"}
NOBODYS = global_id(Kind.ACCOUNT, key_of(Kind.FIRM, None))


@pytest.fixture
async def owner(store: str) -> SignedIn:
    return await signed_in(await a_firm())


def ids(*accounts: MadeAccount) -> dict[str, Any]:
    return {"ids": [global_id(Kind.ACCOUNT, made.id) for made in accounts]}


async def seen(api: Api, as_: Any, **asked: Any) -> Any:
    return (await api.ask(PREVIEW, {"input": asked}, as_=as_))["bulkUpdatePreview"]


async def asked_for(api: Api, as_: Any, **asked: Any) -> Any:
    return (await api.ask(RUN, {"input": asked}, as_=as_))["bulkUpdateToggles"]


async def run(api: Api, as_: Any, **asked: Any) -> str:
    """To its end; its id."""
    told = await asked_for(api, as_, **asked)
    assert told["errors"] == []
    await all_end()
    return str(told["bulkUpdate"]["id"])


async def read(api: Api, as_: Any, id: str, **window: Any) -> Any:
    return (await api.ask(READ, {"id": id, **window}, as_=as_))["bulkUpdate"]


async def a_mixed_firm(owner: SignedIn) -> list[MadeAccount]:
    """In the order of the report: one to invite, one where all is on, one without an address, a suppressed one."""
    by = owner.viewer
    anna = await an_account(by, code="A1", address="anna@client.test")
    bruno = await an_account(by, code="A2", address="bruno@client.test", login=True, notify=True)
    carla = await an_account(by, code="A3", address="carla@client.test")
    await contact.update(by, carla.contact, emails=[ContactEmail(FieldRef(name="Email"), None)])
    dario = await an_account(by, code="A4", address="dario@client.test")
    async with ground.transaction():
        await suppression.suppress(by.firm_id, dario.address, "No such mailbox.")
    return [anna, bruno, carla, dario]


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


async def test_an_item_is_an_address_on_an_account_and_says_of_each_setting_what_became_of_it(
    api: Api, owner: SignedIn
) -> None:
    await a_mixed_firm(owner)
    report = (await read(api, owner, await run(api, owner, accounts=ALL, **ENABLE)))["report"]
    anna, bruno, carla, dario = report["items"]["nodes"]
    assert report["items"]["totalCount"] == 4
    assert (anna["account"], anna["address"]) == ({"code": "A1"}, {"address": "anna@client.test"})
    assert anna["contacts"] == [{"name": "Marta Valsecchi"}]
    assert anna["login"] == {"from": False, "to": True, "outcome": "INVITED", "error": None}
    assert anna["notify"] == {"from": False, "to": True, "outcome": "CHANGED", "error": None}
    assert anna["emailSync"] is None
    assert (bruno["login"]["from"], bruno["login"]["outcome"]) == (True, "INVITED")
    assert bruno["notify"] == {"from": True, "to": True, "outcome": "UNCHANGED", "error": None}
    assert (carla["address"], carla["contacts"], carla["emailSync"]) == (None, [], None)
    for setting in ("login", "notify"):
        assert (carla[setting]["from"], carla[setting]["to"], carla[setting]["outcome"]) == (None, None, "ERROR")
        assert carla[setting]["error"]["code"] == "NO_ADDRESS"
    assert (dario["login"]["from"], dario["login"]["to"], dario["login"]["outcome"]) == (False, True, "ERROR")
    error = dario["login"]["error"]
    assert (error["__typename"], error["code"], error["path"]) == ("Refusal", "ADDRESS_SUPPRESSED", [])
    assert error["message"].endswith(".")
    assert dario["notify"]["outcome"] == "CHANGED"


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


NOTIFY = {"accounts": ALL, "notify": "ENABLE_FOR_ALL"}
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


async def two_pages(api: Api, who: SignedIn, id: str, **more: Any) -> list[str]:
    """The addresses of a report, read two by two."""
    found, after = [], None
    while True:
        page = (await read(api, who, id, first=2, after=after, **more))["report"]["items"]
        assert len(page["nodes"]) <= 2
        found += [item["address"] and item["address"]["address"] for item in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(found)
            return found
        after = page["pageInfo"]["endCursor"]


async def test_items_are_paged_all_of_them_or_those_with_an_outcome(api: Api, owner: SignedIn) -> None:
    await a_mixed_firm(owner)
    run_id = await run(api, owner, accounts=ALL, **ENABLE)
    anna, bruno, dario = (f"{name}@client.test" for name in ("anna", "bruno", "dario"))
    assert await two_pages(api, owner, run_id) == [anna, bruno, None, dario]
    assert await two_pages(api, owner, run_id, outcome="INVITED") == [anna, bruno]
    assert await two_pages(api, owner, run_id, outcome="CHANGED") == [anna, dario]
    assert await two_pages(api, owner, run_id, outcome="UNCHANGED") == [bruno]
    assert await two_pages(api, owner, run_id, outcome="ERROR") == [None, dario]


async def test_the_items_of_a_preview_are_paged_as_those_of_a_report(api: Api, owner: SignedIn) -> None:
    await a_mixed_firm(owner)
    asked = {"input": {"accounts": ALL, **ENABLE}}
    for outcome, codes in ((None, ["A1", "A2", "A3", "A4"]), ("ERROR", ["A3", "A4"]), ("INVITED", ["A1", "A2"])):
        found: list[str] = []
        after = None
        for _ in codes:
            answer = await api.ask(PREVIEW, asked | {"first": 1, "after": after, "outcome": outcome}, as_=owner)
            page = answer["bulkUpdatePreview"]["report"]["items"]
            found += [item["account"]["code"] for item in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            assert page["pageInfo"]["hasNextPage"] is (len(found) < len(codes))
            assert page["totalCount"] == len(codes)
        assert found == codes


async def test_a_page_cursor_is_good_for_its_own_report_and_outcome(api: Api, owner: SignedIn) -> None:
    await a_mixed_firm(owner)
    run_id, other = [await run(api, owner, accounts=ALL, **ENABLE) for _ in range(2)]
    after = (await read(api, owner, run_id, first=1))["report"]["items"]["pageInfo"]["endCursor"]
    for window in ({"id": other}, {"id": run_id, "outcome": "ERROR"}):
        with pytest.raises(TopLevelErrors) as refused:
            await api.ask(READ, {"first": 1, "after": after, **window}, as_=owner)
        assert refused.value.codes == ["BAD_USER_INPUT"]
    for asked in ({"accounts": ALL, **ENABLE}, {"accounts": ALL, "notify": "ENABLE_FOR_ALL"}):
        with pytest.raises(TopLevelErrors) as refused:
            await api.ask(PREVIEW, {"input": asked, "first": 1, "after": after}, as_=owner)
        assert refused.value.codes == ["BAD_USER_INPUT"]


async def test_what_somebody_set_since_the_run_began_is_a_conflict_that_shows_the_toggles_as_they_are(
    api: Api, owner: SignedIn
) -> None:
    made = await an_account(owner.viewer, login=True)
    begun = await asked_for(api, owner, accounts=ALL, login="ENABLE_FOR_ALL", notify="ENABLE_FOR_ALL")
    await planned()
    await switched(owner.viewer, made.id, made.address, login=False)
    await all_end()
    document = """query($id: ID!) { bulkUpdate(id: $id) { report { items { nodes { login { from to outcome error {
      __typename code ... on Conflict { current { ... on Toggles { login notify account { id } } } } } } } } } } }"""
    (item,) = (await api.ask(document, {"id": begun["bulkUpdate"]["id"]}, as_=owner))["bulkUpdate"]["report"]["items"][
        "nodes"
    ]
    toggles = {"login": False, "notify": True, "account": {"id": global_id(Kind.ACCOUNT, made.id)}}
    conflict = {"__typename": "Conflict", "code": "CHANGED_MEANWHILE", "current": toggles}
    assert item["login"] == {"from": False, "to": False, "outcome": "ERROR", "error": conflict}


async def test_a_run_is_found_by_its_id_in_the_list_and_as_a_node(api: Api, owner: SignedIn) -> None:
    await an_account(owner.viewer)
    first = await run(api, owner, **NOTIFY)
    second = (await asked_for(api, owner, **NOTIFY))["bulkUpdate"]["id"]
    listed = [{"id": second, "status": "QUEUED"}, {"id": first, "status": "FINISHED"}]
    assert (await api.ask(LISTED, as_=owner))["bulkUpdates"] == {"nodes": listed, "totalCount": 2}
    as_node = "query($id: ID!) { node(id: $id) { id ... on BulkUpdate { status } } }"
    assert (await api.ask(as_node, {"id": first}, as_=owner))["node"] == listed[1]
    told = await read(api, owner, first)
    assert told["startedBy"] == {"id": global_id(Kind.TEAM_MEMBER, owner.viewer.member_id)}
    assert told["startedAt"] <= told["endedAt"]
    assert (told["undoes"], told["undoneBy"]) == (None, None)
    waiting = await read(api, owner, second)
    assert (waiting["endedAt"], waiting["errorsCsvUrl"]) == (None, None)


async def test_runs_are_listed_newest_first_page_by_page(api: Api, owner: SignedIn) -> None:
    await an_account(owner.viewer)
    asked = [(await asked_for(api, owner, **NOTIFY))["bulkUpdate"]["id"] for _ in range(5)]
    found, after = [], None
    for _ in range(3):
        document = """query($after: String) { bulkUpdates(first: 2, after: $after) {
          nodes { id } totalCount pageInfo { hasNextPage endCursor } } }"""
        page = (await api.ask(document, {"after": after}, as_=owner))["bulkUpdates"]
        found += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasNextPage"] is (len(found) < 5)
    assert found == asked[::-1]


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


async def test_entries_of_the_journal_and_of_the_feed_name_the_run_that_made_them(api: Api, owner: SignedIn) -> None:
    made = await an_account(owner.viewer)
    follow = """subscription { togglesChanged { __typename ... on TogglesChanged {
      bulkUpdate { id status } toggles { notify } } } }"""
    async with api.follow(follow, as_=owner) as feed:
        await feed.next()
        run_id = await run(api, owner, **NOTIFY)
        by_run = await feed.next()
        await switched(owner.viewer, made.id, made.address, notify=False)
        by_hand = await feed.next()
    assert (by_run["bulkUpdate"]["id"], by_run["toggles"]) == (run_id, [{"notify": True}])
    assert (by_hand["bulkUpdate"], by_hand["toggles"]) == (None, [{"notify": False}])
    document = "{ journal(first: 100) { nodes { kind bulkUpdate { id } } } }"
    told = {(entry["kind"], (entry["bulkUpdate"] or {}).get("id"))
            for entry in (await api.ask(document, as_=owner))["journal"]["nodes"]}  # fmt: skip
    assert told >= {(f"BULK_UPDATE_{what}", run_id) for what in ("STARTED", "ENDED")}
    assert told >= {("TOGGLES_CHANGED", run_id), ("TOGGLES_CHANGED", None), ("ACCOUNT_CREATED", None)}


async def test_whoever_started_it_finds_it_in_inbox(api: Api, owner: SignedIn) -> None:
    await an_account(owner.viewer)
    other = await signed_in(owner.viewer)
    run_id = await run(api, owner, **NOTIFY)
    document = "{ inbox { nodes { kind subject { __typename ... on BulkUpdate { id status } } } } }"
    entry = {
        "kind": "BULK_UPDATE_FINISHED",
        "subject": {"__typename": "BulkUpdate", "id": run_id, "status": "FINISHED"},
    }
    assert (await api.ask(document, as_=owner))["inbox"]["nodes"] == [entry]
    assert (await api.ask(document, as_=other))["inbox"]["nodes"] == []


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


EVERYTHING = """query($first: Int) { bulkUpdates(first: $first) { totalCount nodes {
  id startedBy { name } undoes { id } undoneBy { id }
  report { accountCount login { invited } items(first: 3) { totalCount nodes {
    account { id toggles { id } } contacts { name } address { address } login { outcome error { message
      ... on Conflict { current { id } } } } } }
    errors: items(first: 3, outcome: ERROR) { totalCount nodes { address { address } } } } } } }"""
MOST_FOR_ALL_THIS = 16
"""One for each relation; a few more or less, as loads of one kind meet in one step of the loop or in two."""


async def test_twenty_runs_with_all_that_is_theirs_cost_the_statements_of_two(api: Api, owner: SignedIn) -> None:
    await a_mixed_firm(owner)
    for runs in (2, 20):
        for _ in range(runs - len(await listed(api, owner, first=100))):
            await run(api, owner, accounts=ALL, **ENABLE)
        await listed(api, owner, first=1)  # what is prepared or noted once is so now
        async with counting() as statements:
            nodes = await listed(api, owner, first=100)
        assert [node["report"]["items"]["totalCount"] for node in nodes] == [4] * runs
        assert [len(node["report"]["items"]["nodes"]) for node in nodes] == [3] * runs
        assert len(statements) <= MOST_FOR_ALL_THIS, f"{len(statements)} for {runs}:\n" + "\n".join(statements)


async def listed(api: Api, owner: SignedIn, *, first: int) -> list[Any]:
    return (await api.ask(EVERYTHING, {"first": first}, as_=owner))["bulkUpdates"]["nodes"]  # type: ignore[no-any-return]


MOST_FOR_A_REPORT, MOST_FOR_A_PREVIEW = 10, 12


async def test_a_report_and_a_preview_of_sixty_items_cost_the_statements_of_two(api: Api, owner: SignedIn) -> None:
    for items in (2, 60):
        await people(owner.viewer, items - (2 if items > 2 else 0))
        run_id = await run(api, owner, accounts=ALL, **ENABLE)
        asked = {"input": {"accounts": ALL, **ENABLE}, "first": 100}
        for document, variables, most in (
            (READ, {"id": run_id, "first": 100}, MOST_FOR_A_REPORT),
            (PREVIEW, asked, MOST_FOR_A_PREVIEW),
        ):
            await api.ask(document, variables, as_=owner)
            async with counting() as statements:
                answer = (await api.ask(document, variables, as_=owner)).popitem()[1]
            assert len(answer["report"]["items"]["nodes"]) == items
            assert len(statements) <= most, f"{len(statements)} for {items}:\n" + "\n".join(statements)
