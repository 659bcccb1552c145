"""Bulk updates as clients of the API ask for them; and a firm where each comes out in its own way."""

from typing import Any

from graph.ids import Kind, global_id
from models import contact, suppression
from models.contact import ContactEmail, FieldRef
from models.ground import store
from models.session import SignedIn
from tests.support.api.client import Api, Following
from tests.support.firm.bulk_updates import all_end
from tests.support.firm.factories import MadeAccount, an_account

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
LISTED = "{ bulkUpdates(first: 50) { nodes { id status } totalCount } }"
ALL: dict[str, Any] = {"matching": {}}
ENABLE = {"login": "ENABLE_FOR_ALL", "invite": {"message": "Welcome"}, "notify": "ENABLE_FOR_ALL"}
NOTIFY = {"accounts": ALL, "notify": "ENABLE_FOR_ALL"}


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
    async with store.transaction():
        await suppression.suppress(by.firm_id, dario.address, "No such mailbox.")
    return [anna, bruno, carla, dario]


async def last_of(states: Following) -> dict[str, Any]:
    """Of a subscription to a state, once it is complete."""
    state: dict[str, Any] = {}
    try:
        while True:
            state = await states.next()
    except StopAsyncIteration:
        return state
