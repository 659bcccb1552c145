"""A client over the API: signing in, picking and switching, the notice, e-mails and their feed (R19, R36, R37, R47)."""

import re
from typing import Any

import pytest

from models import account, password
from models.errand.running import run_errands
from models.ground import secret_link, store
from tests.support.api.client import Api, TopLevelErrors
from tests.support.api.portal import FRAME, RESET, SELECT, a_box, account_id, two_accounts
from tests.support.database.store import firms_key
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import (
    PASSWORD,
    a_client,
    a_contact,
    a_firm,
    a_member,
    an_account,
    an_address,
    signed_in,
    switched,
)
from tests.support.firm.one_of_everything import PDF, a_letter, a_world

SIGN_IN = f"""mutation($input: SignInInput!) {{ signIn(input: $input) {{ errors {{ code message }}
  viewer {{ __typename ... on PortalUser {{ id address {{ address }} }} }} portal {FRAME} token }} }}"""
PORTAL = f"query($id: ID) {{ portal(accountId: $id) {FRAME} }}"
DISMISS = """mutation($id: ID!) { dismissAccountNotice(input: { accountId: $id }) {
  errors { code } portal { showAccountNotice } } }"""
EMAILS = """{ portal { emails(first: 10) { totalCount feedCursor pageInfo { hasNextPage } nodes {
  id subject text from { address } to { address } cc { address }
  accounts { id } mailbox { id } rawUrl attachments { id name url } } } } }"""
ARRIVED = """subscription($id: ID, $after: Cursor) { emailArrived(accountId: $id, after: $after) {
  __typename ... on EmailArrived { email { subject accounts { id } rawUrl } }
  ... on EmailHistoryArrived { accounts { id } count } } }"""


async def test_a_client_signs_in_picks_switches_and_closes_the_notice_without_signing_in_again(api: Api) -> None:
    by = await a_firm()
    _, first, second = await two_accounts(by)
    browser = api.browser()
    given = {"email": ANNA, "password": PASSWORD}
    told = (await browser.ask(SIGN_IN, {"input": given}))["signIn"]
    assert (told["errors"], told["token"], told["viewer"]["address"]) == ([], None, {"address": ANNA})
    assert [one["name"] for one in told["portal"]["accounts"]] == ["A", "B"]
    assert (told["portal"]["account"], told["portal"]["showAccountNotice"]) == (None, False)
    for made in (first, second):
        told = (await browser.ask(SELECT, {"id": account_id(made)}))["selectAccount"]
        assert told["errors"] == []
        assert told["portal"]["account"] == {"id": account_id(made)}
        assert told["portal"]["showAccountNotice"]
    told = (await browser.ask(DISMISS, {"id": account_id(second)}))["dismissAccountNotice"]
    assert told == {"errors": [], "portal": {"showAccountNotice": False}}
    assert not (await browser.ask(PORTAL))["portal"]["showAccountNotice"]
    given["accountId"] = account_id(second)
    told = (await browser.ask(SIGN_IN, {"input": given}))["signIn"]["portal"]
    assert (told["account"], told["showAccountNotice"]) == ({"id": account_id(second)}, True)


async def test_a_page_of_an_account_that_the_session_has_left_is_told(api: Api) -> None:
    client, first, second = await two_accounts(await a_firm())
    assert (await api.ask(PORTAL, {"id": account_id(first)}, as_=client))["portal"]["account"] is not None
    await api.ask(SELECT, {"id": account_id(second)}, as_=client)
    with pytest.raises(TopLevelErrors) as refused:
        await api.ask(PORTAL, {"id": account_id(first)}, as_=client)
    assert refused.value.codes == ["ACCOUNT_SWITCHED"]
    told = await api.ask(DISMISS, {"id": account_id(first)}, as_=client)
    assert told["dismissAccountNotice"]["errors"] == [{"code": "ACCOUNT_SWITCHED"}]


async def test_the_team_has_no_portal(api: Api) -> None:
    world = await a_world()
    assert (await api.ask(PORTAL, as_=world.owner))["portal"] is None
    for document, name in ((SELECT, "selectAccount"), (DISMISS, "dismissAccountNotice")):
        told = (await api.ask(document, {"id": world.ids["account"]}, as_=world.owner))[name]
        assert told["errors"] == [{"code": "NOT_ALLOWED"}]


