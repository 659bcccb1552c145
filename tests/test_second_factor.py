"""A second factor for the team: TOTP (RFC 6238) and recovery codes."""

import asyncio
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from models import installation, journal, second_factor, session, team
from models.errors import ErrorCode, Refusal
from models.ground import clock, keys, store
from models.session import SignedIn
from models.viewer import Asker, System, TeamRole, Viewer
from tests.support.firm.cast import CHIARA
from tests.support.firm.factories import PASSWORD, a_firm, a_member
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class App:
    """An authenticator, by the clock of the firm."""

    def __init__(self, secret: str) -> None:
        self.totp = pyotp.TOTP(secret)

    def code(self) -> str:
        return self.totp.at(clock.now())


def at(seconds: float) -> None:
    clock.set_source(lambda: NOON + timedelta(seconds=seconds))


@pytest.fixture
async def by(store: str) -> System:
    at(0)
    return await a_firm()


@pytest.fixture
async def owner(by: System) -> Viewer:
    return await a_member(by, email=CHIARA)


async def switched_on(by: Viewer) -> tuple[App, tuple[str, ...]]:
    app = App((await second_factor.start(by, PASSWORD)).secret)
    codes = (await second_factor.confirm(by, app.code())).recovery_codes
    at(60)
    return app, codes


async def sign_in(code: str | None = None) -> SignedIn[Asker] | SignedIn[Viewer]:
    return await session.sign_in(email=CHIARA, secret=PASSWORD, code=code)


async def two_factor(by: Viewer) -> bool | None:
    return (await team.by_ids(by, [by.member_id]))[by.member_id].two_factor


async def test_once_confirmed_signing_in_asks_for_a_code(owner: Viewer) -> None:
    started = await second_factor.start(owner, PASSWORD)
    assert started.uri.startswith(f"otpauth://totp/Switchboard:{CHIARA.replace('@', '%40')}?secret={started.secret}")
    await sign_in()  # nothing is asked for yet
    with refused(ErrorCode.WRONG_CREDENTIALS, "code"):
        await second_factor.confirm(owner, "000000")
    app = App(started.secret)
    await second_factor.confirm(owner, app.code())
    assert await two_factor(owner)
    at(60)
    with refused(ErrorCode.CODE_NEEDED, "code"):
        await sign_in()
    with refused(ErrorCode.WRONG_CREDENTIALS, "code"):
        await sign_in("000000" if app.code() != "000000" else "111111")
    assert (await sign_in(f" {app.code()[:3]} {app.code()[3:]}")).viewer.person_id == owner.member_id


async def test_without_the_right_password_nobody_learns_that_a_code_is_needed(owner: Viewer) -> None:
    app, _ = await switched_on(owner)
    for code in (None, app.code()):
        with pytest.raises(Refusal) as wrong:
            await session.sign_in(email=CHIARA, secret="wrong", code=code)
        assert (wrong.value.code, wrong.value.path) == (ErrorCode.WRONG_CREDENTIALS, ())


async def test_a_code_is_good_once_and_for_a_minute_and_a_half(owner: Viewer) -> None:
    app, _ = await switched_on(owner)
    code = app.code()
    await sign_in(code)
    with refused(ErrorCode.WRONG_CREDENTIALS, "code"):
        await sign_in(code)
    for drift, good in ((-30, True), (-60, False), (60, False), (30, True)):
        at(600 + drift)
        code = app.code()
        at(600)
        if good and drift > 0:
            await sign_in(code)
        elif not good:
            with refused(ErrorCode.WRONG_CREDENTIALS, "code"):
                await sign_in(code)


async def test_the_code_that_confirmed_does_not_sign_in(owner: Viewer) -> None:
    app = App((await second_factor.start(owner, PASSWORD)).secret)
    await second_factor.confirm(owner, code := app.code())
    with refused(ErrorCode.WRONG_CREDENTIALS, "code"):
        await sign_in(code)


async def test_of_ten_who_use_one_code_at_once_one_gets_in(owner: Viewer) -> None:
    app, (recovery, *_) = await switched_on(owner)
    for code in (app.code(), recovery):
        await session.attempts.forget()
        found = await asyncio.gather(*(sign_in(code) for _ in range(5)), return_exceptions=True)
        assert [isinstance(one, SignedIn) for one in found].count(True) == 1


async def test_a_recovery_code_works_once_however_it_is_typed(owner: Viewer) -> None:
    _, codes = await switched_on(owner)
    assert len(set(codes)) == 10
    await sign_in(codes[0].lower().replace("-", " "))
    with refused(ErrorCode.WRONG_CREDENTIALS, "code"):
        await sign_in(codes[0])
    await sign_in(codes[1])


async def test_a_used_recovery_code_is_journalled_and_one_sees_how_many_are_left(owner: Viewer) -> None:
    assert await second_factor.recovery_codes_left(owner) is None
    app, codes = await switched_on(owner)
    assert await second_factor.recovery_codes_left(owner) == 10
    head = await journal.head(owner.firm_id)
    await sign_in(app.code())
    for code in codes[:2]:
        await sign_in(code)
    assert await second_factor.recovery_codes_left(owner) == 8
    entries = [entry for batch in await journal.since(owner.firm_id, head) for entry in batch.entries]
    told = [(c.field, c.before, c.after) for entry in entries for c in entry.changes]
    assert told == [("recoveryCodesLeft", "10", "9"), ("recoveryCodesLeft", "9", "8")]
    assert {(entry.member_id, entry.subject_id) for entry in entries} == {(owner.member_id, owner.member_id)}


