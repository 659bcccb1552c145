"""Notification preferences over the API: the team sets those of anybody, a client its own (R13, R36)."""

from typing import Any

import pytest

from graph.ids import Kind, global_id
from models import account, api_token, contact, firm_settings
from models.contact import ContactEmail, FieldRef
from models.firm_settings import FirmWish
from models.notification_category import NotificationCategory
from models.viewer import ApiScope
from tests.support.api.client import Api, As
from tests.support.api.portal import two_accounts
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import PASSWORD, MadeAccount, a_client, a_firm, an_account, signed_in, switched
from tests.support.firm.one_of_everything import a_world, everything
from tests.support.firm.preferences import muted, preferred

SET = """mutation($toggles: [TogglesPreferencesInput!]!) {
  setNotificationPreferences(input: { toggles: $toggles }) {
    errors { __typename code path message ... on Conflict { current { ... on Toggles { version } } } } cursor
    toggles { version notify notificationPreferences { category on } }
    portal { account { name } notify maySetPreferences notificationPreferences { category on } } } }"""
OWN = "{ portal { account { name } notify maySetPreferences notificationPreferences { category on } } }"
MESSAGES = NotificationCategory.MESSAGES


def wish(made: MadeAccount, *off: str, address_id: str | None = None, **more: Any) -> dict[str, Any]:
    own = global_id(Kind.EMAIL_ADDRESS, made.address)
    where = {"accountId": global_id(Kind.ACCOUNT, made.id), "addressId": address_id or own}
    return {**where, "preferences": [{"category": category, "on": False} for category in off], **more}


async def said(api: Api, who: As, *wishes: dict[str, Any]) -> Any:
    return (await api.ask(SET, {"toggles": list(wishes)}, as_=who))["setNotificationPreferences"]


def off(preferences: list[dict[str, Any]]) -> list[str]:
    assert [each["category"] for each in preferences] == list(NotificationCategory), "all eight, in the enum's order"
    return [each["category"] for each in preferences if not each["on"]]


async def test_the_team_sets_them_and_is_told_the_toggles_as_they_are_now(api: Api) -> None:
    by = await a_firm()
    owner, one, two = await signed_in(by), await an_account(by, notify=True), await an_account(by)
    told = await said(api, owner, wish(one, "PROPOSALS", "MESSAGES"), wish(two, *NotificationCategory))
    assert (told["errors"], told["portal"]) == ([], None)
    assert [off(each["notificationPreferences"]) for each in told["toggles"]] == [
        ["MESSAGES", "PROPOSALS"],
        list(NotificationCategory),
    ]
    assert [(each["version"], each["notify"]) for each in told["toggles"]] == [(3, True), (2, False)]
    assert told["cursor"]


async def test_what_changed_is_in_the_feed_with_the_cursor_of_the_change_and_in_the_journal(api: Api) -> None:
    by = await a_firm()
    owner, made = await signed_in(by), await an_account(by)
    changed = """subscription { togglesChanged { __typename ... on FeedEvent { cursor } ... on TogglesChanged {
      actor { ... on TeamMember { name } } toggles { notificationPreferences { category on } } } } }"""
    async with api.follow(changed, as_=owner) as feed:
        await feed.next()
        told = await said(api, owner, wish(made, "MESSAGES"))
        event = await feed.next()
    assert (event["cursor"], event["actor"]) == (told["cursor"], {"name": "Chiara"})
    assert [off(each["notificationPreferences"]) for each in event["toggles"]] == [["MESSAGES"]]
    journal = """{ journal(filter: { kinds: [PREFERENCES_CHANGED] }) { nodes {
      kind account { name } subject { __typename } changes { field from to } } } }"""
    (entry,) = (await api.ask(journal, as_=owner))["journal"]["nodes"]
    assert entry == {
        "kind": "PREFERENCES_CHANGED",
        "account": {"name": "Vetreria Valsecchi"},
        "subject": {"__typename": "Toggles"},
        "changes": [{"field": "MESSAGES", "from": "true", "to": "false"}],
    }


