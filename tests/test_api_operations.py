"""Every operation of the single-page apps (tests/support/api/operations.graphql) runs against a small firm."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode, parse, print_ast, validate

from models import firm_settings, portal_action
from models.firm_settings import ClientAction, FirmWish
from models.ground import clock
from models.session import SignedIn
from models.viewer import Asker
from tests.support.api.client import Api
from tests.support.api.examples import SCHEMA, told
from tests.support.database.store import firms_key
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import reset_token, token_of
from tests.support.firm.one_of_everything import World, a_world
from tests.support.letters import unsubscribe_links

FILE = Path(__file__).parent / "support/api/operations.graphql"
DOCUMENT = parse(FILE.read_text())
OPERATIONS = {
    one.name.value: one for one in DOCUMENT.definitions if isinstance(one, OperationDefinitionNode) and one.name
}
OF_CLIENTS = {"PortalHome", "PickAccount", "CloseNotice", "PortalEmails", "PortalEmailsLive", "PortalDocuments"} | {
    "OwnPreferences",
    "SaveOwnPreferences",
}
FRAGMENTS = {one.name.value: one for one in DOCUMENT.definitions if isinstance(one, FragmentDefinitionNode)}
VARIABLES = {
    name: json.loads(text) for text, name in re.findall(r"^# (\{.*\})\n\w+ (\w+)", FILE.read_text(), flags=re.MULTILINE)
}


def sent(name: str) -> str:
    """The operation with the fragments that it uses, as an app sends it."""
    wanted, texts = [print_ast(OPERATIONS[name])], []
    while wanted:
        texts.append(wanted.pop())
        known = " ".join([*texts, *wanted])
        for spread in re.findall(r"\.\.\.(\w+)", texts[-1]):
            if f"fragment {spread} on" not in known:
                wanted.append(print_ast(FRAGMENTS[spread]))
                known += wanted[-1]
    return "\n".join(texts)


def test_every_operation_with_variables_has_an_example_of_them() -> None:
    assert set(VARIABLES) == {name for name, one in OPERATIONS.items() if one.variable_definitions}


@pytest.mark.parametrize("name", OPERATIONS)
def test_it_is_valid(name: str) -> None:
    document: DocumentNode = parse(sent(name))
    assert validate(SCHEMA, document) == []


@pytest.mark.parametrize("name", [name for name, one in OPERATIONS.items() if one.operation.value != "subscription"])
async def test_it_is_answered_and_nothing_is_refused(api: Api, name: str) -> None:
    world = await a_world()
    more = {"owner": await _email(api, world), "action": await _action(world), "link": await _link(world)}
    more["unsubscribe"] = unsubscribe_links.token_of(world.by, world.account)
    if name == "NewPassword":
        more["reset"] = await reset_token(ANNA)
    data = await api.ask(sent(name), _variables(name, world.ids | more), as_=_whose(name, world))
    for answer in data.values():
        assert answer is not None
        assert not (isinstance(answer, dict) and answer.get("errors")), answer


STATES = ["BulkLive", "ImportLive", "MailboxesLive"]
FEEDS = [name for name, one in OPERATIONS.items() if one.operation.value == "subscription" and name not in STATES]


@pytest.mark.parametrize("name", STATES)
async def test_a_state_is_told_at_once(api: Api, name: str) -> None:
    world = await a_world()
    async with api.follow(sent(name), _variables(name, world.ids), as_=_whose(name, world)) as states:
        assert len(await states.next()) > 2


@pytest.mark.parametrize("name", FEEDS)
async def test_a_feed_begins_and_gives_what_came_since(api: Api, name: str) -> None:
    world = await a_world()
    async with api.follow(sent(name), _variables(name, world.ids), as_=_whose(name, world)) as feed:
        ready, event = await feed.several(2)
    assert ready == {"__typename": "FeedReady", "cursor": "c1"}
    assert event["cursor"] > "c1"
    assert len(event) > 2


def _whose(name: str, world: World) -> SignedIn[Asker]:
    """Who uses the screen that sends this."""
    return world.client if name in OF_CLIENTS else world.owner


def _variables(name: str, ids: dict[str, str]) -> Any:
    return told(VARIABLES.get(name, {}), ids)


async def _action(world: World) -> str:
    """The token of a letter's link, in a firm that lets clients use it."""
    pay, made = ClientAction.PAY_INVOICES, world.account
    wish = FirmWish(actions_without_login=[pay], software_url="https://clients.firm.test")
    await firm_settings.update(world.by, wish)
    return portal_action.token(
        firms_key(world.by.firm_id),
        firm_id=world.by.firm_id,
        account_id=made.id,
        address_id=made.address,
        action=pay,
        path="/invoices/12",
        at=clock.now(),
    )


async def _link(world: World) -> str:
    """The token of an invitation that lives."""
    return await token_of(UUID(world.ids["pending_address"].partition("_")[2]))


async def _email(api: Api, world: Any) -> str:
    viewer = (await api.ask("{ viewer { ... on TeamMember { email } } }", as_=world.owner))["viewer"]
    return str(viewer["email"])
