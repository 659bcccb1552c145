"""A client is told of nothing but its own (P6): each argument of type ID, tried by clients whom it is not for.

What is tried comes from the schema, as in test_api_isolation.
"""

import json

import pytest

from models.session import SignedIn
from models.viewer import Client
from tests.support.api.client import Api, TopLevelErrors
from tests.support.api.examples import EXAMPLES, document_of, replaced, told
from tests.support.api.isolation import FOR_CLIENTS, MUTATIONS, QUERIES, SUBSCRIPTIONS, answered, never_was, tried
from tests.support.firm.factories import a_client, an_account
from tests.support.firm.one_of_everything import World, a_world, everything

CLIENTS_TOO = {"Mutation.setNotificationPreferences"}
"""The team's, and a client's for what is its own."""
REFUSED = {"NOT_ALLOWED", "NOT_FOUND", "ACCOUNT_SWITCHED"}


async def strangers() -> tuple[World, list[SignedIn[Client]]]:
    """A firm; clients of another account of it and of another firm."""
    mine = await a_world()
    return mine, [await a_client(mine.by, await an_account(mine.by)), (await a_world()).client]


@pytest.mark.parametrize("name", QUERIES)
async def test_what_is_not_a_clients_reads_as_if_it_never_was(api: Api, name: str) -> None:
    mine, clients = await strangers()
    for example, (variables, exact), key, _ in tried(name, mine, mine):
        for client in clients:
            told_unknown, told_mine = [
                await answered(api, name, example, replaced(variables, exact, one), as_=client, id=one)
                for one in (never_was(key), key)
            ]
            assert told_mine == told_unknown, exact
            assert "INTERNAL" not in told_mine


@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_client_changes_nothing_of_others_and_learns_nothing_by_trying(api: Api, name: str) -> None:
    mine, clients = await strangers()
    before = await everything()
    for example, (variables, exact), key, _ in tried(name, mine, mine):
        for client in clients:
            told_unknown, told_mine = [
                await answered(api, name, example, replaced(variables, exact, one), as_=client, id=one)
                for one in (never_was(key), key)
            ]
            assert told_mine == told_unknown, exact
            assert {error["code"] for error in json.loads(told_mine)["data"][name[9:]]["errors"]} <= REFUSED
    assert await everything() == before


@pytest.mark.parametrize("name", sorted(set(MUTATIONS) - FOR_CLIENTS - CLIENTS_TOO))
async def test_what_is_the_teams_to_change_is_not_for_a_client_of_that_very_account(api: Api, name: str) -> None:
    mine = await a_world()
    before = await everything()
    for example in EXAMPLES[name]:
        variables = told(example.variables, mine.ids)
        answer = (await api.ask(document_of(name, example), variables, as_=mine.client))[name[9:]]
        assert {error["code"] for error in answer["errors"]} == {"NOT_ALLOWED"}
    assert await everything() == before


@pytest.mark.parametrize("name", SUBSCRIPTIONS)
async def test_a_client_follows_nothing_of_others(api: Api, name: str) -> None:
    mine, clients = await strangers()
    ((example, (variables, exact), key, _),) = tried(name, mine, mine)
    for client in clients:
        for given in (key, never_was(key)):
            async with api.follow(document_of(name, example), replaced(variables, exact, given), as_=client) as feed:
                with pytest.raises(TopLevelErrors) as refused:
                    await feed.next()
            assert set(refused.value.codes) <= {"FORBIDDEN", "ACCOUNT_SWITCHED"}


NOUNS = (
    "account attachment bulk_update contact document email entry field import mailbox member notification toggles token"
)
OWN = {"attachment", "document", "email"}


@pytest.mark.parametrize("noun", [*NOUNS.split(), "person", "address", "firm"])
async def test_a_node_of_the_team_is_not_there_for_a_client(api: Api, noun: str) -> None:
    mine, (other, elsewhere) = await strangers()
    node = "query($id: ID!) { node(id: $id) { id } }"
    there = {"id": mine.ids[noun]}
    for client, own in ((mine.client, OWN | {"person", "address", "firm"}), (other, {"firm"}), (elsewhere, set[str]())):
        assert (await api.ask(node, {"id": mine.ids[noun]}, as_=client))["node"] == (there if noun in own else None)


async def test_lists_of_the_team_are_empty_for_a_client_and_of_the_firm_it_sees_the_name(api: Api) -> None:
    mine = await a_world()
    document = """{ accounts { nodes { id } totalCount } contacts { nodes { id } totalCount } mailboxes { id }
      journal { nodes { id } totalCount }
      bulkUpdates { nodes { id } totalCount }
      imports { nodes { id } totalCount }
      emails { nodes { id } totalCount } inbox { nodes { id } totalCount unreadCount }
      firm { id name members { id } emailFields { id } apiTokens { id } } }"""
    found = await api.ask(document, as_=mine.client)
    assert found["firm"] == {
        "id": mine.ids["firm"], "name": "Studio Bellandi", "members": [], "emailFields": [], "apiTokens": []
    }  # fmt: skip
    del found["firm"]
    assert all(not value for one in found.values() for value in (one.values() if isinstance(one, dict) else [one]))
