"""How a bulk update is getting on, live: as it is, then the latest, until it has ended."""

from typing import Any

import pytest

from graph.ids import Kind, global_id
from models import bulk_update
from models.bulk_update import BulkEdit
from models.session import SignedIn
from models.viewer import TeamRole
from tests.support.api.bulk_updates import last_of
from tests.support.api.client import Api, Following, TopLevelErrors
from tests.support.firm.bulk_updates import ALL, ENABLE, all_end, asked, claimed, ran, stepped
from tests.support.firm.factories import a_firm, an_account, signed_in

FOLLOW = """subscription($id: ID!) { bulkUpdateProgress(id: $id) { done total
  bulkUpdate { id status report { notify { changed } items { totalCount } } } } }"""
NOTIFY = BulkEdit(ALL, notify=ENABLE)


@pytest.fixture
async def owner(store: str) -> SignedIn:
    """Of a firm with two accounts."""
    by = await a_firm()
    for _ in range(2):
        await an_account(by)
    return await signed_in(by)


def told(state: dict[str, Any]) -> tuple[Any, ...]:
    run = state["bulkUpdate"]
    report = run["report"]
    return run["status"], state["done"], state["total"], report["notify"]["changed"], report["items"]["totalCount"]


async def ends(states: Following) -> bool:
    with pytest.raises(StopAsyncIteration):
        await states.next()
    return True


async def test_each_step_is_told_in_order_until_the_end(api: Api, owner: SignedIn) -> None:
    run_id = await asked(owner.viewer, NOTIFY)
    async with api.follow(FOLLOW, {"id": global_id(Kind.BULK_UPDATE, run_id)}, as_=owner) as states:
        assert told(await states.next()) == ("QUEUED", 0, 0, 0, 0)
        held = await claimed()
        for step in (("RUNNING", 0, 2, 0, 0), ("RUNNING", 1, 2, 1, 1), ("FINISHED", 2, 2, 2, 2)):
            await stepped(held)
            assert told(await states.next()) == step
        assert await ends(states)


async def test_of_one_that_has_ended_the_end_is_told_and_no_more(api: Api, owner: SignedIn) -> None:
    run_id = await ran(owner.viewer, NOTIFY)
    async with api.follow(FOLLOW, {"id": global_id(Kind.BULK_UPDATE, run_id)}, as_=owner) as states:
        assert told(await states.next()) == ("FINISHED", 2, 2, 2, 2)
        assert await ends(states)


async def test_whoever_follows_hears_that_it_was_cancelled(api: Api, owner: SignedIn) -> None:
    run_id = await asked(owner.viewer, NOTIFY)
    async with api.follow(FOLLOW, {"id": global_id(Kind.BULK_UPDATE, run_id)}, as_=owner) as states:
        await states.next()
        await bulk_update.cancel(owner.viewer, run_id)
        assert told(await states.next()) == ("CANCELLED", 0, 0, 0, 0)
        assert await ends(states)


async def test_who_follow_the_same_run_hear_the_same_and_each_has_a_link_of_their_own(
    api: Api, owner: SignedIn
) -> None:
    run_id = await asked(owner.viewer, NOTIFY)
    employee = await signed_in(owner.viewer, role=TeamRole.EMPLOYEE)
    document = """subscription($id: ID!) { bulkUpdateProgress(id: $id) { done bulkUpdate { status errorsCsvUrl } } }"""
    variables = {"id": global_id(Kind.BULK_UPDATE, run_id)}
    async with api.follow(document, variables, as_=owner) as mine, api.follow(document, variables, as_=employee) as its:
        assert await mine.next() == await its.next()
        await all_end()
        last = [await last_of(states) for states in (mine, its)]
    links = {state["bulkUpdate"].pop("errorsCsvUrl") for state in last}
    assert len(links - {None}) == 2
    assert last == [{"done": 2, "bulkUpdate": {"status": "FINISHED"}}] * 2


async def test_a_run_of_another_firm_cannot_be_followed(api: Api, owner: SignedIn) -> None:
    run_id = await asked((await signed_in(await a_firm())).viewer, BulkEdit(ALL, notify=ENABLE))
    async with api.follow(FOLLOW, {"id": global_id(Kind.BULK_UPDATE, run_id)}, as_=owner) as states:
        with pytest.raises(TopLevelErrors) as refused:
            await states.next()
    assert (refused.value.codes, refused.value.messages) == (["NOT_FOUND"], ["There is no such bulk update."])
