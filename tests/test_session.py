"""Signing in and out."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from limits import RateLimitItemPerMinute

from models import password, password_reset, session, team
from models.errors import ErrorCode, RateLimited, Refusal
from models.ground import clock, store
from models.viewer import TeamRole, Viewer
from tests.support.firm.factories import (
    PASSWORD,
    a_client,
    a_firm,
    a_member,
    an_account,
    answered,
    reset_token,
    signed_in,
)
from tests.support.refusals import refused
from tests.support.waiting import held, until_waiting

pytestmark = pytest.mark.usefixtures("store")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def test_the_right_password_signs_in_and_the_token_stands_for_the_viewer() -> None:
    by = await a_firm()
    member = await a_member(by, role=TeamRole.ADMIN, email="Chiara@Firm.test")
    found = await session.sign_in(email=" chiara@FIRM.test ", secret=PASSWORD)
    assert (found.viewer.firm_id, found.viewer.member_id) == (by.firm_id, member.member_id)
    assert isinstance(found.viewer, Viewer)
    assert found.viewer.role is TeamRole.ADMIN
    assert await session.viewer_of(found.token) == found.viewer
    assert await session.viewer_of(found.token + "x") is None


async def test_an_unknown_address_and_a_wrong_password_answer_the_same_after_one_verification() -> None:
    await a_member(await a_firm(), email="chiara@firm.test")
    messages = set()
    for email, secret in (("nobody@firm.test", PASSWORD), ("chiara@firm.test", "wrong"), ("", ""), ("@", "x" * 9999)):
        before = password.verifications()
        with pytest.raises(Refusal) as wrong:
            await session.sign_in(email=email, secret=secret)
        assert wrong.value.code is ErrorCode.WRONG_CREDENTIALS
        messages.add(wrong.value.message)
        assert password.verifications() == before + 1
    assert len(messages) == 1


@pytest.mark.parametrize("odd", ["\0", "\ud800", "a\0@x.test", "a@\ud800", "x" * 100_000, "@" * 400, "a@" + "." * 300])
async def test_characters_that_no_database_knows_are_wrong_credentials_too(odd: str) -> None:
    await a_member(await a_firm(), email="chiara@firm.test")
    for email, secret in ((odd, PASSWORD), ("chiara@firm.test", odd)):
        with refused(ErrorCode.WRONG_CREDENTIALS):
            await session.sign_in(email=email, secret=secret)


async def test_who_names_the_firm_is_found_however_many_firms_know_the_address() -> None:
    for n in range(52):
        await a_member(await a_firm(slug=f"firm-{n}"), email="p@many.test")
    signed_in = await session.sign_in(email="p@many.test", secret=PASSWORD, firm="firm-51")
    await answered(password_reset.ask(email="p@many.test", key="k", firm_slug="firm-51"))
    letters = await store.rows("SELECT firm_id FROM letter")
    assert [row["firm_id"] for row in letters] == [signed_in.viewer.firm_id]


async def test_the_same_address_in_two_firms_must_name_the_firm() -> None:
    here, there = await a_firm(slug="here"), await a_firm(slug="there")
    for by in (here, there):
        await a_member(by, email="p@both.test")
    with refused(ErrorCode.WRONG_CREDENTIALS):
        await session.sign_in(email="p@both.test", secret=PASSWORD)
    with refused(ErrorCode.WRONG_CREDENTIALS):
        await session.sign_in(email="p@both.test", secret=PASSWORD, firm="elsewhere")
    for slug, by in (("here", here), ("There", there)):
        found = await session.sign_in(email="p@both.test", secret=PASSWORD, firm=slug)
        assert found.viewer.firm_id == by.firm_id
        found = await session.sign_in(email="p@both.test", secret=PASSWORD, host=f"{slug}.switchboard.test")
        assert found.viewer.firm_id == by.firm_id


async def test_an_address_of_one_firm_needs_no_name_whatever_the_host() -> None:
    by = await a_firm(slug="here")
    await a_member(by, email="p@x.test")
    assert (
        await session.sign_in(email="p@x.test", secret=PASSWORD, host="127.0.0.1:8000")
    ).viewer.firm_id == by.firm_id
    with refused(ErrorCode.WRONG_CREDENTIALS):
        await session.sign_in(email="p@x.test", secret=PASSWORD, firm="there")


async def test_after_ten_attempts_for_an_address_the_eleventh_is_told_when_to_come_back() -> None:
    await a_member(await a_firm(), email="p@x.test")
    for _ in range(10):
        with refused(ErrorCode.WRONG_CREDENTIALS):
            await session.sign_in(email="p@x.test", secret="wrong")
    with pytest.raises(RateLimited) as limited:
        await session.sign_in(email="P@x.test", secret=PASSWORD)
    assert timedelta() < limited.value.retry_at - datetime.now(UTC) <= timedelta(minutes=15, seconds=2)
    await a_member(await a_firm(), email="other@x.test")
    await session.sign_in(email="other@x.test", secret=PASSWORD)
    await session.attempts.forget()
    await session.sign_in(email="p@x.test", secret=PASSWORD)


async def test_one_caller_who_tries_many_addresses_is_stopped_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session.attempts, "per_caller", RateLimitItemPerMinute(3, 15))
    for n in range(3):
        with refused(ErrorCode.WRONG_CREDENTIALS):
            await session.sign_in(email=f"{n}@x.test", secret="wrong", caller="192.0.2.1")
    with refused(ErrorCode.RATE_LIMITED):
        await session.sign_in(email="3@x.test", secret="wrong", caller="192.0.2.1")
    with refused(ErrorCode.WRONG_CREDENTIALS):
        await session.sign_in(email="3@x.test", secret="wrong", caller="192.0.2.2")


async def test_whoever_has_a_network_of_addresses_is_one_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session.attempts, "per_caller", RateLimitItemPerMinute(3, 15))
    for n, caller in enumerate(("2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3")):
        with refused(ErrorCode.WRONG_CREDENTIALS):
            await session.sign_in(email=f"{n}@x.test", secret="wrong", caller=caller)
    with refused(ErrorCode.RATE_LIMITED):
        await session.sign_in(email="3@x.test", secret="wrong", caller="2001:db8::4")
    for other in ("2001:db8:0:1::1", "192.0.2.1", "::ffff:192.0.2.2"):
        with refused(ErrorCode.WRONG_CREDENTIALS):
            await session.sign_in(email="4@x.test", secret="wrong", caller=other)


@pytest.mark.parametrize("email", ["chiara@firm.test", "anna@client.test"])
async def test_nobody_comes_in_with_a_password_that_is_being_changed(store: str, email: str) -> None:
    """It was right when it was verified; the sessions that began with it have ended since."""
    by = await a_firm()
    await a_member(by, email="chiara@firm.test")
    await a_client(by, await an_account(by, address="anna@client.test"))
    token = await reset_token(email)
    async with held(password_reset.use(token=token, secret="battery staple")):
        entering = asyncio.create_task(session.sign_in(email=email, secret=PASSWORD))
        await until_waiting(store, 1)
    with refused(ErrorCode.WRONG_CREDENTIALS):
        await entering


async def test_a_session_ends_by_the_clock() -> None:
    clock.set_source(lambda: NOW)
    await a_member(await a_firm(), email="p@x.test")
    found = await session.sign_in(email="p@x.test", secret=PASSWORD, days=10)
    clock.set_source(lambda: NOW + timedelta(days=10, seconds=-1))
    assert await session.viewer_of(found.token) == await session.still(found.viewer) == found.viewer
    clock.set_source(lambda: NOW + timedelta(days=10))
    assert await session.viewer_of(found.token) is None
    assert await session.still(found.viewer) is None


async def test_signing_out_ends_this_session_and_everywhere_all_of_them() -> None:
    by = await a_firm()
    other = await signed_in(by)
    await a_member(by, email="p@x.test")
    first, second, third = [await session.sign_in(email="p@x.test", secret=PASSWORD) for _ in range(3)]
    assert await session.sign_out(first.viewer) == [first.viewer.session_id]
    assert await session.viewer_of(first.token) is None
    assert await session.sign_out(first.viewer) == []
    assert await session.viewer_of(second.token) == second.viewer
    ended = await session.sign_out(second.viewer, everywhere=True)
    assert {second.viewer.session_id, third.viewer.session_id} <= set(ended)
    assert await session.viewer_of(third.token) is None
    assert await session.viewer_of(other.token) == other.viewer


async def test_rights_are_those_of_now_and_a_removed_colleague_is_nobody() -> None:
    found = await signed_in(await a_firm(), role=TeamRole.EMPLOYEE)
    await team.TeamMember.filter(id=found.viewer.member_id).update(manage_accounts=True)
    assert (await session.still(found.viewer)).manage_accounts  # type: ignore[union-attr]
    await team.TeamMember.filter(id=found.viewer.member_id).update(state=team.TeamMemberState.REMOVED)
    assert await session.still(found.viewer) is None
    assert await session.viewer_of(found.token) is None


async def test_of_a_token_the_database_has_only_the_hash_and_a_repr_nothing() -> None:
    found = await signed_in(await a_firm())
    assert found.token not in repr(found)
    assert found.token not in str([dict(row) for row in await store.rows("SELECT * FROM session")])


async def test_a_colleague_who_was_only_invited_cannot_sign_in() -> None:
    member = await a_member(await a_firm(), email="p@x.test")
    for state in (team.TeamMemberState.INVITED, team.TeamMemberState.REMOVED):
        await team.TeamMember.filter(id=member.member_id).update(state=state)
        with refused(ErrorCode.WRONG_CREDENTIALS):
            await session.sign_in(email="p@x.test", secret=PASSWORD)


async def test_a_password_of_any_characters_works() -> None:
    by = await a_firm()
    for n, secret in enumerate(
        ("пароль-пароль", "\ud800 half a pair", "  spaces  ", "\0nul\0\0\0\0\0", "👩‍👩‍👧🎈" * 3)
    ):
        await team.add(by, name="A", email=f"{n}@x.test", secret=secret, role=TeamRole.EMPLOYEE)
        await session.sign_in(email=f"{n}@x.test", secret=secret)
        with refused(ErrorCode.WRONG_CREDENTIALS):
            await session.sign_in(email=f"{n}@x.test", secret=secret + "x")