async def test_known_or_not_one_verification_and_one_answer(api: Api) -> None:
    by = await a_firm(slug="studio")
    made, off = await an_account(by, address=ANNA, login=True), await an_account(by, address="off@client.test")
    await a_client(by, made)
    await a_client(by, off)
    await switched(by, off.id, off.address, login=False)
    await a_member(by, email="chiara@firm.test")
    wrong: list[dict[str, Any]] = [
        {"email": ANNA},
        {"email": "chiara@firm.test"},
        {"email": "nobody@client.test"},
        {"email": "off@client.test", "password": PASSWORD},
        {"email": ANNA, "password": PASSWORD, "as": "TEAM_MEMBER"},
        {"email": "chiara@firm.test", "password": PASSWORD, "as": "PORTAL_USER"},
        {"email": ANNA, "password": PASSWORD, "firm": "elsewhere"},
        {"email": ANNA, "accountId": account_id(made)},
    ]
    answers = set()
    for each in wrong:
        before = password.verifications()
        answer = await api.told(SIGN_IN, {"input": {"password": "wrong one", **each}})
        answers.add(re.sub(r'"requestId":"\w+"', "", answer.text))
        assert password.verifications() == before + 1, each
    assert len(answers) == 1
    assert "WRONG_CREDENTIALS" in answers.pop()


async def test_a_client_sees_its_own_mail_and_of_a_message_only_what_is_its_to_see(api: Api) -> None:
    by = await a_firm()
    client, first, second = await two_accounts(by)
    await a_letter(by, mailbox_id=await a_box(by), attachment=PDF)
    page = (await api.ask(EMAILS, as_=client))["portal"]["emails"]
    (email,) = page["nodes"]
    assert page["totalCount"] == 1
    assert (email["from"], email["to"]) == ({"address": ANNA}, [{"address": "box@firm.test"}])
    assert email["text"]
    assert (email["accounts"], email["mailbox"], email["rawUrl"]) == ([], None, None)
    (attachment,) = email["attachments"]
    assert (await api.http.get(attachment["url"])).content == PDF
    await switched(by, first.id, first.address, email_sync=False)
    assert (await api.http.get(attachment["url"])).status_code == 404
    await switched(by, first.id, first.address, email_sync=True)
    assert (await api.http.get(attachment["url"])).status_code == 200
    node = "query($id: ID!) { node(id: $id) { ... on Email { subject } } }"
    assert (await api.ask(node, {"id": email["id"]}, as_=client))["node"] == {"subject": "Invoice 12"}
    await api.ask(SELECT, {"id": account_id(second)}, as_=client)
    assert (await api.ask(node, {"id": email["id"]}, as_=client))["node"] is None
    assert (await api.ask(EMAILS, as_=client))["portal"]["emails"]["totalCount"] == 0
    assert (await api.http.get(attachment["url"])).status_code == 404


async def test_pages_of_a_clients_mail(api: Api) -> None:
    by = await a_firm()
    client, *_ = await two_accounts(by)
    box = await a_box(by)
    for n in range(3):
        await a_letter(by, mailbox_id=box, subject=str(n))
    document = """query($after: String) { portal { emails(first: 2, after: $after) {
      nodes { subject } pageInfo { hasNextPage endCursor } } } }"""
    first = (await api.ask(document, as_=client))["portal"]["emails"]
    after = {"after": first["pageInfo"]["endCursor"]}
    second = (await api.ask(document, after, as_=client))["portal"]["emails"]
    assert [one["subject"] for one in first["nodes"] + second["nodes"]] == ["2", "1", "0"]
    assert not second["pageInfo"]["hasNextPage"]


async def test_new_mail_of_the_account_in_use_is_told_and_no_other(api: Api) -> None:
    by = await a_firm()
    client, first, _ = await two_accounts(by)
    bruno, box = "bruno@client.test", await a_box(by)
    await a_contact(by, bruno, name="Bruno", on=first.id)
    await switched(by, first.id, await an_address(by, bruno), email_sync=True)
    async with api.follow(ARRIVED, {"id": account_id(first)}, as_=client) as feed:
        assert (await feed.next())["__typename"] == "FeedReady"
        await a_letter(by, mailbox_id=box, sender=bruno, subject="Not Anna's")
        await a_letter(by, mailbox_id=box, subject="Hers")
        assert await feed.next() == {
            "__typename": "EmailArrived", "email": {"subject": "Hers", "accounts": [], "rawUrl": None}
        }  # fmt: skip


async def test_history_is_told_without_how_much_there_was_of_others(api: Api) -> None:
    by = await a_firm()
    client, first, second = await two_accounts(by)
    await a_letter(by, mailbox_id=await a_box(by))
    await api.ask(SELECT, {"id": account_id(second)}, as_=client)
    async with api.follow(ARRIVED, as_=client) as feed:
        await feed.next()
        await switched(by, second.id, first.address, email_sync=True)
        assert await feed.next() == {"__typename": "EmailHistoryArrived", "accounts": [], "count": 0}


