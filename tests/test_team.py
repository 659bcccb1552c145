"""The people of the firm."""

import asyncio

import pytest

from models import firm, journal, session, team
from models.account_columns import AccountColumn, set_account_columns
from models.errors import ErrorCode, Refusal
from models.ground import store
from models.viewer import System, TeamRole, Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import a_firm, a_member
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
by = owner_of_a_new_firm


async def test_a_new_colleague_can_sign_in_at_once(by: Viewer) -> None:
    member_id = await team.add(by, name="Giulia", email="Giulia@Firm.test", secret="long enough", role=TeamRole.ADMIN)
    found = await session.sign_in(email="giulia@firm.test", secret="long enough")
    assert isinstance(found.viewer, Viewer)
    assert (found.viewer.member_id, found.viewer.role) == (member_id, TeamRole.ADMIN)


async def test_an_address_belongs_to_one_colleague_of_a_firm(by: Viewer) -> None:
    await team.add(by, name="A", email="a@x.test", secret="long enough", role=TeamRole.EMPLOYEE)
    with refused(ErrorCode.ALREADY_TAKEN, "email"):
        await team.add(by, name="B", email="A@X.test", secret="long enough", role=TeamRole.EMPLOYEE)
    await team.add(await a_firm(), name="A", email="a@x.test", secret="long enough", role=TeamRole.EMPLOYEE)


async def test_an_address_that_is_taken_twice_at_once_goes_to_one(by: Viewer) -> None:
    adding = (
        team.add(by, name=str(n), email="a@x.test", secret="long enough", role=TeamRole.EMPLOYEE) for n in range(4)
    )
    found = await asyncio.gather(*adding, return_exceptions=True)
    refusals = [one for one in found if isinstance(one, BaseException)]
    assert len(refusals) == 3
    assert {getattr(one, "code", one) for one in refusals} == {ErrorCode.ALREADY_TAKEN}


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"email": "no address"}, ErrorCode.ADDRESS_INVALID, "email"),
        ({"secret": "short"}, ErrorCode.WEAK_PASSWORD, "password"),
        ({"secret": "x" * 129}, ErrorCode.WEAK_PASSWORD, "password"),
        ({"secret": "studio bellandi"}, ErrorCode.WEAK_PASSWORD, "password"),
        ({"name": " "}, ErrorCode.INVALID, "name"),
    ],
)
async def test_bad_input_is_refused_where_it_stands(
    by: Viewer, change: dict[str, str], code: ErrorCode, path: str
) -> None:
    given = {"name": "A", "email": "a@x.test", "secret": "long enough", **change}
    with refused(code, path):
        await team.add(by, name=given["name"], email=given["email"], secret=given["secret"], role=TeamRole.EMPLOYEE)


async def test_everybody_but_the_removed_is_listed_by_name(by: Viewer) -> None:
    for name in ("Zeno", "Ada"):
        await team.add(by, name=name, email=f"{name}@x.test", secret="long enough", role=TeamRole.EMPLOYEE)
    await team.TeamMember.filter(name="Zeno").update(state=team.TeamMemberState.REMOVED)
    assert [one.name for one in await team.of_firm(by)] == ["Ada", "Chiara"]


async def test_owners_and_admins_manage_accounts_and_employees_with_the_right(by: Viewer) -> None:
    for role, right, may in (
        (TeamRole.OWNER, False, True),
        (TeamRole.ADMIN, False, True),
        (TeamRole.EMPLOYEE, True, True),
        (TeamRole.EMPLOYEE, False, False),
    ):
        member = await a_member(by, role=role, manage_accounts=right)
        (view,) = (await team.by_ids(by, [member.member_id])).values()
        assert view.manage_accounts is member.may_manage_accounts is may


async def test_each_member_keeps_the_columns_of_their_list_in_order(by: Viewer) -> None:
    """R49"""
    other = await a_member(by)
    columns = [AccountColumn.NOTIFY, AccountColumn.NAME]
    done = await set_account_columns(by, columns)
    assert done.cursor == await journal.head(by.firm_id)
    assert (await set_account_columns(by, columns)).cursor is None
    seen = await team.by_ids(by, [by.member_id, other.member_id])
    assert seen[by.member_id].account_columns == tuple(columns)
    assert seen[other.member_id].account_columns == ()
    assert (await team.by_ids(other, [other.member_id]))[other.member_id].account_columns == tuple(AccountColumn)


@pytest.mark.parametrize("columns", [[], [AccountColumn.NAME, AccountColumn.NAME]])
async def test_no_column_or_one_twice_is_refused(by: Viewer, columns: list[AccountColumn]) -> None:
    with refused(ErrorCode.INVALID, "columns"):
        await set_account_columns(by, columns)


async def test_no_password_stands_in_the_journal_or_the_database(by: Viewer) -> None:
    await team.add(by, name="A", email="a@x.test", secret="very secret", role=TeamRole.EMPLOYEE)
    for table in ("journal_entry", "team_member"):
        assert "very secret" not in str([dict(row) for row in await store.rows(f"SELECT * FROM {table}")])


async def test_a_firm_has_a_slug_of_its_own_and_starts_with_one_field() -> None:
    by = await firm.create(name="Studio", slug=" Studio-1 ")
    assert isinstance(by, System)
    owner = await a_member(by)
    assert (await firm.of(owner)).slug == "studio-1"
    assert await store.value("SELECT string_agg(name, ',') FROM email_field") == "Email"
    with refused(ErrorCode.ALREADY_TAKEN, "slug"):
        await firm.create(name="Other", slug="STUDIO-1")


@pytest.mark.parametrize("slug", ["", "-", "a--b", "a-", "a_b", "é", "a.b", "x" * 64, "a\0"])
async def test_a_slug_that_is_no_part_of_a_host_name_is_refused(slug: str) -> None:
    with pytest.raises(Refusal):
        await firm.create(name="Studio", slug=slug)
