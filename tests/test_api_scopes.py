"""An API token that may change and not read is told the plain fields of what it changed, and nothing behind them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_non_null_type,
    is_required_argument,
)

from graph.scopes import NAMES
from models import api_token
from models.viewer import ApiScope
from tests.support.api.client import Api, TopLevelErrors
from tests.support.api.examples import EXAMPLES, SCHEMA, Example, document_of
from tests.support.api.examples import told as with_ids
from tests.support.firm.one_of_everything import World, a_world

MUTATION = SCHEMA.type_map["Mutation"]
assert isinstance(MUTATION, GraphQLObjectType)
IN_PERSON = {
    "acceptInvitation",
    "changePassword",
    "confirmTwoFactor",
    "createApiToken",
    "dismissAccountNotice",
    "endSession",
    "endTwoFactor",
    "inviteTeamMember",
    "removeTeamMember",
    "revokeApiToken",
    "selectAccount",
    "signIn",
    "unsubscribe",
    "updateTeamMember",
}
"""A token is refused there, or nobody's, so that nothing comes back."""
WORDS = {
    *("text", "softwareLink", "firmName", "accountName", "errorsCsvUrl", "warnings", "badRowsCsvUrl"),
    *("certifiedBy", "rawUrl", "safeHtml", "snippet", "subject"),
}
"""Strings that are no names of what was changed."""
MOST_ALIASES = 25
WITHOUT_A_PERSON = {
    "updateMailbox": Example({"input": {"id": "<mailbox>", "paused": True}}),
    "disconnectMailbox": Example({"input": {"id": "<mailbox>"}}),
    "updateFirm": Example({"input": {"name": "Studio Due"}}),
}
"""What else there is to change needs one."""


def _objects(kind: GraphQLNamedType) -> list[GraphQLObjectType]:
    if is_abstract_type(kind):
        return list(SCHEMA.get_possible_types(kind))
    return [kind] if isinstance(kind, GraphQLObjectType) else []


def _brought(name: str) -> Iterator[tuple[str, GraphQLField]]:
    """What the payload of a mutation brings: its fields that hold objects, `errors` apart."""
    assert isinstance(MUTATION, GraphQLObjectType)
    payload = get_named_type(MUTATION.fields[name].type)
    assert isinstance(payload, GraphQLObjectType)
    for field, definition in payload.fields.items():
        if field != "errors" and _objects(get_named_type(definition.type)):
            yield field, definition


def _below(name: str) -> Iterator[tuple[str, str, str, GraphQLNamedType]]:
    """Of each mutation: the payload's field, the type of its objects, and each of their fields."""
    for field, definition in _brought(name):
        for kind in _objects(get_named_type(definition.type)):
            for child, of_child in kind.fields.items():
                yield field, kind.name, child, get_named_type(of_child.type)


def _asked(name: str, *, leads_on: bool) -> list[str]:
    """One selection for each field below that leads to an object, or for each that does not."""
    chosen = [(field, kind, child, of) for field, kind, child, of in _below(name) if is_leaf_type(of) is not leads_on]
    more = " { __typename }" if leads_on else ""
    return [f"{field} {{ ... on {kind} {{ {child}{_given(kind, child)}{more} }} }}" for field, kind, child, _ in chosen]


def _given(kind: str, child: str) -> str:
    """The arguments that it cannot do without."""
    found = SCHEMA.type_map[kind]
    assert isinstance(found, GraphQLObjectType)
    needed = [name for name, argument in found.fields[child].args.items() if is_required_argument(argument)]
    return "({})".format(", ".join(f'{name}: "/x"' for name in needed)) if needed else ""


def _selection(selections: list[str]) -> str:
    aliased = " ".join(f"a{n}: {selection}" for n, selection in enumerate(selections))
    return f"{{ errors {{ code }} cursor {aliased} }}"


async def _a_token(world: World, *scopes: ApiScope) -> str:
    created = await api_token.create(world.owner.viewer, name="Export", scopes=list(scopes))
    assert created.token is not None
    return created.token


async def _told(api: Api, world: World, name: str, selection: str, *scopes: ApiScope) -> dict[str, Any]:
    example = WITHOUT_A_PERSON.get(name) or EXAMPLES[f"Mutation.{name}"][0]
    variables = with_ids(example.variables, world.ids)
    token = await _a_token(world, *scopes)
    document = document_of(f"Mutation.{name}", Example(variables, selection))
    return (await api.told(document, variables, as_=token)).json()  # type: ignore[no-any-return]


def _with_objects() -> list[str]:
    assert isinstance(MUTATION, GraphQLObjectType)
    return sorted(name for name in MUTATION.fields if any(_brought(name)))


