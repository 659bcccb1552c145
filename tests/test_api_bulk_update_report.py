"""What a bulk update reports over the API: items, pages, the list of runs; in the journal, the feed and Inbox+."""

from typing import Any

import pytest

from graph.ids import Kind, global_id
from models.session import SignedIn
from tests.support.api.bulk_updates import (
    ALL,
    ENABLE,
    LISTED,
    NOTIFY,
    PREVIEW,
    READ,
    a_mixed_firm,
    asked_for,
    read,
    run,
)
from tests.support.api.client import Api, TopLevelErrors
from tests.support.firm.bulk_updates import all_end, planned
from tests.support.firm.factories import an_account, counting, signed_in, switched
from tests.support.firm.many_addresses import people


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


async def test_the_errors_are_a_file_once_the_run_has_ended(api: Api, owner: SignedIn) -> None:
    await a_mixed_firm(owner)
    waiting = await asked_for(api, owner, accounts=ALL, **ENABLE)
    assert (await read(api, owner, waiting["bulkUpdate"]["id"]))["errorsCsvUrl"] is None
    await all_end()
    told = await read(api, owner, waiting["bulkUpdate"]["id"], outcome="ERROR")
    file = await api.http.get(told["errorsCsvUrl"])
    assert file.headers["content-type"].startswith("text/csv")
    for item in told["report"]["items"]["nodes"]:
        for setting in ("login", "notify"):
            error = (item[setting] or {}).get("error")
            assert error is None or error["message"] in file.text


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
