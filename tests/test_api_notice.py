"""notifyClients over the API, and what a token for it is told: who gets it, and nothing else (R14, P6)."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)

from graph.ids import Kind, global_id
from models import api_token
from models.ground import store
from models.viewer import ApiScope, TeamRole
from tests.support.api.client import Api, As, TopLevelErrors
from tests.support.api.examples import EXAMPLES, SCHEMA, Example, document_of, fields_with_arguments, told
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import MadeAccount, a_client, a_firm, a_member, an_account, counting, signed_in
from tests.support.firm.notify_clients import EVERYBODY, everybody, many_told
from tests.support.firm.one_of_everything import World, a_world, everything

NOTIFY = """mutation NotifyClients($input: NotifyClientsInput!) { notifyClients(input: $input) {
  cursor errors { message code path } recipients { outcome address { id address } contacts { id name } } } }"""
NOTICES = """query($id: ID!) { node(id: $id) { ... on Account { id notices(first: 20) { totalCount nodes {
  id event subject raisedAt recipients { outcome address { id address } }
  letters { state settledAt reason address { id address } } } } } } }"""
SELECT = "mutation($id: ID!) { selectAccount(input: { accountId: $id }) { cursor } }"
WAITING = "{ portal { accounts { name waitingEmails waiting { category count } } } }"
OPEN = {
    "NotifyRecipient": {"address", "contacts", "outcome"},
    "EmailAddress": {"id", "address"},
    "Contact": {"id", "name"},
}
"""All that the token may be told of a recipient."""
BELOW = {"recipients": "NotifyRecipient", "recipients { address": "EmailAddress", "recipients { contacts": "Contact"}


def an_input(made: MadeAccount, **more: Any) -> dict[str, Any]:
    said = {"event": "INVOICE_SENT", "subject": "Invoice 12", "text": "It is due.", "idempotencyKey": "inv-12", **more}
    return {"input": {"account": {"id": global_id(Kind.ACCOUNT, made.id)}, **said}}


async def a_token(world: World, *scopes: ApiScope) -> str:
    created = await api_token.create(world.owner.viewer, name="Ledger", scopes=scopes or [ApiScope.NOTIFY_CLIENTS])
    assert created.token is not None
    return created.token


def shown(recipients: list[dict[str, Any]]) -> list[tuple[str | None, tuple[str, ...], str]]:
    return [
        (one["address"] and one["address"]["address"], tuple(each["name"] for each in one["contacts"]), one["outcome"])
        for one in recipients
    ]


async def test_the_answer_names_everybody_and_the_account_shows_it_afterwards(api: Api) -> None:
    owner = await signed_in(await a_firm())
    made = await everybody(owner.viewer)
    would = (await api.ask(NOTIFY, an_input(made, dryRun=True), as_=owner))["notifyClients"]
    answer = (await api.ask(NOTIFY, an_input(made), as_=owner))["notifyClients"]
    assert (would["recipients"], would["cursor"]) == (answer["recipients"], None)
    assert shown(answer["recipients"]) == EVERYBODY
    assert (await api.ask(NOTIFY, an_input(made), as_=owner))["notifyClients"] == answer
    notices = (await api.ask(NOTICES, {"id": global_id(Kind.ACCOUNT, made.id)}, as_=owner))["node"]["notices"]
    (notice,) = notices["nodes"]
    assert (notices["totalCount"], notice["event"], notice["subject"]) == (1, "INVOICE_SENT", "Invoice 12")
    assert [one["outcome"] for one in notice["recipients"]] == [outcome for _, _, outcome in EVERYBODY]
    assert [(one["state"], one["reason"], one["address"]["address"]) for one in notice["letters"]] == [
        ("QUEUED", None, ANNA)
    ]


async def test_each_fault_has_its_place_in_the_input(api: Api) -> None:
    owner = await signed_in(await a_firm())
    wrong = {"account": {"code": "V9"}, "subject": "", "link": "https://evil.test", "action": "VIEW_DOCUMENTS"}
    answer = (await api.ask(NOTIFY, an_input(await an_account(owner.viewer), **wrong), as_=owner))["notifyClients"]
    assert [tuple(error["path"]) for error in answer["errors"]] == [
        ("subject",),
        ("link",),
        ("action",),
        ("account", "code"),
    ]
    assert (answer["recipients"], answer["cursor"]) == (None, None)


async def test_a_token_for_it_alone_tells_clients_and_learns_who_gets_it(api: Api) -> None:
    owner = await signed_in(await a_firm())
    made, token = await everybody(owner.viewer), None
    token = (await api_token.create(owner.viewer, name="Ledger", scopes=[ApiScope.NOTIFY_CLIENTS])).token
    by_code = an_input(made, account={"code": "v7"})
    for _ in range(2):
        answer = (await api.ask(NOTIFY, by_code, as_=token))["notifyClients"]
        assert (answer["errors"], shown(answer["recipients"])) == ([], EVERYBODY)
    assert await store.value("SELECT count(*) FROM notice WHERE raised_by = $1", owner.viewer.member_id) == 1
    refused = (await api.ask(NOTIFY, an_input(made, account={"code": "V8"}, idempotencyKey="V8"), as_=token))[
        "notifyClients"
    ]
    assert [(error["code"], error["path"]) for error in refused["errors"]] == [("NOT_FOUND", ["account", "code"])]


async def test_the_token_ends_with_its_admins_place_in_the_team(api: Api) -> None:
    by = await a_firm()
    admin, made = await a_member(by, role=TeamRole.ADMIN), await an_account(by, notify=True)
    token = (await api_token.create(admin, name="Ledger", scopes=[ApiScope.NOTIFY_CLIENTS])).token
    await store.execute("UPDATE team_member SET state = 'REMOVED' WHERE id = $1", admin.member_id)
    with pytest.raises(TopLevelErrors) as refused:
        await api.ask(NOTIFY, an_input(made), as_=token)
    assert refused.value.codes == ["UNAUTHENTICATED"]
    assert await store.value("SELECT count(*) FROM notice") == 0


def fields_of(kind: str) -> dict[str, GraphQLField]:
    found = SCHEMA.type_map[kind]
    assert isinstance(found, GraphQLObjectType | GraphQLInterfaceType)
    return dict(found.fields)


def asking_for(name: str, of: GraphQLNamedType) -> Iterator[str]:
    """A field said plainly, by an alias, in a fragment, and through the interface that it may stand in."""
    said = name if is_leaf_type(of) else f"{name} {{ __typename }}"
    yield from (said, f"address: {said}", f"name: {said}", f"... {{ ... {{ {said} }} }}")


CLOSED = [
    (place, kind, name, get_named_type(field.type))
    for place, kind in BELOW.items()
    for name, field in fields_of(kind).items()
    if name not in OPEN[kind]
]


@pytest.mark.parametrize(("place", "kind", "name", "of"), CLOSED)
async def test_of_those_who_get_it_nothing_else_is_told(
    api: Api, place: str, kind: str, name: str, of: GraphQLNamedType
) -> None:
    """Whatever else the schema has there, now or later."""
    world = await a_world()
    token = await a_token(world)
    end = "}" * (place.count("{") + 1)
    for n, said in enumerate(asking_for(name, of)):
        document = (
            f"mutation($input: NotifyClientsInput!) {{ notifyClients(input: $input) {{ errors {{ code }} {place} {{"
        )
        document += f" __typename ... on {kind} {{ ...Said }} {end} }} }} fragment Said on {kind} {{ {said} }}"
        body = (await api.told(document, an_input(world.account, idempotencyKey=f"key {n}"), as_=token)).json()
        assert body["data"]["notifyClients"]["errors"] == [], body
        assert {error["extensions"]["code"] for error in body["errors"]} == {"FORBIDDEN"}
        told_of = str(body["data"]).replace(kind, "").replace("NotifyRecipient", "")
        assert all(word not in told_of for word in ("Marta", "True", "False", "version", *_names(of))), told_of


def _names(of: GraphQLNamedType) -> list[str]:
    return [] if is_leaf_type(of) else [of.name]


def test_the_walk_above_looks_at_something() -> None:
    names = {(kind, name) for _, kind, name, _ in CLOSED}
    assert {("EmailAddress", "portalUser"), ("EmailAddress", "suppressed"), ("Contact", "emails")} <= names
    assert set(fields_of("NotifyClientsPayload")) == {"recipients", "errors", "cursor"}, (
        "may a token for notifyClients read this too?"
    )


ROOTS = [name for name in EXAMPLES if name.split(".")[0] in {"Query", "Mutation"} and EXAMPLES[name]]


@pytest.mark.parametrize("name", sorted({*ROOTS} - {"Mutation.notifyClients"}))
async def test_a_token_for_it_alone_does_and_reads_nothing_else(api: Api, name: str) -> None:
    world = await a_world()
    token, before = await a_token(world), await everything()
    example = EXAMPLES[name][0]
    body = (await api.told(document_of(name, example), told(example.variables, world.ids), as_=token)).json()
    assert body.get("data") is None
    assert {error["extensions"]["code"] for error in body["errors"]} == {"FORBIDDEN"}
    after = await everything()
    assert {table for table in after if after[table] != before[table]} <= {"api_token"}, "which says when it was used"


NODE = "node(id: $id) { ... on Account { name } }"
SMUGGLED = {
    "a query": f"query($id: ID!) {{ {NODE} }}",
    "its own notice": "query($id: ID!) { node(id: $id) { ... on Notice { subject } } }",
    "beside it": "mutation($input: NotifyClientsInput!, $id: ID!) { notifyClients(input: $input) { cursor }"
    " archiveAccount(input: { id: $id, archived: true }) { cursor } }",
    "before it": "mutation($input: NotifyClientsInput!, $id: ID!) {"
    " archiveAccount(input: { id: $id, archived: true }) { cursor } notifyClients(input: $input) { cursor } }",
    "under its name": "mutation($id: ID!) {"
    " notifyClients: archiveAccount(input: { id: $id, archived: true }) { cursor } }",
    "in a fragment": "mutation($id: ID!) { ... { ...Other } }"
    " fragment Other on Mutation { archiveAccount(input: { id: $id, archived: true }) { cursor } }",
    "in another operation": "mutation Asked($id: ID!) { archiveAccount(input: { id: $id, archived: true }) { cursor } }"
    " mutation NotifyClients($input: NotifyClientsInput!) { notifyClients(input: $input) { cursor } }",
}


@pytest.mark.parametrize("how", SMUGGLED)
async def test_nothing_else_is_done_in_its_company(api: Api, how: str) -> None:
    world = await a_world()
    token, before = await a_token(world), await everything()
    variables = an_input(world.account) | {"id": world.ids["notice" if "Notice)" in SMUGGLED[how] else "account"]}
    wish = {"query": SMUGGLED[how], "variables": variables}
    if "Asked" in SMUGGLED[how]:
        wish["operationName"] = "Asked"
    body = (await api.http.post("/graphql", json=wish, headers={"Authorization": f"Bearer {token}"})).json()
    assert {error["extensions"]["code"] for error in body["errors"]} == {"FORBIDDEN"}, body
    after = await everything()
    assert {table for table in after if after[table] != before[table]} <= {"api_token"}


@pytest.mark.parametrize("name", [name for name, _ in fields_with_arguments() if name.startswith("Subscription.")])
async def test_a_token_for_it_alone_follows_nothing(api: Api, name: str) -> None:
    world = await a_world()
    (example,) = EXAMPLES[name]
    token = await a_token(world)
    async with api.follow(document_of(name, example), told(example.variables, world.ids), as_=token) as feed:
        with pytest.raises(TopLevelErrors) as refused:
            await feed.next()
    assert refused.value.codes == ["FORBIDDEN"]


async def test_over_a_socket_it_is_told_as_little(api: Api) -> None:
    world = await a_world()
    document = """mutation($input: NotifyClientsInput!) { it: notifyClients(input: $input) {
      who: recipients { outcome address { address suppressed { reason } portalUser { id } } } } }"""
    token = await a_token(world)
    async with api.follow(document, an_input(world.account), as_=token) as socket:
        payload = (await socket.message())["payload"]
    assert payload["data"]["it"]["who"] == [
        {"outcome": "QUEUED", "address": {"address": ANNA, "suppressed": None, "portalUser": None}}
    ]
    assert [each["extensions"]["code"] for each in payload["errors"]] == ["FORBIDDEN", "FORBIDDEN"]


async def test_together_with_write_it_opens_recipients_and_no_other_address(api: Api) -> None:
    world = await a_world()
    token = await a_token(world, ApiScope.NOTIFY_CLIENTS, ApiScope.WRITE)
    answer = (await api.ask(NOTIFY, an_input(world.account), as_=token))["notifyClients"]
    assert shown(answer["recipients"]) == [(ANNA, ("Marta Valsecchi",), "QUEUED")]
    example = Example(
        {"input": {"toggles": [{"accountId": "<account>", "addressId": "<address>", "notify": False}]}},
        "{ errors { code } toggles { notify address { address } } }",
    )
    document = document_of("Mutation.setToggles", example)
    body = (await api.told(document, told(example.variables, world.ids), as_=token)).json()
    assert body["data"]["setToggles"] == {"errors": [], "toggles": None}


async def test_a_client_sees_no_notices_and_raises_none(api: Api) -> None:
    world = await a_world()
    answer = (await api.ask(NOTIFY, an_input(world.account), as_=world.client))["notifyClients"]
    assert [error["code"] for error in answer["errors"]] == ["NOT_ALLOWED"]
    for noun in ("account", "notice"):
        found = await api.ask(NOTICES.replace("$id: ID!", "$id: ID!"), {"id": world.ids[noun]}, as_=world.client)
        assert found["node"] is None


async def test_a_client_sees_what_waits_by_category_since_it_left_an_account(api: Api) -> None:
    world = await a_world()
    second = await an_account(world.by, name="Altra")
    client = await a_client(world.by, world.account, second.id)
    await api.ask(SELECT, {"id": global_id(Kind.ACCOUNT, second.id)}, as_=client)
    for n, event in enumerate(("MESSAGE_SENT", "INVOICE_REMINDER", "INVOICE_SENT")):
        given = an_input(world.account, event=event, idempotencyKey=f"key {n}")
        assert (await api.ask(NOTIFY, given, as_=world.owner))["notifyClients"]["errors"] == []
    accounts = (await api.ask(WAITING, as_=client))["portal"]["accounts"]
    assert accounts == [
        {"name": "Altra", "waitingEmails": 0, "waiting": []},
        {
            "name": "Vetreria Valsecchi",
            "waitingEmails": 0,
            "waiting": [{"category": "MESSAGES", "count": 1}, {"category": "INVOICES_AND_PAYMENTS", "count": 2}],
        },
    ]


@pytest.mark.parametrize("count", [5, 50])
async def test_over_the_api_it_takes_at_most_twelve_statements_however_many_get_it(api: Api, count: int) -> None:
    world = await a_world()
    made = await many_told(world.owner.viewer, count)
    askers: list[As] = [world.owner, await a_token(world)]
    for who in askers:  # the first use of either is noted
        await api.ask(NOTIFY, an_input(made, dryRun=True), as_=who)
    for n, who in enumerate(askers):
        given = an_input(made, idempotencyKey=f"key {n}", event=("INVOICE_SENT", "MESSAGE_SENT")[n])
        async with counting() as statements:
            answer = (await api.ask(NOTIFY, given, as_=who))["notifyClients"]
        assert [one["outcome"] for one in answer["recipients"]] == ["QUEUED"] * count
        assert len(statements) <= 12, [" ".join(one.split())[:90] for one in statements]
