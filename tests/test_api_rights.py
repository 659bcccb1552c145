"""Who may ask what: nobody, an employee, an API token; and what production keeps to itself."""

from pathlib import Path

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from models import api_token
from models.viewer import ApiScope
from tests.support.api.client import Api, TopLevelErrors, an_api
from tests.support.api.examples import SCHEMA
from tests.support.firm.one_of_everything import World, a_world

QUERY = SCHEMA.type_map["Query"]
assert isinstance(QUERY, GraphQLObjectType)
PUBLIC = {"invitationOffer", "portalAction", "unsubscribeOffer", "viewer"}
RENAME = 'mutation($id: ID!) { updateAccount(input: { id: $id, name: "B" }) { errors { code } } }'


ARGUMENTS = {
    "node": '(id: "x")',
    "nodes": '(ids: ["x"])',
    "bulkUpdate": '(id: "x")',
    "bulkUpdatePreview": "(input: { accounts: { matching: {} } })",
}
"""Those that they cannot do without."""


def _question(name: str) -> str:
    assert isinstance(QUERY, GraphQLObjectType)
    field = QUERY.fields[name]
    args = ARGUMENTS.get(name, "")
    return f"{{ {name}{args}{'' if is_leaf_type(get_named_type(field.type)) else ' { __typename }'} }}"


@pytest.mark.parametrize("name", sorted(set(QUERY.fields) - PUBLIC))
async def test_nobody_is_told_to_sign_in(api: Api, name: str) -> None:
    answer = await api.told(_question(name), headers={"accept": "application/graphql-response+json"})
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert "Sign in" in error["message"]


async def test_an_employee_reads_what_the_team_reads_and_not_the_audit_trail(api: Api) -> None:
    world = await a_world()
    asked = """{ accounts { totalCount } mailboxes { id } firm { apiTokens { id } }
      journal { totalCount nodes { id } edges { cursor } pageInfo { hasNextPage } } }"""
    owners, told = [await api.ask(asked, as_=each) for each in (world.owner, world.employee)]
    assert told["accounts"] == owners["accounts"]
    assert told["mailboxes"] == [{"id": world.ids["mailbox"]}]
    assert told["firm"] == {"apiTokens": []}
    assert owners["journal"]["totalCount"] > 0
    assert told["journal"] == {"totalCount": 0, "nodes": [], "edges": [], "pageInfo": {"hasNextPage": False}}


async def test_each_has_an_inbox_of_their_own(api: Api) -> None:
    world = await a_world()
    inbox = "{ inbox { unreadCount nodes { id read } } }"
    mine, theirs = [(await api.ask(inbox, as_=each))["inbox"] for each in (world.owner, world.employee)]
    assert (mine["unreadCount"], theirs["unreadCount"]) == (2, 1)  # of a bulk update hears whoever started it
    assert mine["nodes"] != theirs["nodes"]
    mark = "mutation { markNotifications(input: { notifications: { matching: {} } }) { unreadCount } }"
    assert (await api.ask(mark, as_=world.owner))["markNotifications"] == {"unreadCount": 0}
    assert (await api.ask(inbox, as_=world.employee))["inbox"] == theirs


async def _a_token(world: World, *scopes: ApiScope) -> str:
    created = await api_token.create(world.owner.viewer, name="Export", scopes=list(scopes))
    assert created.token is not None
    return created.token


async def test_a_token_does_what_its_scopes_say_and_no_more(api: Api) -> None:
    world = await a_world()
    key = {"id": world.ids["account"]}
    reads, writes = await _a_token(world, ApiScope.READ), await _a_token(world, ApiScope.WRITE)
    assert (await api.ask("{ firm { id } }", as_=reads))["firm"] == {"id": world.ids["firm"]}
    assert (await api.ask(RENAME, key, as_=writes))["updateAccount"]["errors"] == []
    for document, variables, token in ((RENAME, key, reads), ("{ firm { id } }", None, writes)):
        with pytest.raises(TopLevelErrors) as refused:
            await api.ask(document, variables, as_=token)
        assert refused.value.codes == ["FORBIDDEN"]


@pytest.mark.parametrize("sent_elsewhere", [{"softwareUrl": "https://evil.test"}, {"copyTo": "evil@evil.test"}])
async def test_a_token_does_not_send_clients_nor_copies_elsewhere(api: Api, sent_elsewhere: dict[str, str]) -> None:
    """R14, R16: a stolen one could."""
    world = await a_world()
    document = "mutation($input: UpdateFirmInput!) { updateFirm(input: $input) { errors { code message path } } }"
    token = await _a_token(world, *ApiScope)
    (refused,) = (await api.ask(document, {"input": sent_elsewhere}, as_=token))["updateFirm"]["errors"]
    assert refused == {
        "code": "NOT_ALLOWED",
        "message": "An API token cannot do this. Sign in for that.",
        "path": [*sent_elsewhere],
    }
    assert (await api.ask(document, {"input": sent_elsewhere}, as_=world.owner))["updateFirm"]["errors"] == []


async def test_a_revoked_token_is_nobody_and_its_socket_is_closed(api: Api) -> None:
    world = await a_world()
    token = await _a_token(world, ApiScope.READ)
    ids = (await api.ask("{ firm { apiTokens { id name } } }", as_=world.owner))["firm"]["apiTokens"]
    (key,) = (one["id"] for one in ids if one["name"] == "Export")
    async with api.follow("subscription { togglesChanged { __typename } }", as_=token) as feed:
        await feed.next()
        revoke = "mutation($id: ID!) { revokeApiToken(input: { id: $id }) { errors { code } } }"
        assert (await api.ask(revoke, {"id": key}, as_=world.owner))["revokeApiToken"]["errors"] == []
        assert await feed.closed() == 4403
    with pytest.raises(TopLevelErrors) as refused:
        await api.ask("{ firm { id } }", as_=token)
    assert refused.value.codes == ["UNAUTHENTICATED"]


async def test_production_shows_neither_its_schema_nor_graphiql(store: str, tmp_path: Path) -> None:
    async with an_api(store, tmp_path, development=False) as api:
        with pytest.raises(TopLevelErrors) as refused:
            await api.ask("{ __schema { types { name } } }")
        assert set(refused.value.codes) == {"GRAPHQL_VALIDATION_FAILED"}
        assert (await api.http.get("/graphiql")).status_code == 404
        assert await api.ask("{ __typename viewer { __typename } }") == {"__typename": "Query", "viewer": None}