async def test_a_conflict_brings_the_present_toggles_and_changes_nothing(api: Api) -> None:
    by = await a_firm()
    owner, one, two = await signed_in(by), await an_account(by), await an_account(by)
    await said(api, owner, wish(two, "MESSAGES"))
    before = await everything()
    told = await said(api, owner, wish(one, "MESSAGES"), wish(two, "APPROVALS", expectedVersion=1))
    (error,) = told["errors"]
    assert (error["__typename"], error["path"], error["current"]) == ("Conflict", ["toggles", "1"], {"version": 2})
    assert (told["toggles"], told["cursor"]) == (None, None)
    assert await everything() == before


async def test_a_client_sets_its_own_in_the_account_in_use_and_nowhere_else(api: Api) -> None:
    by = await a_firm()
    client, first, second = await two_accounts(by)
    await switched(by, first.id, first.address, notify=True)
    told = await said(api, client, wish(first, "MESSAGES"))
    assert (told["errors"], told["toggles"]) == ([], None)
    assert off(told["portal"].pop("notificationPreferences")) == ["MESSAGES"]
    assert told["portal"] == {"account": {"name": "A"}, "notify": True, "maySetPreferences": True}
    assert told["cursor"]
    before = await everything()
    anothers = global_id(Kind.EMAIL_ADDRESS, second.address)
    nowhere = global_id(Kind.EMAIL_ADDRESS, by.firm_id)
    for asked, code, path in (
        (wish(first, "PROPOSALS", address_id=anothers), "NOT_FOUND", ["toggles", "0"]),
        (wish(first, "PROPOSALS", address_id=nowhere), "NOT_FOUND", ["toggles", "0"]),
        (wish(second, "PROPOSALS", address_id=global_id(Kind.EMAIL_ADDRESS, first.address)), "ACCOUNT_SWITCHED", None),
        (wish(second, "PROPOSALS"), "ACCOUNT_SWITCHED", ["toggles", "0", "accountId"]),
    ):
        (error,) = (await said(api, client, asked))["errors"]
        assert error["code"] == code
        assert path in (None, error["path"])
    (error,) = (await said(api, client, wish(first, "PROPOSALS"), wish(first, "APPROVALS")))["errors"]
    assert (error["code"], error["path"]) == ("INVALID", ["toggles"])
    assert await everything() == before


async def test_a_client_cannot_switch_notify_itself(api: Api) -> None:
    client, first, _ = await two_accounts(await a_firm())
    asked = {key: value for key, value in wish(first).items() if key != "preferences"} | {"notify": True}
    document = "mutation($t: TogglesInput!) { setToggles(input: { toggles: [$t] }) { errors { code } } }"
    told = await api.ask(document, {"t": asked}, as_=client)
    assert told["setToggles"]["errors"] == [{"code": "NOT_ALLOWED"}]


async def test_a_firm_that_locks_them_keeps_clients_out_and_the_team_goes_on(api: Api) -> None:
    by = await a_firm()
    client, first, _ = await two_accounts(by)
    owner = await signed_in(by)
    await said(api, client, wish(first, "MESSAGES"))
    await firm_settings.update(by, FirmWish(clients_may_set_preferences=False))
    told = (await api.ask(OWN, as_=client))["portal"]
    assert (told["maySetPreferences"], off(told["notificationPreferences"])) == (False, ["MESSAGES"])
    (error,) = (await said(api, client, wish(first, "PROPOSALS")))["errors"]
    assert (error["code"], error["path"]) == ("PREFERENCES_LOCKED", [])
    assert (await said(api, owner, wish(first, "PROPOSALS")))["errors"] == []
    await firm_settings.update(by, FirmWish(clients_may_set_preferences=True))
    told = await said(api, client, wish(first, "APPROVALS"))
    assert off(told["portal"]["notificationPreferences"]) == ["APPROVALS", "MESSAGES", "PROPOSALS"]


