"""What Login means, shown once from end to end on `make run`: invited, activated, two accounts, revoked at once."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from mail.demo import read
from tests.support.database.postgres import open_folder
from tests.support.processes.demo import Hearing, ask, feeds, owner_of
from tests.support.processes.switchboard import Running, running

ACCOUNTS = """{ accounts(first: 100) { nodes { id loginIndicator
  toggles { contacts { id } address { id address } } } } }"""
LINK = """mutation ($account: ID!, $contact: ID!) {
  linkContact(input: { accountId: $account, contactId: $contact }) { errors { message } } }"""
SWITCH = """mutation ($toggles: [TogglesInput!]!) { setToggles(input: { toggles: $toggles }) {
  errors { message } toggles { loginState invitation { state } } } }"""
CHANGES = """subscription ($after: Cursor) { togglesChanged(after: $after) { __typename ... on FeedEvent { cursor }
  ... on TogglesChanged { accounts { id loginStatus loginIndicator } toggles { invitation { state } } } } }"""
OFFER = "query ($token: String!) { invitationOffer(token: $token) { firmName accountName address dead } }"
ACCEPT = """mutation ($token: String!, $password: String!) {
  acceptInvitation(input: { token: $token, password: $password, session: BEARER }) {
    token errors { code message } viewer { __typename } portal { accounts { id } account { id } } } }"""
SIGN_IN = """mutation ($email: String!, $password: String!) { signIn(input: {
  email: $email, password: $password, as: PORTAL_USER, session: BEARER }) {
    token errors { code } portal { account { id } } } }"""
SELECT = """mutation ($id: ID!) { selectAccount(input: { accountId: $id }) {
  errors { code } portal { account { id } showAccountNotice } } }"""
PORTAL = "{ portal { accounts { id } account { id } } }"
ARRIVALS = """subscription ($after: Cursor) { emailArrived(after: $after) {
  __typename ... on FeedEvent { cursor } } }"""
PASSWORD = "a quiet lake at dusk"


@dataclass(frozen=True)
class Newcomer:
    """An address whose Login is off on two accounts."""

    address: str
    address_id: str
    first: str
    second: str


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Running]:
    with open_folder("var") as var, running("demo", output=tmp_path / "said", var=var) as demo:
        await asyncio.to_thread(demo.until_said, "Ctrl-C stops everything")
        yield demo


async def test_a_client_is_invited_activates_works_in_two_accounts_and_loses_one_at_once(demo: Running) -> None:
    owner = await owner_of(demo)
    newcomer = await _somebody_on_two_accounts(demo, owner)
    async with feeds(demo, owner, changes=(CHANGES, None)) as hear:
        token = await _invited(demo, owner, newcomer, hear)
        await _looked_at_by_a_scanner(demo, token)
        await _activated(demo, token, newcomer, hear)
    await _works_in_both_and_loses_the_second(demo, owner, newcomer)


async def _somebody_on_two_accounts(demo: Running, owner: str) -> Newcomer:
    """Of an account where nobody may enter, linked to a second one, too."""
    accounts = (await ask(demo, owner, ACCOUNTS))["nodes"]
    beige = [each for each in accounts if each["loginIndicator"] == "BEIGE" and each["toggles"]]
    first, second, (held, *_) = beige[0]["id"], beige[1]["id"], beige[0]["toggles"]
    linked = await ask(demo, owner, LINK, {"account": second, "contact": held["contacts"][0]["id"]})
    assert linked == {"errors": []}
    return Newcomer(held["address"]["address"], held["address"]["id"], first, second)


async def _invited(demo: Running, owner: str, newcomer: Newcomer, hear: Hearing) -> str:
    """The token of the link in the letter."""
    wanted = [
        {"accountId": newcomer.first, "addressId": newcomer.address_id, "login": True, "invite": {"message": "Hello!"}},
        {"accountId": newcomer.second, "addressId": newcomer.address_id, "login": True, "invite": {}},
    ]
    told = await ask(demo, owner, SWITCH, {"toggles": wanted})
    assert told["errors"] == []
    assert {one["loginState"] for one in told["toggles"]} == {"PENDING"}
    await hear.until(lambda: _indicators(hear, newcomer.first) == [("PENDING", "GREEN")])
    await hear.until(lambda: "SENT" in _states(hear))
    letters = await asyncio.to_thread(_letters, demo, newcomer.address)
    assert len(letters) == 1
    [token] = set(re.findall(r"/invitation/([\w.-]+)", letters[0]))
    assert "Hello!" in letters[0]
    return str(token)


def _letters(demo: Running, address: str) -> list[str]:
    """As its mailbox has them, the newest first."""
    found = read.letters(port=demo.imap_port)
    return [read.shown(each) for each in found if read.is_to(each, address)]


def _indicators(hear: Hearing, account_id: str) -> list[tuple[str, str]]:
    """How the account was said to be, each state once."""
    events = (one for one in hear.events["changes"] if one["__typename"] == "TogglesChanged")
    shown = [each for one in events for each in one["accounts"] if each["id"] == account_id]
    return list(dict.fromkeys((each["loginStatus"], each["loginIndicator"]) for each in shown))


def _states(hear: Hearing) -> set[str]:
    events = (one for one in hear.events["changes"] if one["__typename"] == "TogglesChanged")
    return {each["invitation"]["state"] for one in events for each in one["toggles"] if each["invitation"]}


async def _looked_at_by_a_scanner(demo: Running, token: str) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{demo.port}") as http:
        pages = [await http.get(f"/invitation/{token}") for _ in range(3)]
    assert {page.status_code for page in pages} == {200}
    assert (await ask(demo, None, OFFER, {"token": token}))["dead"] is None


async def _activated(demo: Running, token: str, newcomer: Newcomer, hear: Hearing) -> None:
    accepted = await ask(demo, None, ACCEPT, {"token": token, "password": PASSWORD})
    assert accepted["errors"] == []
    assert accepted["viewer"] == {"__typename": "PortalUser"}
    assert {one["id"] for one in accepted["portal"]["accounts"]} == {newcomer.first, newcomer.second}
    await hear.until(lambda: ("ACTIVE", "GREEN") in _indicators(hear, newcomer.first))
    again = await ask(demo, None, ACCEPT, {"token": token, "password": PASSWORD})
    assert [one["code"] for one in again["errors"]] == ["DEAD_LINK"]
    assert (await ask(demo, None, OFFER, {"token": token}))["dead"] == "USED"


async def _works_in_both_and_loses_the_second(demo: Running, owner: str, newcomer: Newcomer) -> None:
    signed_in = await ask(demo, None, SIGN_IN, {"email": newcomer.address, "password": PASSWORD})
    client = signed_in["token"]
    assert signed_in["portal"]["account"] is None
    for account in (newcomer.first, newcomer.second):
        picked = await ask(demo, client, SELECT, {"id": account})
        assert picked == {"errors": [], "portal": {"account": {"id": account}, "showAccountNotice": True}}
    async with feeds(demo, client, arrivals=(ARRIVALS, None)) as hear:
        off = [{"accountId": newcomer.second, "addressId": newcomer.address_id, "login": False}]
        assert (await ask(demo, owner, SWITCH, {"toggles": off}))["errors"] == []
        assert await hear.closed() == 4403
    assert (await ask(demo, client, PORTAL)) == {"accounts": [{"id": newcomer.first}], "account": None}
    assert (await ask(demo, client, SELECT, {"id": newcomer.first}))["errors"] == []
