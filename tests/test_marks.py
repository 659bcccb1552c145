"""Strangers who try wrong passwords do not keep the right person out, above all not where that has signed in before."""

from contextlib import suppress

import pytest

from models import attempts, password_reset, session, team
from models.errors import ErrorCode, RateLimited
from models.ground import store
from models.session import SignedIn, marks
from models.viewer import Asker, System, ViewerKind
from tests.support.api.client import Api
from tests.support.firm.cast import ANNA, CHIARA
from tests.support.firm.factories import PASSWORD, a_client, a_firm, a_member, an_account, answered, reset_token
from tests.support.firm.invitations import later
from tests.support.firm.team import joined
from tests.support.refusals import refused
from tests.support.servers.redis import RedisServer

pytestmark = pytest.mark.usefixtures("store")
HOME, CAFE = "192.0.2.1", "198.51.100.7"
NEW = "battery staple"
SIGN_IN = """mutation($email: String!, $password: String!, $kind: SessionKind!) {
  signIn(input: { email: $email, password: $password, session: $kind }) { token errors { code } } }"""
CHANGE = """mutation($new: String!) {
  changePassword(input: { currentPassword: "%s", newPassword: $new }) { errors { code } } }"""
DEVICE = "__Host-switchboard-device"


@pytest.fixture
async def by(store: str) -> System:
    by = await a_firm(slug="studio")
    await a_member(by, email=CHIARA)
    await a_client(by, await an_account(by, address=ANNA))
    return by


async def entered(email: str = CHIARA, caller: str = HOME, kept: str = "", secret: str = PASSWORD) -> SignedIn[Asker]:
    return await session.sign_in(email=email, secret=secret, caller=caller, cookie=kept)


async def strangers(email: str = CHIARA, *, networks: int = 10) -> None:
    """From each network they go on until they are stopped. (Counted as `sign_in` does, without its arithmetic.)"""
    for n in range(networks):
        for _ in range(10):
            await session.attempts.count(email, f"203.0.113.{n}")
        with refused(ErrorCode.RATE_LIMITED):
            await session.attempts.count(email, f"203.0.113.{n}")


async def test_a_stranger_is_stopped_after_ten_and_the_right_person_comes_in_from_elsewhere(by: System) -> None:
    for _ in range(10):
        with refused(ErrorCode.WRONG_CREDENTIALS):
            await entered(caller=CAFE, secret="a wrong one")
    with refused(ErrorCode.RATE_LIMITED):
        await entered(caller=CAFE)
    await entered(caller=HOME)


@pytest.mark.parametrize("email", [CHIARA, "nobody@firm.test"])
async def test_from_anywhere_an_address_is_tried_a_hundred_times_an_hour_known_or_not(by: System, email: str) -> None:
    await strangers(email)
    with refused(ErrorCode.RATE_LIMITED):
        await entered(email, HOME)


@pytest.mark.parametrize("email", [CHIARA, ANNA])
async def test_a_device_that_has_signed_in_before_comes_in_whatever_strangers_do(by: System, email: str) -> None:
    mark = (await entered(email)).mark
    await strangers(email)
    with refused(ErrorCode.RATE_LIMITED):
        await entered(email, CAFE)
    with refused(ErrorCode.WRONG_CREDENTIALS):
        await entered(email, CAFE, mark, "a wrong one")
    await entered(email, "203.0.113.0", mark)  # and from the network of a stranger


async def test_an_office_behind_one_address_comes_in_on_its_devices_whoever_is_there_too(by: System) -> None:
    """At nine o'clock 200 people, and a stranger in the same network."""
    mark = (await entered()).mark
    for n in range(100):
        with suppress(RateLimited):
            await session.attempts.count(f"{n}@else.test", HOME)
    with refused(ErrorCode.RATE_LIMITED):
        await entered(ANNA, HOME)
    for n in range(200):
        await session.attempts.count(f"{n}@firm.test", HOME, device=f"{n}")
    await entered(CHIARA, HOME, mark)