async def test_who_signs_in_is_not_told_to_wait_for_having_done_it_often(owner: Viewer) -> None:
    """Asked for the code, then with it: two requests each time, of which the limit takes none for a failed one."""
    app, _ = await switched_on(owner)
    for n in range(10):
        at(120 + 60 * n)
        with refused(ErrorCode.CODE_NEEDED, "code"):
            await sign_in()
        await sign_in(app.code())


async def test_only_who_has_come_in_is_forgiven_what_went_wrong_before(owner: Viewer) -> None:
    await switched_on(owner)
    for _ in range(10):
        with refused(ErrorCode.CODE_NEEDED, "code"):  # the right password alone forgives nothing
            await sign_in()
    with refused(ErrorCode.RATE_LIMITED):
        await sign_in()


async def test_who_stole_the_password_does_not_go_on_guessing_codes_all_day(owner: Viewer) -> None:
    """NIST SP 800-63B, 5.2.2"""
    app, _ = await switched_on(owner)
    await sign_in(app.code())
    for _ in range(second_factor.guesses.per_address.amount):
        await session.attempts.forget()  # as if a quarter of an hour were over
        with refused(ErrorCode.WRONG_CREDENTIALS, "code"):
            await sign_in("000000")
    await session.attempts.forget()
    at(120)
    with refused(ErrorCode.RATE_LIMITED):
        await sign_in(app.code())
    with refused(ErrorCode.RATE_LIMITED):
        await second_factor.end(owner, PASSWORD, app.code())


async def test_neither_a_secret_nor_a_code_stands_in_the_database_or_the_journal(owner: Viewer) -> None:
    """P9"""
    app, codes = await switched_on(owner)
    tables = ("team_member", "recovery_code", "journal_entry")
    dump = str([[dict(row) for row in await store.rows(f"SELECT * FROM {table}")] for table in tables])
    assert app.totp.secret not in dump
    assert all(code not in dump and code.replace("-", "") not in dump for code in codes)
    entries = [entry for batch in await journal.since(owner.firm_id, 0) for entry in batch.entries]
    assert ("twoFactor", "false", "true") in {(c.field, c.before, c.after) for e in entries for c in e.changes}


async def test_it_ends_with_the_password_and_a_code(owner: Viewer) -> None:
    app, _ = await switched_on(owner)
    with refused(ErrorCode.WRONG_CREDENTIALS, "password"):
        await second_factor.end(owner, "wrong", app.code())
    with refused(ErrorCode.WRONG_CREDENTIALS, "code"):
        await second_factor.end(owner, PASSWORD, "000000" if app.code() != "000000" else "111111")
    await second_factor.end(owner, PASSWORD, app.code())
    await sign_in()
    assert not await two_factor(owner)
    assert await store.value("SELECT count(*) FROM recovery_code") == 0


async def test_a_stolen_session_changes_nothing_without_the_password_and_is_slowed_down(owner: Viewer) -> None:
    for _ in range(10):
        with refused(ErrorCode.WRONG_CREDENTIALS, "password"):
            await second_factor.start(owner, "wrong")
    with refused(ErrorCode.RATE_LIMITED):
        await second_factor.start(owner, PASSWORD)


async def test_one_that_is_on_is_not_replaced_unseen(owner: Viewer) -> None:
    await switched_on(owner)
    with refused(ErrorCode.INVALID):
        await second_factor.start(owner, PASSWORD)


async def test_an_owner_takes_it_off_a_colleague_who_lost_it(by: System, owner: Viewer) -> None:
    colleague, admin = await a_member(by, role=TeamRole.ADMIN), await a_member(by, role=TeamRole.ADMIN)
    await switched_on(colleague)
    with refused(ErrorCode.NOT_ALLOWED, "twoFactor"):
        await team.update(admin, colleague.member_id, reset_two_factor=True)
    assert await two_factor(colleague)
    await team.update(owner, colleague.member_id, reset_two_factor=True)
    assert not await two_factor(colleague)


async def test_an_owner_ends_their_own_with_the_password_and_a_code_only(owner: Viewer) -> None:
    await switched_on(owner)
    with refused(ErrorCode.NOT_ALLOWED, "twoFactor"):
        await team.update(owner, owner.member_id, reset_two_factor=True)
    assert await two_factor(owner)


async def test_who_may_see_whose(by: System, owner: Viewer) -> None:
    employee = await a_member(by, role=TeamRole.EMPLOYEE)
    await switched_on(owner)
    seen = await team.by_ids(employee, [owner.member_id, employee.member_id])
    assert seen[owner.member_id].two_factor is None
    assert seen[employee.member_id].two_factor is False
    assert (await team.by_ids(owner, [employee.member_id]))[employee.member_id].two_factor is False


async def test_with_a_new_key_second_factors_are_off_and_counted(owner: Viewer) -> None:
    await switched_on(owner)
    await installation.check_key()
    keys.use(bytes(reversed(range(32))))
    assert (await installation.replace_key()).second_factors == 1
    await sign_in()
