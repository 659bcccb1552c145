"""Changing things over the API: absent and null, versions, idempotency keys, cursors."""

from typing import Any

import pytest

from tests.support.api.client import Api
from tests.support.firm.one_of_everything import World, a_world, everything

UPDATE_ACCOUNT = """mutation($input: UpdateAccountInput!) { updateAccount(input: $input) {
  errors { __typename code path ... on Conflict { current { id ... on Account { name version } } } }
  account { code name kind version } cursor } }"""
UPDATE_CONTACT = """mutation($input: UpdateContactInput!) { updateContact(input: $input) {
  errors { __typename code path ... on Conflict { current { id ... on Contact { name version } } } }
  contact { name version emails { field { name } address { address } } } cursor } }"""
UPDATE_MAILBOX = """mutation($input: UpdateMailboxInput!) { updateMailbox(input: $input) {
  errors { __typename code path ... on Conflict { current { id ... on Mailbox { version } } } }
  mailbox { sentFolder username owner { id } imap { host port security } health { state } version } cursor } }"""
SET = """mutation($input: SetTogglesInput!) { setToggles(input: $input) {
  errors { __typename code path ... on Conflict { current { id ... on Toggles { notify version } } } }
  toggles { login notify emailSync version } cursor } }"""


async def _said(api: Api, world: World, document: str, **values: Any) -> Any:
    (answer,) = (await api.ask(document, {"input": values}, as_=world.owner)).values()
    return answer


async def test_what_is_absent_stays_and_what_is_null_is_cleared_or_refused(api: Api) -> None:
    world = await a_world()
    box = {"id": world.ids["mailbox"]}
    told = await _said(api, world, UPDATE_MAILBOX, **box, sentFolder="Sent", ownerId=world.ids["member"])
    assert (told["mailbox"]["sentFolder"], told["mailbox"]["owner"]) == ("Sent", {"id": world.ids["member"]})
    told = await _said(api, world, UPDATE_MAILBOX, **box, username="other", secret={"password": "theirs"})
    assert (told["mailbox"]["sentFolder"], told["mailbox"]["owner"]) == ("Sent", {"id": world.ids["member"]})
    told = await _said(api, world, UPDATE_MAILBOX, **box, sentFolder=None, ownerId=None)
    assert (told["mailbox"]["sentFolder"], told["mailbox"]["owner"]) == (None, None)
    assert told["mailbox"]["username"] == "other"
    before = await everything()
    for cleared in ("name", "code"):
        told = await _said(api, world, UPDATE_ACCOUNT, id=world.ids["account"], **{cleared: None})
        assert [(error["code"], error["path"]) for error in told["errors"]] == [("INVALID", [cleared])]
    told = await _said(api, world, UPDATE_CONTACT, id=world.ids["contact"], name=None)
    assert told["errors"][0]["code"] == "INVALID"
    assert await everything() == before


async def test_an_update_of_nothing_changes_nothing_and_has_no_cursor(api: Api) -> None:
    world = await a_world()
    before = await everything()
    for document, noun in ((UPDATE_ACCOUNT, "account"), (UPDATE_CONTACT, "contact"), (UPDATE_MAILBOX, "mailbox")):
        told = await _said(api, world, document, id=world.ids[noun])
        assert (told["errors"], told["cursor"]) == ([], None)
        assert told[noun]["version"] >= 1
    told = await _said(api, world, SET, toggles=[_toggles(world, login=None, notify=True)])
    assert (told["errors"], told["cursor"]) == ([], None)
    assert await everything() == before


def _toggles(world: World, **switches: Any) -> dict[str, Any]:
    return {"accountId": world.ids["account"], "addressId": world.ids["address"]} | switches


async def test_a_null_address_empties_its_field_and_the_others_stay(api: Api) -> None:
    world = await a_world()
    work = {"field": {"name": "Work email"}, "address": "work@client.test"}
    told = await _said(api, world, UPDATE_CONTACT, id=world.ids["contact"], emails=[work])
    assert [one["field"]["name"] for one in told["contact"]["emails"]] == ["Email", "Work email"]
    told = await _said(api, world, UPDATE_CONTACT, id=world.ids["contact"], emails=[work | {"address": None}])
    assert [one["address"]["address"] for one in told["contact"]["emails"]] == ["anna@client.test"]