async def test_until_a_client_has_picked_an_account_the_portal_shows_none(api: Api) -> None:
    by = await a_firm()
    client, first, second = await two_accounts(by)
    for made in (first, second):
        await switched(by, made.id, first.address, notify=True)
    signed = """mutation($email: String!, $password: String!) {
      signIn(input: { email: $email, password: $password, session: BEARER }) { token } }"""
    token = (await api.ask(signed, {"email": ANNA, "password": PASSWORD}))["signIn"]["token"]
    told = (await api.ask(OWN, as_=token))["portal"]
    assert told == {"account": None, "notify": False, "maySetPreferences": False, "notificationPreferences": []}
    (error,) = (await said(api, token, wish(first, "MESSAGES")))["errors"]
    assert error["code"] == "ACCOUNT_SWITCHED"
    assert (await api.ask(OWN, as_=client))["portal"]["notify"]


async def test_an_address_that_no_contact_holds_any_more_cannot_set_them(api: Api) -> None:
    """An unlinked email still enters (R34), and is told nothing."""
    by = await a_firm()
    made = await an_account(by)
    client = await a_client(by, made)
    await preferred(by, made.id, made.address, MESSAGES)
    await contact.update(by, made.contact, emails=[ContactEmail(FieldRef(name="Email"), None)])
    assert (await api.ask(OWN, as_=client))["portal"]["maySetPreferences"] is False
    on = wish(made) | {"preferences": [{"category": "MESSAGES", "on": True}]}
    (error,) = (await said(api, client, on))["errors"]
    assert (error["code"], error["path"]) == ("NOT_LINKED", ["toggles", "0", "preferences", "0", "on"])


async def test_a_client_who_lost_the_account_changes_nothing_there(api: Api) -> None:
    by = await a_firm()
    client, first, _ = await two_accounts(by)
    await account.archive(by, first.id, archived=True)
    before = await everything()
    (error,) = (await said(api, client, wish(first, "MESSAGES")))["errors"]
    assert error["code"] == "ACCOUNT_SWITCHED"
    assert await everything() == before


@pytest.mark.parametrize(("scopes", "may"), [([ApiScope.READ], False), ([ApiScope.WRITE], True)])
async def test_a_token_sets_them_by_its_scopes(api: Api, scopes: list[ApiScope], may: bool) -> None:
    world = await a_world()
    token = (await api_token.create(world.owner.viewer, name="Export", scopes=scopes)).token
    body = (await api.told(SET, {"toggles": [wish(world.account, "MESSAGES")]}, as_=token)).json()
    payload = (body.get("data") or {}).get("setNotificationPreferences")
    assert bool(payload and payload["errors"] == []) is may
    assert await muted(world.owner.viewer, world.account.id, world.account.address) == ({MESSAGES} if may else set())


async def test_a_category_that_is_none_is_told_before_anything_is_done(api: Api) -> None:
    by = await a_firm()
    owner, made = await signed_in(by), await an_account(by)
    before = await everything()
    for wrong in ("GOSSIP", "messages", None, 7):
        asked = wish(made) | {"preferences": [{"category": wrong, "on": False}]}
        body = (await api.told(SET, {"toggles": [asked]}, as_=owner)).json()
        assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_USER_INPUT"]
    assert await everything() == before


async def test_a_link_starts_with_preferences_and_says_where_one_stands_twice(api: Api) -> None:
    by = await a_firm()
    owner = await signed_in(by)
    document = """mutation($input: CreateAccountInput!) { createAccount(input: $input) {
      errors { code path } account { toggles { notify notificationPreferences { category on } } } } }"""

    def new(*categories: str) -> dict[str, Any]:
        named = [{"category": category, "on": False} for category in categories]
        email = {"field": {"name": "Email"}, "address": "anna@x.test"}
        email["toggles"] = {"notify": True, "notificationPreferences": named}
        return {"name": "A", "kind": "OTHER", "contacts": [{"new": {"name": "Anna", "emails": [email]}}]}

    told = (await api.ask(document, {"input": new("MESSAGES", "MESSAGES")}, as_=owner))["createAccount"]
    path = "contacts 0 new emails 0 toggles notificationPreferences 1 category"
    assert told == {"errors": [{"code": "INVALID", "path": path.split()}], "account": None}
    told = (await api.ask(document, {"input": new("ORGANIZERS")}, as_=owner))["createAccount"]
    (toggles,) = told["account"]["toggles"]
    assert (toggles["notify"], off(toggles["notificationPreferences"])) == (True, ["ORGANIZERS"])