async def test_known_devices_of_one_network_have_a_thousand_together_then_they_are_any_other(by: System) -> None:
    """Who comes in has no failures any more, and comes in again: a script would have all the arithmetic there is."""
    mark = (await entered()).mark
    for _ in range(1_000):
        with suppress(RateLimited):  # one that has had its own share takes none of these
            await session.attempts.count(ANNA, HOME, device="another")
    await entered(CHIARA, HOME, mark)
    for n in range(1_000):
        with suppress(RateLimited):
            await session.attempts.count(f"{n}@firm.test", HOME, device=f"{n}")
    with refused(ErrorCode.RATE_LIMITED):
        await entered(CHIARA, HOME, mark)
    await entered(CHIARA, CAFE, mark)


async def test_ten_failures_of_its_own_make_a_device_any_other(by: System) -> None:
    mark = (await entered()).mark
    for _ in range(20):
        with refused(ErrorCode.WRONG_CREDENTIALS):
            await entered(CHIARA, CAFE, mark, "a wrong one")
    with refused(ErrorCode.RATE_LIMITED):
        await entered(CHIARA, CAFE, mark)
    await strangers(networks=9)
    with refused(ErrorCode.RATE_LIMITED):
        await entered(CHIARA, HOME, mark)


async def test_who_comes_in_has_no_failures_any_more(by: System) -> None:
    mark = (await entered()).mark
    for _ in range(3):
        for _ in range(9):
            with refused(ErrorCode.WRONG_CREDENTIALS):
                await entered(CHIARA, CAFE, mark, "a wrong one")
        await entered(CHIARA, CAFE, mark)


async def test_a_mark_is_of_one_person_of_one_firm(by: System) -> None:
    there = await a_firm(slug="there")
    await a_member(there, email="other@firm.test")
    made = await an_account(there, address=CHIARA)
    await a_client(there, made)
    others = [
        (await entered(ANNA)).mark,
        (await entered("other@firm.test")).mark,
        (await session.sign_in(email=CHIARA, secret=PASSWORD, kind=ViewerKind.PORTAL_USER, firm="there")).mark,
    ]
    await strangers()
    for kept in (*others, "~".join(others), "", "~", ".", "...", "x" * 5_000, "\ud800", *map(_altered, others)):
        with refused(ErrorCode.RATE_LIMITED):
            await session.sign_in(email=CHIARA, secret=PASSWORD, firm="studio", caller=HOME, cookie=kept)


async def test_nobody_alters_a_mark(by: System) -> None:
    mark = (await entered()).mark
    whose, until, own, signature = mark.split(".")
    await strangers()
    for kept in (
        _altered(mark),
        ".".join((whose, str(int(until) + 1), own, signature)),
        ".".join((whose, until, own + "x", signature)),
        ".".join((whose, until, own)),
        ".".join((whose, "never", own, signature)),
        ".".join((whose, until, own, signature, "")),
        f"{whose}.{until}.{own}.é",
    ):
        with refused(ErrorCode.RATE_LIMITED):
            await entered(CHIARA, HOME, kept)
    await entered(CHIARA, HOME, mark)


def _altered(mark: str) -> str:
    return mark[:-2] + ("A" if mark[-2] != "A" else "B") + mark[-1]


async def test_a_device_keeps_the_marks_of_five_people_and_one_of_each(by: System) -> None:
    kept = ""
    for _ in range(3):
        for email in (CHIARA, ANNA):
            kept = marks.kept(kept, (await entered(email, kept=kept)).mark)
    assert kept.count("~") == 1
    for n in range(4):
        await a_member(by, email=f"{n}@firm.test")
        kept = marks.kept(kept, (await entered(f"{n}@firm.test")).mark)
    assert kept.count("~") == 4
    assert len(kept) < 600
    await strangers(ANNA)
    await entered(ANNA, kept=kept)
    await strangers(CHIARA)
    with refused(ErrorCode.RATE_LIMITED):
        await entered(CHIARA, kept=kept)


@pytest.mark.parametrize("ends", ["180 days", "reset", "removal"])
async def test_a_mark_ends(by: System, ends: str) -> None:
    found = await entered()
    secret = PASSWORD
    if ends == "180 days":
        later(days=180)
    elif ends == "reset":
        secret = NEW
        await password_reset.use(token=await reset_token(CHIARA), secret=secret)
    else:
        owner = await a_member(by)
        await team.remove(owner, found.viewer.person_id)
        await joined(owner, CHIARA)
        secret = NEW
    await strangers()
    with refused(ErrorCode.RATE_LIMITED):
        await entered(CHIARA, HOME, found.mark, secret)