@pytest.mark.parametrize(
    ("document", "noun", "change"),
    [
        (UPDATE_ACCOUNT, "account", {"name": "Mine"}),
        (UPDATE_CONTACT, "contact", {"name": "Mine"}),
        (UPDATE_MAILBOX, "mailbox", {"sentFolder": "Mine"}),
    ],
)
async def test_an_old_version_is_a_conflict_that_brings_the_present_state(
    api: Api, document: str, noun: str, change: dict[str, str]
) -> None:
    world = await a_world()
    seen = (await _said(api, world, document, id=world.ids[noun]))[noun]["version"]
    theirs = await _said(
        api, world, document, id=world.ids[noun], expectedVersion=seen, **dict.fromkeys(change, "Theirs")
    )
    assert theirs["errors"] == []
    before = await everything()
    told = await _said(api, world, document, id=world.ids[noun], expectedVersion=seen, **change)
    (error,) = told["errors"]
    assert (error["__typename"], error["code"]) == ("Conflict", "CHANGED_MEANWHILE")
    assert error["current"]["id"] == world.ids[noun]
    assert error["current"]["version"] == theirs[noun]["version"] == seen + 1
    assert error["current"].get("name", "Theirs") == "Theirs"
    assert told[noun] is None
    assert await everything() == before


async def test_switches_that_somebody_changed_are_a_conflict_too(api: Api) -> None:
    world = await a_world()
    (seen,) = (await _said(api, world, SET, toggles=[_toggles(world)]))["toggles"]
    await _said(api, world, SET, toggles=[_toggles(world, notify=False)])
    before = await everything()
    told = await _said(api, world, SET, toggles=[_toggles(world, login=False, expectedVersion=seen["version"])])
    (error,) = told["errors"]
    assert error["path"][:2] == ["toggles", "0"]
    assert error["current"] == {"id": world.ids["toggles"], "notify": False, "version": seen["version"] + 1}
    assert await everything() == before


WITH_KEYS: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "createAccount": ({"name": "Nuova", "kind": "COMPANY"}, "account { id code }", {"name": "Altra"}),
    "createContact": ({"name": "Bruno"}, "contact { id }", {"name": "Carla"}),
    "createEmailField": ({"name": "Holiday email"}, "emailField { id }", {"name": "Other email"}),
    "createApiToken": ({"name": "Export", "scopes": ["READ"]}, "apiToken { id }", {"scopes": ["READ", "WRITE"]}),
}


@pytest.mark.parametrize("name", WITH_KEYS)
async def test_the_same_key_and_input_give_the_same_answer_and_another_input_is_refused(api: Api, name: str) -> None:
    world = await a_world()
    values, asked, other = WITH_KEYS[name]
    kind = name[0].upper() + name[1:]
    document = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ errors {{ code path }} {asked} cursor }} }}"
    first = await _said(api, world, document, **values, idempotencyKey="k")
    assert first["errors"] == []
    assert first["cursor"]
    before = await everything()
    assert await _said(api, world, document, **values, idempotencyKey="k") == first
    told = await _said(api, world, document, **(values | other), idempotencyKey="k")
    assert told["errors"] == [{"code": "IDEMPOTENCY_KEY_REUSED", "path": ["idempotencyKey"]}]
    for key in ("", "x" * 101, "a\nb"):
        told = await _said(api, world, document, **values, idempotencyKey=key)
        assert told["errors"] == [{"code": "INVALID", "path": ["idempotencyKey"]}]
    assert await everything() == before


async def test_switching_twice_under_one_key_does_it_once(api: Api) -> None:
    world = await a_world()
    off = {"toggles": [_toggles(world, notify=False)], "idempotencyKey": "off"}
    first = await _said(api, world, SET, **off)
    await _said(api, world, SET, toggles=[_toggles(world, notify=True)])
    again = await _said(api, world, SET, **off)
    assert again["cursor"] == first["cursor"]
    assert again["toggles"][0]["notify"] is True, "as it is now; the key did its work long ago"


async def test_the_cursor_of_a_change_is_that_of_its_event(api: Api) -> None:
    world = await a_world()
    async with api.follow("subscription { togglesChanged { ... on FeedEvent { cursor } } }", as_=world.owner) as feed:
        await feed.next()
        told = await _said(api, world, SET, toggles=[_toggles(world, login=False)])
        assert await feed.next() == {"cursor": told["cursor"]}


async def test_of_two_changes_in_one_document_the_second_sees_the_first(api: Api) -> None:
    world = await a_world()
    document = """mutation($id: ID!) {
      a: updateAccount(input: { id: $id, name: "A" }) { account { name } }
      b: archiveAccount(input: { id: $id, archived: true }) { account { name archived loginStatus } } }"""
    told = await api.ask(document, {"id": world.ids["account"]}, as_=world.owner)
    assert told["a"]["account"] == {"name": "A"}
    assert told["b"]["account"] == {"name": "A", "archived": True, "loginStatus": "OFFLINE"}