async def test_a_client_is_told_that_its_own_email_sync_was_switched_and_nobody_elses(api: Api) -> None:
    """R19: its list is another one now. The team's lists stay as they are."""
    by = await a_firm()
    client, made, _ = await two_accounts(by)
    box, bruno = await a_box(by), await a_contact(by, "bruno@client.test", name="Bruno", on=made.id)
    assert bruno
    other = await an_address(by, "bruno@client.test")
    async with api.follow(ARRIVED, as_=client) as feed, api.follow(ARRIVED, as_=await signed_in(by)) as teams:
        await feed.next()
        await teams.next()
        await switched(by, made.id, made.address, notify=True)
        await switched(by, made.id, other, email_sync=True)
        await switched(by, made.id, made.address, email_sync=False)
        afresh = {"__typename": "EmailHistoryArrived", "accounts": [], "count": 0}
        assert await feed.next() == afresh
        await switched(by, made.id, made.address, email_sync=True)
        assert await feed.next() == afresh
        await a_letter(by, mailbox_id=box, subject="Next")
        for follower in (feed, teams):
            assert (await follower.next())["email"]["subject"] == "Next"


async def test_picking_another_account_ends_what_is_followed_on_the_old_one(api: Api) -> None:
    client, first, second = await two_accounts(await a_firm())
    async with api.follow(ARRIVED, {"id": account_id(first)}, as_=client) as feed:
        await feed.next()
        await api.ask(SELECT, {"id": account_id(second)}, as_=client)
        assert await feed.closed() == 4403
    async with api.follow(ARRIVED, {"id": account_id(first)}, as_=client) as feed:
        with pytest.raises(TopLevelErrors) as refused:
            await feed.next()
        assert refused.value.codes == ["ACCOUNT_SWITCHED"]


async def test_what_is_followed_ends_at_once_with_the_account_and_the_others_go_on(api: Api) -> None:
    by = await a_firm()
    client, first, second = await two_accounts(by)
    given = {"email": ANNA, "password": PASSWORD, "accountId": account_id(second), "session": "BEARER"}
    elsewhere = str((await api.ask(SIGN_IN, {"input": given}))["signIn"]["token"])
    async with api.follow(ARRIVED, as_=client) as lost, api.follow(ARRIVED, as_=elsewhere) as goes_on:
        await lost.next()
        await goes_on.next()
        await switched(by, first.id, first.address, login=False)
        assert (await api.ask(PORTAL, as_=client))["portal"]["account"] is None
        assert await lost.closed() == 4403
        await switched(by, second.id, first.address, email_sync=True)
        await a_letter(by, mailbox_id=await a_box(by), subject="Later")
        told = [event["__typename"] for event in await goes_on.several(2)]
        assert told == ["EmailHistoryArrived", "EmailArrived"], "what was switched, then what came"


@pytest.mark.parametrize("feed", ["inboxNotifications", "togglesChanged"])
async def test_the_feeds_of_the_team_are_not_for_clients(api: Api, feed: str) -> None:
    client, *_ = await two_accounts(await a_firm())
    async with api.follow(f"subscription {{ {feed} {{ __typename }} }}", as_=client) as following:
        with pytest.raises(TopLevelErrors) as refused:
            await following.next()
    assert refused.value.codes == ["FORBIDDEN"]


SET = """mutation($input: ResetPasswordInput!) { resetPassword(input: $input) {
  errors { __typename code path ... on DeadLink { reason } } } }"""


async def test_a_forgotten_password_is_set_anew_by_the_link_which_ends_what_was_open(api: Api) -> None:
    client, *_ = await two_accounts(await a_firm())
    answers = set()
    for n, email in enumerate((ANNA, "nobody@client.test")):
        answer = await api.told(RESET, {"input": {"email": email, "idempotencyKey": str(n)}})
        answers.add(re.sub(r'"requestId":"\w+"', "", answer.text))
    assert len(answers) == 1
    assert await run_errands() == 2
    row = await store.row("SELECT id, firm_id, seed FROM password_reset")
    assert row is not None
    given = {
        "token": secret_link.token(firms_key(row["firm_id"]), "reset", row["id"], row["seed"]),
        "password": "password1",
    }
    async with api.follow(ARRIVED, as_=client) as feed:
        await feed.next()
        (weak,) = (await api.ask(SET, {"input": given}))["resetPassword"]["errors"]
        assert (weak["code"], weak["path"]) == ("WEAK_PASSWORD", ["password"])
        given["password"] = "battery staple"
        assert (await api.ask(SET, {"input": given}))["resetPassword"]["errors"] == []
        assert await feed.closed() == 4403
    (dead,) = (await api.ask(SET, {"input": given}))["resetPassword"]["errors"]
    assert (dead["__typename"], dead["reason"]) == ("DeadLink", "USED")
    told = (await api.ask(SIGN_IN, {"input": {"email": ANNA, "password": "battery staple"}}))["signIn"]
    assert told["errors"] == []


async def test_an_archived_account_is_gone_from_the_portal(api: Api) -> None:
    by = await a_firm()
    client, first, _ = await two_accounts(by)
    await account.archive(by, first.id, archived=True)
    told = (await api.ask(PORTAL, as_=client))["portal"]
    assert ([one["name"] for one in told["accounts"]], told["account"]) == (["B"], None)
