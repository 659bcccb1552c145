"""The team over the API: own sessions, password and second factor, and colleagues."""

import pyotp

from models import second_factor
from models.ground import clock
from tests.support.api.client import Api
from tests.support.firm.cast import CHIARA
from tests.support.firm.factories import PASSWORD, a_firm, signed_in

ME = "{ viewer { ... on TeamMember { id twoFactor sessions { id current device createdAt } } } }"
SIGN_IN = """mutation($code: String, $password: String!) {
  signIn(input: { email: "chiara@firm.test", password: $password, code: $code, session: BEARER }) {
    token errors { code path } } }"""
CHANGE = """mutation($old: String!, $new: String!) {
  changePassword(input: { currentPassword: $old, newPassword: $new }) { errors { code path } cursor } }"""
END = "mutation($id: ID!) { endSession(input: { id: $id }) { errors { code } } }"
START = "mutation($password: String!) { startTwoFactor(input: { password: $password }) { secret uri errors { code } } }"
CONFIRM = """mutation($code: String!) { confirmTwoFactor(input: { code: $code }) {
  recoveryCodes member { twoFactor } errors { code } } }"""
LIVE = "subscription { togglesChanged { __typename } }"


async def a_token(api: Api, password: str = PASSWORD, code: str | None = None) -> str:
    told = (await api.ask(SIGN_IN, {"password": password, "code": code}))["signIn"]
    assert told["errors"] == []
    return str(told["token"])


async def test_one_session_is_ended_from_another_and_its_socket_closes(api: Api) -> None:
    await signed_in(await a_firm(), email=CHIARA)
    here, there = await a_token(api), await a_token(api)
    (current,) = [one["id"] for one in (await api.ask(ME, as_=there))["viewer"]["sessions"] if one["current"]]
    async with api.follow(LIVE, as_=there) as far, api.follow(LIVE, as_=here) as near:
        await far.next()
        await near.next()
        assert (await api.ask(END, {"id": current}, as_=here))["endSession"]["errors"] == []
        assert await far.closed() == 4403
        await near.socket.ping()
    left = (await api.ask(ME, as_=here))["viewer"]["sessions"]
    assert current not in {one["id"] for one in left}
    assert [one["device"] is not None for one in left if one["current"]] == [True]
    told = await api.ask(END, {"id": current}, as_=here)
    assert told["endSession"]["errors"] == [{"code": "NOT_FOUND"}]


async def test_a_new_password_ends_the_other_sessions_and_their_sockets(api: Api) -> None:
    await signed_in(await a_firm(), email=CHIARA)
    here, there = await a_token(api), await a_token(api)
    wrong = (await api.ask(CHANGE, {"old": "wrong", "new": "violet hammock"}, as_=here))["changePassword"]
    assert wrong["errors"] == [{"code": "WRONG_CREDENTIALS", "path": ["currentPassword"]}]
    weak = (await api.ask(CHANGE, {"old": PASSWORD, "new": "password1"}, as_=here))["changePassword"]
    assert weak["errors"] == [{"code": "WEAK_PASSWORD", "path": ["newPassword"]}]
    async with api.follow(LIVE, as_=there) as far:
        await far.next()
        told = (await api.ask(CHANGE, {"old": PASSWORD, "new": "violet hammock"}, as_=here))["changePassword"]
        assert told["errors"] == []
        assert await far.closed() == 4403
    assert len((await api.ask(ME, as_=here))["viewer"]["sessions"]) == 1
    assert await a_token(api, "violet hammock")


async def test_a_second_factor_over_the_api(api: Api) -> None:
    me = await signed_in(await a_firm(), email=CHIARA)
    started = (await api.ask(START, {"password": PASSWORD}, as_=me))["startTwoFactor"]
    assert started["uri"].startswith("otpauth://totp/")
    code = pyotp.TOTP(started["secret"]).at(clock.now())
    confirmed = (await api.ask(CONFIRM, {"code": code}, as_=me))["confirmTwoFactor"]
    assert confirmed["member"] == {"twoFactor": True}
    needed = (await api.ask(SIGN_IN, {"password": PASSWORD}))["signIn"]
    assert needed == {"token": None, "errors": [{"code": "CODE_NEEDED", "path": ["code"]}]}
    assert await a_token(api, code=confirmed["recoveryCodes"][0])


async def test_one_sees_how_many_recovery_codes_are_left_of_ones_own_only(api: Api) -> None:
    by = await a_firm()
    me, colleague = await signed_in(by, email=CHIARA), await signed_in(by)
    started = await second_factor.start(me.viewer, PASSWORD)
    codes = (await second_factor.confirm(me.viewer, pyotp.TOTP(started.secret).at(clock.now()))).recovery_codes
    await a_token(api, code=codes[0])
    members = "{ firm { members { id recoveryCodesLeft } } }"
    for who, left in ((me, 9), (colleague, None)):
        told = (await api.ask(members, as_=who))["firm"]["members"]
        shown = {one["id"]: one["recoveryCodesLeft"] for one in told}
        assert shown.pop(f"member_{me.viewer.member_id.hex}") == left
        assert set(shown.values()) == {None}


async def test_a_colleagues_sessions_are_not_shown(api: Api) -> None:
    by = await a_firm()
    owner, colleague = await signed_in(by), await signed_in(by)
    told = (await api.ask("{ firm { members { id sessions { id } } } }", as_=owner))["firm"]["members"]
    shown = {one["id"]: len(one["sessions"]) for one in told}
    assert shown == {f"member_{owner.viewer.member_id.hex}": 1, f"member_{colleague.viewer.member_id.hex}": 0}
