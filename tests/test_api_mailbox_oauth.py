"""Mailboxes that sign in by OAuth, over the API: how their secret is given, and that nobody is shown it again (P9)."""

import json
from typing import Any

import pytest

from tests.support.api.client import Api
from tests.support.api.examples import OAUTH, SERVER
from tests.support.database.dump import dump
from tests.support.firm.one_of_everything import World, a_world

CONNECT = """mutation($input: ConnectMailboxInput!) { connectMailbox(input: $input) { errors { message code path }
  mailbox { id address username imap { host } smtp { host } health { state error { message path } } version } } }"""
UPDATE = """mutation($input: UpdateMailboxInput!) { updateMailbox(input: $input) { errors { message code path }
  mailbox { version health { state } } } }"""
JOURNAL = """query($filter: JournalFilter) { journal(filter: $filter, first: 50) {
  nodes { kind changes { field from to } } } }"""
SECRETS = (OAUTH["clientSecret"], OAUTH["refreshToken"], OAUTH["tokenUrl"], OAUTH["clientId"])


async def connected(api: Api, world: World, secret: object) -> Any:
    box = {"address": "second@firm.test", "secret": secret, "imap": SERVER, "smtp": SERVER}
    return (await api.ask(CONNECT, {"input": box}, as_=world.owner))["connectMailbox"]


async def test_it_is_connected_and_changed_and_nobody_is_shown_the_secret_again(api: Api, store: str) -> None:
    world = await a_world()
    told = await connected(api, world, {"oauth": OAUTH})
    assert (told["errors"], told["mailbox"]["health"]["state"]) == ([], "CHECKING")
    box = told["mailbox"]["id"]
    changed = {"id": box, "secret": {"oauth": OAUTH | {"refreshToken": "given anew"}}}
    again = (await api.ask(UPDATE, {"input": changed}, as_=world.owner))["updateMailbox"]
    assert (again["errors"], again["mailbox"]["version"]) == ([], 2)
    journal = await api.ask(JOURNAL, {"filter": {"subjectId": box}}, as_=world.owner)
    assert {"field": "secret", "from": None, "to": None} in journal["journal"]["nodes"][0]["changes"]
    for place in (json.dumps([told, again, journal]), await dump(store)):
        for secret in (*SECRETS, "given anew"):
            assert secret not in place


@pytest.mark.parametrize("secret", [{}, {"password": "a", "oauth": OAUTH}, {"oauth": None}, {"password": None}])
async def test_it_is_a_password_or_oauth_and_never_both_or_neither(api: Api, secret: dict[str, Any]) -> None:
    world = await a_world()
    box = {"address": "second@firm.test", "secret": secret, "imap": SERVER, "smtp": SERVER}
    told = (await api.told(CONNECT, {"input": box}, as_=world.owner)).text
    assert '"errors"' in told
    assert "its secret" not in told


async def test_all_that_is_wrong_is_told_at_once_with_its_place_and_without_its_words(api: Api) -> None:
    world = await a_world()
    wrong = {"tokenUrl": "http://its secret.test", "clientId": "", "clientSecret": "its\nsecret", "refreshToken": " "}
    told = await connected(api, world, {"oauth": wrong})
    parts = ("tokenUrl", "clientId", "refreshToken", "clientSecret")
    assert [error["path"] for error in told["errors"]] == [["secret", "oauth", part] for part in parts]
    assert "its" not in json.dumps([error["message"].replace("its secret", "its") for error in told["errors"]]).split()


async def test_another_server_needs_the_refresh_token_anew(api: Api) -> None:
    world = await a_world()
    box = (await connected(api, world, {"oauth": OAUTH}))["mailbox"]["id"]
    moved = {"id": box, "imap": SERVER | {"host": "imap.thief.test"}}
    told = (await api.ask(UPDATE, {"input": moved}, as_=world.owner))["updateMailbox"]
    assert [error["path"] for error in told["errors"]] == [["secret"]]
    told = (await api.ask(UPDATE, {"input": moved | {"secret": {"oauth": OAUTH}}}, as_=world.owner))["updateMailbox"]
    assert told["errors"] == []
