"""What somebody may not see is not there: whoever asks for everything, no field takes the rest of the answer along."""

from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_required_argument,
)

from tests.support.api.client import Api
from tests.support.api.examples import EXAMPLES, SCHEMA, Example, document_of, told
from tests.support.firm.one_of_everything import a_world

DEPTH = 3  # what stands deeper stands at the root as well
PUBLIC = {"invitationOffer", "portalAction", "unsubscribeOffer"}
NODE = SCHEMA.type_map["Node"]
assert SCHEMA.query_type
assert isinstance(NODE, GraphQLInterfaceType)
NOUNS = {
    "TeamMember": "colleague",
    "PortalUser": "person",
    "EmailAddress": "address",
    "ApiToken": "token",
    "EmailField": "field",
    "JournalEntry": "entry",
    "BulkUpdate": "bulk_update",
}
"""Of `World.ids`; of the other kinds of nodes as the kind is called."""
ROOTS = sorted(SCHEMA.query_type.fields.keys() - PUBLIC)


def everything_of(type_: GraphQLNamedType, depth: int = DEPTH) -> str:
    """All that can be asked without arguments."""
    assert isinstance(type_, GraphQLObjectType)
    return "{ " + " ".join(_fields(type_, depth)) + " }"


def _fields(type_: GraphQLObjectType, depth: int) -> Iterator[str]:
    for name, field in type_.fields.items():
        below = get_named_type(field.type)
        if any(is_required_argument(argument) for argument in field.args.values()):
            continue
        if is_abstract_type(below):
            yield f"{name} {{ __typename }}"
        elif not isinstance(below, GraphQLObjectType):
            yield name
        elif depth > 1:
            yield f"{name} {everything_of(below, depth - 1)}"


def documents() -> Iterator[tuple[str, Example]]:
    """A root field each, and a node of each kind."""
    assert SCHEMA.query_type
    assert isinstance(NODE, GraphQLInterfaceType)
    for name in ROOTS:
        below = get_named_type(SCHEMA.query_type.fields[name].type)
        for example in EXAMPLES.get(f"Query.{name}", [Example({})]):
            if not is_abstract_type(below):
                yield f"Query.{name}", Example(example.variables, everything_of(below))
    for type_ in SCHEMA.get_possible_types(NODE):
        noun = NOUNS.get(type_.name, type_.name.lower())
        yield "Query.node", Example({"id": f"<{noun}>"}, f"{{ ... on {type_.name} {everything_of(type_)} }}")


@pytest.mark.parametrize(("name", "example"), list(documents()))
async def test_whoever_asks_for_everything_is_answered_with_what_they_may_see(
    api: Api, name: str, example: Example
) -> None:
    world = await a_world()
    document = document_of(name, example).replace("()", "")
    for asking in (world.owner, world.employee, world.client):
        answer = (await api.told(document, told(example.variables, world.ids), as_=asking)).json()
        assert "errors" not in answer, (answer["errors"], asking)
        assert answer["data"] is not None
