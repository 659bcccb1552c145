"""Clients sign in: one identity for each address, working in one account at a time (R36, R37, R47)."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

import pytest

from models import account, password, portal, session
from models.errors import ErrorCode, Refusal
from models.ground import clock, store
from models.session import Session
from models.viewer import Client, System, Viewer, ViewerKind
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import (
    PASSWORD,
    a_client,
    a_firm,
    a_member,
    an_account,
    signed_in,
    switched,
    with_password,
)
from tests.support.refusals import refused
from tests.support.waiting import held, until_waiting

pytestmark = pytest.mark.usefixtures("store")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def by(store: str) -> System:
    return await a_firm(slug="studio")


async def _sign_in(email: str = ANNA, **more: object) -> Client:
    viewer = (await session.sign_in(email=email, secret=PASSWORD, **more)).viewer  # type: ignore[arg-type]
    assert isinstance(viewer, Client)
    return viewer


async def test_a_client_of_one_account_works_in_it_from_the_start(by: System) -> None:
    made = await an_account(by, address=ANNA, login=True)
    user_id = await with_password(by, made.address)
    client = await _sign_in(" Anna@CLIENT.test ")
    assert client == Client(by.firm_id, user_id, made.address, client.session_id, made.id)
    assert not client.is_admin
    assert not client.may_manage_accounts


async def test_a_client_of_several_picks_one_unless_a_link_named_it(by: System) -> None:
    first, second = await an_account(by, address=ANNA), await an_account(by)
    elsewhere = await an_account(by, login=True)
    await a_client(by, first, second.id)
    assert (await _sign_in()).account_id is None
    assert (await _sign_in(account_id=second.id)).account_id == second.id
    assert (await _sign_in(account_id=elsewhere.id)).account_id is None


async def test_with_login_on_nowhere_the_right_password_is_wrong_after_one_verification(by: System) -> None:
    made = await an_account(by, address=ANNA)
    await a_client(by, made)
    for on in (False, True):
        await switched(by, made.id, made.address, login=on)
        await account.archive(by, made.id, archived=on)
        before = password.verifications()
        with refused(ErrorCode.WRONG_CREDENTIALS):
            await session.sign_in(email=ANNA, secret=PASSWORD)
        assert password.verifications() == before + 1
    await account.archive(by, made.id, archived=False)
    assert (await _sign_in()).account_id == made.id


async def test_an_address_of_both_doors_is_the_colleague_unless_the_door_is_named(by: System) -> None:
    member = await a_member(by, email=ANNA)
    made = await an_account(by, address=ANNA, login=True)
    await with_password(by, made.address)
    assert (await session.sign_in(email=ANNA, secret=PASSWORD)).viewer.member_id == member.member_id
    named = await session.sign_in(email=ANNA, secret=PASSWORD, kind=ViewerKind.TEAM_MEMBER)
    assert named.viewer.member_id == member.member_id
    assert (await _sign_in(kind=ViewerKind.PORTAL_USER)).address_id == made.address


async def test_a_colleague_who_is_a_client_elsewhere_signs_in_as_before(by: System) -> None:
    other = await a_firm(slug="other")
    member = await a_member(by, email=ANNA)
    made = await an_account(other, address=ANNA, login=True)
    await with_password(other, made.address)
    assert (await session.sign_in(email=ANNA, secret=PASSWORD)).viewer.member_id == member.member_id
    assert (await _sign_in(firm="other")).firm_id == other.firm_id
    assert (await _sign_in(host="other.switchboard.test")).firm_id == other.firm_id


async def test_the_same_client_of_two_firms_must_name_the_firm(by: System) -> None:
    for firm in (by, await a_firm(slug="other")):
        await a_client(firm, await an_account(firm, address=ANNA))
    with refused(ErrorCode.WRONG_CREDENTIALS):
        await session.sign_in(email=ANNA, secret=PASSWORD)
    assert (await _sign_in(firm="studio")).firm_id == by.firm_id


async def test_an_activated_address_without_a_password_cannot_sign_in(by: System) -> None:
    made = await an_account(by, address=ANNA, login=True)
    await with_password(by, made.address)
    await store.execute("UPDATE portal_user SET password_hash = NULL")
    with refused(ErrorCode.WRONG_CREDENTIALS):
        await session.sign_in(email=ANNA, secret=PASSWORD)


async def test_login_off_takes_that_account_and_with_the_last_one_the_session(by: System) -> None:
    first, second = await an_account(by, address=ANNA), await an_account(by)
    found = await a_client(by, first, second.id)
    assert (await session.still(found.viewer)) == found.viewer
    await switched(by, first.id, first.address, login=False)
    now = await session.viewer_of(found.token)
    assert isinstance(now, Client)
    assert now.account_id is None
    await portal.select(now, second.id)
    await switched(by, second.id, first.address, login=False)
    assert await session.viewer_of(found.token) is None
    assert await session.still(found.viewer) is None


@pytest.mark.parametrize("how", ["Login", "archive"])
async def test_access_given_back_lets_one_sign_in_and_revives_no_session(by: System, how: str) -> None:
    """R44, R47"""
    made = await an_account(by, address=ANNA)
    found, other = await a_client(by, made), await a_client(by)

    async def give(on: bool) -> None:
        if how == "Login":
            await switched(by, made.id, made.address, login=on)
        else:
            await account.archive(by, made.id, archived=not on)

    await give(False)
    await give(True)
    assert await session.viewer_of(found.token) is None
    assert await session.viewer_of(other.token) == other.viewer
    assert (await session.sign_in(email=ANNA, secret=PASSWORD)).viewer.person_id == found.viewer.user_id


@pytest.mark.parametrize("how", ["Login", "archive"])
@pytest.mark.parametrize("first", ["taken", "signed in"])
async def test_a_session_begun_while_access_is_taken_is_no_session_later(
    store: str, by: System, how: str, first: str
) -> None:
    """R47"""
    made = await an_account(by, address=ANNA)
    await a_client(by, made)
    taking = (
        switched(by, made.id, made.address, login=False)
        if how == "Login"
        else account.archive(by, made.id, archived=True)
    )
    signing_in = session.sign_in(email=ANNA, secret=PASSWORD)
    one, other = (taking, signing_in) if first == "taken" else (signing_in, taking)
    async with asyncio.TaskGroup() as group, held(one):
        second = group.create_task(_tried(other))
        await until_waiting(store, 1)
    assert await second is (ErrorCode.LOGIN_OFF if first == "taken" else None)
    assert await Session.filter(firm_id=by.firm_id).count() == 0


async def _tried(work: Awaitable[object]) -> ErrorCode | None:
    try:
        await work
    except Refusal as refusal:
        return refusal.code
    return None


async def test_when_a_client_signed_in_last_is_known(by: System) -> None:
    clock.set_source(lambda: NOW)
    made = await an_account(by, address=ANNA)
    await a_client(by, made)
    clock.set_source(lambda: NOW + timedelta(days=2))
    await _sign_in()
    assert await store.value("SELECT last_sign_in_at FROM portal_user") == NOW + timedelta(days=2)


async def test_a_session_knows_its_device_and_to_a_minute_when_it_was_used(by: System) -> None:
    clock.set_source(lambda: NOW)
    await a_client(by, await an_account(by, address=ANNA))
    signed_in = await session.sign_in(email=ANNA, secret=PASSWORD, device="Phone\x07 " + "x" * 300)
    row = Session.filter(id=signed_in.viewer.session_id)
    assert (await row.get()).device == "Phone " + "x" * 194
    for seconds, known in ((0, 0), (59, 0), (60, 60), (100, 60), (3_600, 3_600)):
        clock.set_source(lambda later=seconds: NOW + timedelta(seconds=later))  # type: ignore[misc]
        await asyncio.gather(*(session.viewer_of(signed_in.token) for _ in range(3)))
        assert (await row.get()).last_used_at == NOW + timedelta(seconds=known)


async def test_signing_out_everywhere_ends_the_sessions_of_this_identity_alone(by: System) -> None:
    made = await an_account(by, address=ANNA)
    mine, colleague = await a_client(by, made), await signed_in(by, email=ANNA)
    other = await a_client(by)
    await _sign_in(kind=ViewerKind.PORTAL_USER)
    assert len(await session.sign_out(mine.viewer, everywhere=True)) == 2
    assert await session.viewer_of(mine.token) is None
    assert isinstance(await session.viewer_of(colleague.token), Viewer)
    assert await session.viewer_of(other.token) == other.viewer