@pytest.mark.parametrize("name", _with_objects())
async def test_nothing_behind_what_was_changed_is_told_to_a_token_that_only_writes(api: Api, name: str) -> None:
    world, selections = await a_world(), _asked(name, leads_on=True)
    told = await _told(api, world, name, _selection([*selections, *_plainly(name)]), ApiScope.WRITE)
    payload = told["data"][name]
    plain = [payload.pop(f"a{len(selections) + n}") for n in range(len(_plainly(name)))]
    assert (payload.pop("errors") != []) is (name in IN_PERSON), payload
    assert any(plain) is (name not in IN_PERSON)  # else this would look at nothing
    payload.pop("cursor")
    assert "__typename" not in json.dumps(payload)
    errors = told.get("errors", [])
    assert {error["extensions"]["code"] for error in errors} <= {"FORBIDDEN"}
    assert {error["path"][1] for error in errors} >= {key for key, value in payload.items() if value}
    assert bool(errors) is bool(selections and any(plain))


def _plainly(name: str) -> list[str]:
    return [f"{field} {{ __typename }}" for field, _ in _brought(name)]


@pytest.mark.parametrize("name", sorted(set(_with_objects()) - IN_PERSON))
async def test_what_was_changed_says_its_state_and_its_name(api: Api, name: str) -> None:
    asked = _asked(name, leads_on=False)
    for first in range(0, len(asked), MOST_ALIASES):
        selection = _selection(asked[first : first + MOST_ALIASES])
        told = await _told(api, await a_world(), name, selection, ApiScope.WRITE)
        refused = {error["path"][-1] for error in told.get("errors", [])}
        assert refused <= WORDS
        assert told["data"][name]["errors"] == []


async def test_the_strings_of_changed_objects_are_open_only_where_they_are_names() -> None:
    assert isinstance(MUTATION, GraphQLObjectType)
    strings = {child for name in MUTATION.fields for _, _, child, of in _below(name) if of.name == "String"}
    assert strings - NAMES == WORDS  # a new one: is it a name, or words of a letter and the like?


@pytest.mark.parametrize("name", ["updateAccount", "setToggles", "markNotifications", "updateContact"])
async def test_who_may_read_too_is_told_all_of_it(api: Api, name: str) -> None:
    selections = [*_asked(name, leads_on=True), *_asked(name, leads_on=False)]
    told = await _told(api, await a_world(), name, _selection(selections), ApiScope.READ, ApiScope.WRITE)
    assert "errors" not in told


async def test_what_stands_in_a_notification_is_no_plain_field(api: Api) -> None:
    """It quotes the letter."""
    told = await _told(api, await a_world(), "markNotifications", "{ notifications { id text } }", ApiScope.WRITE)
    assert told["data"]["markNotifications"]["notifications"] is None
    assert {error["extensions"]["code"] for error in told["errors"]} == {"FORBIDDEN"}


async def test_a_conflict_is_told_and_the_present_state_is_not(api: Api) -> None:
    world = await a_world()
    document = """mutation($id: ID!) { updateAccount(input: { id: $id, name: "B", expectedVersion: 99 }) {
      errors { code message path ... on Conflict { current { ... on Account { name } } } } } }"""
    token = await _a_token(world, ApiScope.WRITE)
    told = (await api.told(document, {"id": world.ids["account"]}, as_=token)).json()
    (error,) = told["data"]["updateAccount"]["errors"]
    assert (error["code"], error["path"], error["current"]) == ("CHANGED_MEANWHILE", [], None)
    assert [each["extensions"]["code"] for each in told["errors"]] == ["FORBIDDEN"]


async def test_fragments_aliases_and_sockets_lead_nowhere_either(api: Api) -> None:
    world, token = await a_world(), None
    document = """mutation($id: ID!) { it: archiveAccount(input: { id: $id, archived: true }) { ...Done } }
      fragment Done on Payload { ... on ArchiveAccountPayload { one: account { id ...More } errors { code } } }
      fragment More on Account { all: contacts { contact { name } } }"""
    token = await _a_token(world, ApiScope.WRITE)
    async with api.follow(document, {"id": world.ids["account"]}, as_=token) as socket:
        payload = (await socket.message())["payload"]
    assert payload["data"] == {"it": {"one": None, "errors": []}}
    assert [each["extensions"]["code"] for each in payload["errors"]] == ["FORBIDDEN"]
    with pytest.raises(TopLevelErrors):
        await api.ask("{ accounts { nodes { id } } }", as_=token)


def test_what_is_closed_never_takes_the_outcome_along() -> None:
    """A null goes up to the nearest field that may be null: that is never the payload itself."""
    assert isinstance(MUTATION, GraphQLObjectType)
    for name in MUTATION.fields:
        assert not any(is_non_null_type(definition.type) for _, definition in _brought(name))
    for refusal in _objects(SCHEMA.type_map["UserError"]):
        leads_on = [field.type for field in refusal.fields.values() if not is_leaf_type(get_named_type(field.type))]
        assert not any(map(is_non_null_type, leads_on))
