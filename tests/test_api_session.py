"""Signing in and out over the API: bearer tokens, cookies, and what ends with a session."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from graph.engine.transport.origin import CSRF_HEADER
from models.ground import clock, store
from models.viewer import TeamRole
from tests.support.api.client import Api, Browser, TopLevelErrors
from tests.support.firm.cast import CHIARA
from tests.support.firm.factories import PASSWORD, a_firm, a_member, signed_in, switched
from tests.support.firm.one_of_everything import a_world

SIGN_IN = """mutation($input: SignInInput!) { signIn(input: $input) {
  errors { __typename code message path ... on RateLimited { retryAt } }
  viewer { ... on TeamMember { email } } token } }"""
SIGN_OUT = "mutation($everywhere: Boolean!) { signOut(input: { everywhere: $everywhere }) { errors { code } } }"
WHO = "{ viewer { ... on TeamMember { email } } }"
TOGGLES = "subscription { togglesChanged { __typename } }"
COOKIE, DEVICE = "__Host-switchboard", "__Host-switchboard-device"


def given(email: str = CHIARA, password: str = PASSWORD, **more: object) -> dict[str, object]:
    return {"input": {"email": email, "password": password, **more}}


async def a_browser(api: Api) -> Browser:
    """Signed in as EMAIL."""
    browser = api.browser()
    told = (await browser.ask(SIGN_IN, given()))["signIn"]
    assert told == {"errors": [], "viewer": {"email": CHIARA}, "token": None}
    return browser


async def a_bearer(api: Api) -> str:
    told = (await api.ask(SIGN_IN, given(session="BEARER")))["signIn"]
    return str(told["token"])


async def test_a_browser_gets_a_cookie_that_no_script_and_no_other_host_sees(api: Api) -> None:
    await a_member(await a_firm(), email=CHIARA)
    answer = await api.told(SIGN_IN, given())
    cookies = dict(one.split("=", 1) for one in answer.headers.get_list("set-cookie"))
    assert set(cookies) == {COOKIE, DEVICE}
    value, *attributes = cookies[COOKIE].split("; ")
    assert {one.lower() for one in attributes} == {"httponly", "secure", "samesite=lax", "path=/", "max-age=2592000"}
    assert len(value) >= 32
    assert value not in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_a_program_gets_a_token_and_no_cookie_of_a_session(api: Api) -> None:
    await a_member(await a_firm(), email=CHIARA)
    answer = await api.told(SIGN_IN, given(session="BEARER"))
    token = answer.json()["data"]["signIn"]["token"]
    assert [one.partition("=")[0] for one in answer.headers.get_list("set-cookie")] == [DEVICE]
    assert (await api.ask(WHO, as_=token))["viewer"] == {"email": CHIARA}
    assert (await api.ask(WHO))["viewer"] is None


async def test_with_a_cookie_the_header_that_no_foreign_page_can_send_is_needed(api: Api) -> None:
    await a_member(await a_firm(), email=CHIARA)
    browser = await a_browser(api)
    assert (await browser.ask(WHO))["viewer"] == {"email": CHIARA}
    for headers in ({}, {CSRF_HEADER: "0"}, {CSRF_HEADER: "1", "origin": "https://evil.test"},
                    {CSRF_HEADER: "1", "sec-fetch-site": "cross-site"}):  # fmt: skip
        answer = await browser.told(WHO, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await browser.told(WHO, headers={CSRF_HEADER: "1", "origin": api.url})).status_code == 200


async def test_a_dead_cookie_is_nobody_and_a_dead_token_is_told(api: Api) -> None:
    browser = Browser(api, {COOKIE: "x" * 43})
    assert (await browser.ask(WHO))["viewer"] is None
    for token in ("x", "x" * 43):
        answer = await api.told(WHO, as_=token)
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    answer = await api.told(WHO, headers={"authorization": "Basic YTpi"})
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_signing_out_ends_the_session_and_its_sockets_and_takes_the_cookie_back(api: Api) -> None:
    by = await a_firm()
    await a_member(by, email=CHIARA)
    browser, elsewhere = await a_browser(api), await a_bearer(api)
    stolen = Browser(api, dict(browser.cookies))
    async with (
        api.follow(TOGGLES, headers=browser.headers) as mine,
        api.follow(TOGGLES, as_=elsewhere) as other,
    ):
        await mine.next()
        await other.next()
        assert (await browser.ask(SIGN_OUT, {"everywhere": False}))["signOut"]["errors"] == []
        assert set(browser.cookies) == {DEVICE}
        assert await mine.closed() == 4403
        assert (await stolen.ask(WHO))["viewer"] is None
        assert (await api.ask(WHO, as_=elsewhere))["viewer"] == {"email": CHIARA}
        await api.ask(SIGN_OUT, {"everywhere": True}, as_=elsewhere)
        assert await other.closed() == 4403


async def test_signing_out_everywhere_ends_every_session_of_mine_and_nobody_elses(api: Api) -> None:
    by = await a_firm()
    await a_member(by, email=CHIARA)
    colleague = await signed_in(by)
    first, second, third = [await a_bearer(api) for _ in range(3)]
    async with api.follow(TOGGLES, as_=first) as one, api.follow(TOGGLES, as_=second) as two:
        await one.next()
        await two.next()
        await api.ask(SIGN_OUT, {"everywhere": True}, as_=third)
        assert [await each.closed() for each in (one, two)] == [4403, 4403]
    for token in (first, second, third):
        with pytest.raises(TopLevelErrors) as refused:
            await api.ask(WHO, as_=token)
        assert refused.value.codes == ["UNAUTHENTICATED"]
    assert (await api.ask(WHO, as_=colleague))["viewer"] is not None


async def test_an_unknown_address_and_a_wrong_password_answer_the_same_to_the_byte(api: Api) -> None:
    await a_member(await a_firm(slug="studio"), email=CHIARA)
    wrong = (given(password="wrong"), given(email="nobody@firm.test"), given(firm="elsewhere"), given(email="\0"))
    answers = {re.sub(r'"requestId":"\w+"', "", (await api.told(SIGN_IN, each)).text) for each in wrong}
    assert len(answers) == 1
    assert '"WRONG_CREDENTIALS"' in answers.pop()


async def test_too_many_attempts_are_told_when_to_come_back(api: Api) -> None:
    await a_member(await a_firm(), email=CHIARA)
    for _ in range(10):
        told = await api.ask(SIGN_IN, given(password="wrong"))
    assert told["signIn"]["errors"][0]["code"] == "WRONG_CREDENTIALS"
    (error,) = (await api.ask(SIGN_IN, given()))["signIn"]["errors"]
    assert (error["__typename"], error["code"]) == ("RateLimited", "RATE_LIMITED")
    wait = datetime.fromisoformat(error["retryAt"]) - datetime.now(UTC)
    assert timedelta() < wait <= timedelta(minutes=15, seconds=2)


async def test_one_address_in_two_firms_is_told_apart_by_slug_or_by_host(api: Api) -> None:
    for slug in ("here", "there"):
        await a_member(await a_firm(slug.title(), slug=slug), email=CHIARA)
    assert (await api.ask(SIGN_IN, given()))["signIn"]["errors"][0]["code"] == "WRONG_CREDENTIALS"
    named = (await api.ask(SIGN_IN, given(firm="there", session="BEARER")))["signIn"]
    assert (await api.ask("{ firm { slug } }", as_=named["token"]))["firm"] == {"slug": "there"}
    answer = await api.told(SIGN_IN, given(session="BEARER"), headers={"host": "here.switchboard.test"})
    token = answer.json()["data"]["signIn"]["token"]
    assert (await api.ask("{ firm { slug } }", as_=token))["firm"] == {"slug": "here"}


async def test_a_session_ends_by_the_clock(api: Api) -> None:
    await a_member(await a_firm(), email=CHIARA)
    token, now = await a_bearer(api), clock.now()
    for days in (13, 26, 29.9):
        clock.set_source(lambda days=days: now + timedelta(days=days))  # type: ignore[misc]
        assert (await api.ask(WHO, as_=token))["viewer"] == {"email": CHIARA}
    clock.set_source(lambda: now + timedelta(days=30, seconds=1))
    with pytest.raises(TopLevelErrors) as refused:
        await api.ask(WHO, as_=token)
    assert refused.value.codes == ["UNAUTHENTICATED"]


async def test_a_removed_colleague_is_nobody_at_once_and_hears_nothing_more(api: Api) -> None:
    """By whichever looks first: the delivery, which asks anew who is there, or the watcher of the socket."""
    world = await a_world()
    async with api.follow(TOGGLES, as_=world.employee) as feed:
        assert await feed.next() == {"__typename": "FeedReady"}
        await store.execute("UPDATE team_member SET state = 'REMOVED' WHERE id = $1", world.employee.viewer.member_id)
        await switched(world.by, world.account.id, world.account.address, notify=False)
        with pytest.raises((TopLevelErrors, ConnectionClosed)) as refused:
            await feed.next()
        if isinstance(refused.value, TopLevelErrors):
            assert refused.value.codes == ["UNAUTHENTICATED"]
        else:
            assert await feed.closed() == 4403
    with pytest.raises(TopLevelErrors) as nobody:
        await api.ask(WHO, as_=world.employee)
    assert nobody.value.codes == ["UNAUTHENTICATED"]


async def test_rights_are_those_of_now(api: Api) -> None:
    world = await a_world()
    update = """mutation($id: ID!) { updateAccount(input: { id: $id, name: "B" }) { errors { code } } }"""
    ask = {"id": world.ids["account"]}
    told = await api.ask(update, ask, as_=world.employee)
    assert told["updateAccount"]["errors"] == [{"code": "NOT_ALLOWED"}]
    await store.execute("UPDATE team_member SET manage_accounts = true WHERE id = $1", world.employee.viewer.member_id)
    assert (await api.ask(update, ask, as_=world.employee))["updateAccount"]["errors"] == []


async def test_a_socket_takes_the_cookie_from_our_own_page_only(api: Api) -> None:
    await a_member(await a_firm(), email=CHIARA)
    browser = await a_browser(api)
    async with api.follow(TOGGLES, headers=browser.headers | {"origin": api.url}) as feed:
        assert await feed.next() == {"__typename": "FeedReady"}
    with pytest.raises(InvalidStatus) as refused:
        async with api.socket(headers=browser.headers | {"origin": "https://evil.test"}):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("role", TeamRole)
async def test_everybody_of_the_team_sees_themselves(api: Api, role: TeamRole) -> None:
    me = await signed_in(await a_firm(), role=role, email=CHIARA)
    told = await api.ask("{ viewer { ... on TeamMember { email role manageAccounts } } }", as_=me)
    assert told["viewer"] == {"email": CHIARA, "role": role, "manageAccounts": role is not TeamRole.EMPLOYEE}