async def test_it_is_good_until_the_last_day(by: System) -> None:
    mark = (await entered()).mark
    later(days=179)
    await strangers()
    await entered(kept=mark)


async def test_it_replaces_no_second_factor(by: System) -> None:
    found = await entered()
    await store.execute("UPDATE team_member SET totp_secret = '\\x00', totp_since = now()")
    with refused(ErrorCode.CODE_NEEDED, "code"):
        await entered(kept=found.mark)


async def test_without_a_password_a_mark_is_nothing_that_the_database_knows(by: System) -> None:
    found = await entered()
    kept = str([dict(row) for row in await store.rows("SELECT * FROM session")])
    assert not any(part in kept for part in found.mark.split("."))
    assert found.mark not in repr(found)


async def test_three_letters_a_day_and_more_for_who_asks_on_a_device_of_theirs(by: System) -> None:
    """Strangers flood nobody, and keep nobody from a new password there."""
    mark = (await entered(ANNA)).mark
    written = "SELECT count(*) FROM letter WHERE kind = 'PASSWORD_RESET'"
    for n in range(5):
        await answered(password_reset.ask(email=ANNA, key=f"{n}", caller=f"203.0.113.{n}"))
        later(hours=2)
    assert await store.value(written) == 3
    await answered(password_reset.ask(email=ANNA, key="mine", caller=HOME, cookie=mark))
    assert await store.value(written) == 4
    later(days=1)
    await answered(password_reset.ask(email=ANNA, key="tomorrow"))
    assert await store.value(written) == 5


async def test_the_last_link_stays_good_where_no_other_is_sent(by: System) -> None:
    for _ in range(3):
        token = await reset_token(ANNA)
    for n in range(3):
        await answered(password_reset.ask(email=ANNA, key=f"{n}", caller=CAFE))
    await password_reset.use(token=token, secret=NEW)


async def test_all_processes_count_a_device_and_a_pair_together(by: System, redis: RedisServer) -> None:
    await attempts.share(redis.url)
    try:
        mark = (await entered()).mark
        own = mark.split(".")[2]
        for _ in range(30):
            with suppress(RateLimited):
                await session.attempts.count(CHIARA, CAFE, device=own)
            await session.attempts.forget()  # as another process, that has counted nothing by itself
        with refused(ErrorCode.RATE_LIMITED):
            await entered(CHIARA, CAFE, mark)
        await entered(CHIARA, HOME, mark)
    finally:
        await attempts.share(None)


@pytest.mark.parametrize("kind", ["COOKIE", "BEARER"])
async def test_a_device_is_given_its_mark_as_a_cookie_that_no_script_sees(api: Api, by: System, kind: str) -> None:
    said = {"email": CHIARA, "password": PASSWORD, "kind": kind}
    answer = await api.told(SIGN_IN, said)
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith(DEVICE)]
    _, *attributes = cookie.split("; ")
    expected = {"httponly", "secure", "samesite=strict", "path=/", f"max-age={180 * 86_400}"}
    assert {one.lower() for one in attributes} == expected
    browser = api.browser()
    assert (await browser.ask(SIGN_IN, said))["signIn"]["errors"] == []
    for _ in range(10):
        await api.ask(SIGN_IN, said | {"password": "a wrong one"})
    assert (await api.ask(SIGN_IN, said))["signIn"]["errors"] == [{"code": "RATE_LIMITED"}]
    assert (await browser.ask(SIGN_IN, said))["signIn"]["errors"] == []


async def test_who_changes_the_password_keeps_this_device_and_no_other(api: Api, by: System) -> None:
    here, there = api.browser(), api.browser()
    said = {"email": CHIARA, "password": PASSWORD, "kind": "COOKIE"}
    for browser in (here, there):
        await browser.ask(SIGN_IN, said)
    assert (await here.ask(CHANGE % PASSWORD, {"new": NEW}))["changePassword"]["errors"] == []
    said |= {"password": NEW}
    for _ in range(10):
        await api.ask(SIGN_IN, said | {"password": "a wrong one"})
    assert (await there.ask(SIGN_IN, said))["signIn"]["errors"] == [{"code": "RATE_LIMITED"}]
    assert (await here.ask(SIGN_IN, said))["signIn"]["errors"] == []
