"""
Whatever can be reached from anywhere in the schema, without knowing an id: words that stand in one place of a firm are
found by its owner, and by no other firm, nor by a client whom they do not concern (P6). Fields that are added later are
walked too.
"""

from collections.abc import Iterator

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLUnionType,
    get_named_type,
)
from graphql.type import is_leaf_type, is_required_argument
from uuid_utils.compat import uuid7

from models.ground import store
from models.mailbox.mailbox import MailFolder
from models.session import SignedIn
from models.viewer import Asker
from tests.support.api.client import Api
from tests.support.api.examples import SCHEMA
from tests.support.firm.factories import a_client, an_account
from tests.support.firm.one_of_everything import World, a_letter, a_world

DEEPEST = 5
"""Objects in objects: as deep as a request may be."""
WORDS = {
    "a folder's name": "Kanarienvogel",
    "what is wrong with a folder": "Nachtigall",
    "what is wrong with a mailbox": "Rotkehlchen",
    "a left out folder": "Zaunkoenig",
    "who certified another client's letter": "Steinadler",
    "another client's subject": "Wiedehopf",
}


def selected(type_: GraphQLOutputType, *above: str) -> str:
    """All fields that need no argument, without coming back to a type above."""
    named = get_named_type(type_)
    if is_leaf_type(named):
        return ""
    if named.name in above or len(above) >= DEEPEST:
        return " { __typename }"
    if isinstance(named, GraphQLUnionType):
        return f" {{ {' '.join(f'... on {each.name}{selected(each, *above, named.name)}' for each in named.types)} }}"
    assert isinstance(named, GraphQLObjectType | GraphQLInterfaceType)
    fields = (f"{name}{selected(field.type, *above, named.name)}" for name, field in _free(named))
    return f" {{ {' '.join(fields)} }}"


def _free(type_: GraphQLObjectType | GraphQLInterfaceType) -> Iterator[tuple[str, GraphQLField]]:
    for name, field in type_.fields.items():
        if not any(is_required_argument(each) for each in field.args.values()):
            yield name, field


OF_A_FIRM = {"account": "Account", "email": "Email", "mailbox": "Mailbox", "document": "Document"}
"""By noun, what a client may hold an id of, or guess."""
ROOTS = dict(_free(SCHEMA.type_map["Query"]))  # type: ignore[arg-type]


async def a_world_with_words() -> World:
    mine = await a_world()
    await an_account(mine.by, address="other@client.test", email_sync=True)
    subject = WORDS["another client's subject"]
    letter = await a_letter(mine.by, mailbox_id=mine.mailbox, sender="other@client.test", subject=subject)
    await store.execute(CERTIFIED, letter, WORDS["who certified another client's letter"])
    name, why = WORDS["a folder's name"], WORDS["what is wrong with a folder"]
    await MailFolder.create(id=uuid7(), firm_id=mine.by.firm_id, mailbox_id=mine.mailbox, name=name, why=why)
    await store.execute(FAULT, mine.mailbox, WORDS["what is wrong with a mailbox"], [WORDS["a left out folder"]])
    return mine


CERTIFIED = "UPDATE email SET certified_by = $2 WHERE id = $1"
FAULT = """
UPDATE mailbox SET error_code = 'MAILBOX_UNREACHABLE', error_message = $2, folders_left_out = $3, state = 'RETRYING'
WHERE id = $1
"""


async def reached(api: Api, mine: World, asking: SignedIn[Asker]) -> str:
    """All that is told from anywhere, and from the things of that firm by their ids."""
    documents = [f"{{ {root}{selected(field.type)} }}" for root, field in ROOTS.items()]
    for noun, type_ in OF_A_FIRM.items():
        inside = selected(SCHEMA.type_map[type_])  # type: ignore[arg-type]
        documents.append(f'{{ node(id: "{mine.ids[noun]}") {{ ... on {type_}{inside} }} }}')
    answers = [(await api.told(document, {}, as_=asking)).text for document in documents]
    assert not [text for text in answers if "GRAPHQL_" in text or "INTERNAL" in text or "TOO_" in text]
    return "".join(answers)


async def test_words_of_a_firm_are_reached_by_its_team_and_by_nobody_else(api: Api) -> None:
    mine, theirs = await a_world_with_words(), await a_world()
    another = await a_client(mine.by, await an_account(mine.by))
    asking: dict[str, SignedIn[Asker]] = {
        "owner": mine.owner, "employee": mine.employee, "client": mine.client, "another client": another,
        "another firm": theirs.owner, "another firm's client": theirs.client,
    }  # fmt: skip
    told = {name: await reached(api, mine, viewer) for name, viewer in asking.items()}
    for what, word in WORDS.items():
        assert {name for name, text in told.items() if word in text} == {"owner", "employee"}, what
