"""Colleagues are invited, join, change and leave."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from models import api_token, firm_settings, journal, mailbox, session, team
from models.errors import Conflict, DeadLink, ErrorCode, Refusal
from models.firm_settings import FirmWish
from models.ground import clock, secret_link, store
from models.invitation import accepting
from models.journal import JournalKind
from models.mailbox import MailboxState, NewMailbox
from models.team import TeamMemberState
from models.viewer import ApiScope, System, TeamRole, Viewer
from tests.support.database.store import firms_key
from tests.support.firm.factories import PASSWORD, a_firm, a_member, an_account, signed_in, spelled
from tests.support.firm.one_of_everything import SERVER
from tests.support.firm.team import colleague_invited, joined, open_invitations
from tests.support.refusals import refused
from tests.support.waiting import held, until_waiting

pytestmark = pytest.mark.usefixtures("store")
OWNER, ADMIN, EMPLOYEE = TeamRole.OWNER, TeamRole.ADMIN, TeamRole.EMPLOYEE


@pytest.fixture
async def owner(by: System) -> Viewer:
    return await a_member(by)


async def kinds(by: Viewer) -> list[str]:
    return [entry.kind for batch in await journal.since(by.firm_id, 0) for entry in batch.entries]


async def test_a_colleague_is_invited_by_a_letter_and_is_listed_meanwhile(owner: Viewer) -> None:
    await firm_settings.update(owner, FirmWish(invitation_days=7))
    member = await colleague_invited(owner, "Nina@Firm.test", ADMIN)
    assert (member.state, member.email, member.role) == (TeamMemberState.INVITED, "Nina@firm.test", ADMIN)
    assert member.id in {one.id for one in await team.of_firm(owner)}
    letter = await store.row("SELECT kind, to_key, member_id, facts, invitation_id FROM letter")
    assert letter is not None
    assert (letter["kind"], letter["to_key"], letter["member_id"]) == ("TEAM_INVITATION", "nina@firm.test", member.id)
    (invitation,) = await open_invitations(member.id)
    assert letter["invitation_id"] == invitation["id"]  # type: ignore[index]
    assert invitation["expires_at"] - clock.now() > timedelta(days=6)  # type: ignore[index]
    assert await kinds(owner) == [JournalKind.EMAIL_FIELD_CREATED, JournalKind.FIRM_CHANGED, JournalKind.MEMBER_INVITED]
    with refused(ErrorCode.WRONG_CREDENTIALS):
        await session.sign_in(email="nina@firm.test", secret=PASSWORD)


async def test_inviting_again_sends_again_and_the_old_link_dies(owner: Viewer) -> None:
    first = await colleague_invited(owner)
    (old,) = await open_invitations(first.id)
    again = await colleague_invited(owner, "NEW@firm.test", ADMIN)
    assert (again.id, again.role) == (first.id, ADMIN)
    (new,) = await open_invitations(first.id)
    assert new["id"] != old["id"]  # type: ignore[index]
    states = await store.rows("SELECT state FROM letter ORDER BY id")
    assert [row["state"] for row in states] == ["CANCELLED", "QUEUED"]


async def test_whoever_joins_is_active_and_signed_in(owner: Viewer) -> None:
    found = await joined(owner, role=ADMIN)
    assert found.viewer.role is ADMIN
    assert await session.viewer_of(found.token) == found.viewer
    with refused(ErrorCode.ALREADY_TAKEN, "email"):
        await colleague_invited(owner)


async def test_who_was_removed_meanwhile_does_not_join(owner: Viewer) -> None:
    member = await colleague_invited(owner)
    (row,) = await open_invitations(member.id)
    await team.remove(owner, member.id)
    assert await open_invitations(member.id) == []
    with refused(ErrorCode.DEAD_LINK, "token"):
        async with store.transaction():
            await team.join(row, "a hash", days=1)


async def test_a_dead_link_sends_a_colleague_to_a_colleague(owner: Viewer) -> None:
    member = await colleague_invited(owner)
    (row,) = await open_invitations(member.id)
    token = secret_link.token(firms_key(owner.firm_id), "invitation", row["id"], row["seed"])  # type: ignore[index]
    await team.remove(owner, member.id)
    with pytest.raises(DeadLink, match="Ask an owner or an admin of the firm for a new one"):
        await accepting.accept(token, PASSWORD, days=1)


async def test_who_was_removed_can_be_invited_back(owner: Viewer) -> None:
    found = await joined(owner)
    await team.remove(owner, found.viewer.member_id)
    again = await joined(owner, role=ADMIN)
    assert (again.viewer.member_id, again.viewer.role) == (found.viewer.member_id, ADMIN)


async def test_the_mail_of_a_colleague_to_be_is_synced_until_they_join(by: System, owner: Viewer) -> None:
    """R46"""
    made = await an_account(by, address="nina@both.test", login=True, email_sync=True)
    await colleague_invited(owner, "nina@both.test")
    assert await spelled(owner, made.id, made.address) == "LE"
    await joined(owner, "nina@both.test")
    assert await spelled(owner, made.id, made.address) == "L"


async def test_everything_of_somebody_removed_ends_at_once(by: System, owner: Viewer) -> None:
    leaving = await signed_in(by, role=ADMIN, email="leaving@firm.test")
    created = await api_token.create(leaving.viewer, name="Ledger", scopes=[ApiScope.READ])
    assert created.token is not None
    await team.remove(owner, leaving.viewer.member_id)
    assert await session.viewer_of(leaving.token) is None
    assert await session.viewer_of(created.token) is None
    assert await store.value("SELECT count(*) FROM session WHERE member_id = $1", leaving.viewer.member_id) == 0
    assert {JournalKind.MEMBER_REMOVED, journal.FeedKind.ACCESS_ENDED} <= set(await kinds(owner))
    with refused(ErrorCode.WRONG_CREDENTIALS):
        await session.sign_in(email="leaving@firm.test", secret=PASSWORD)
    with refused(ErrorCode.NOT_FOUND, "id"):
        await team.remove(owner, leaving.viewer.member_id)


async def test_the_mailbox_of_somebody_removed_is_the_firms_and_goes_on(by: System, owner: Viewer) -> None:
    leaving = await a_member(by)
    kept, left = [
        (
            await mailbox.connect(each, NewMailbox(f"{n}@firm.test", "secret", SERVER, SERVER, owner_id=each.member_id))
        ).ids[0]
        for n, each in enumerate((owner, leaving))
    ]
    await team.remove(owner, leaving.member_id)
    found = await mailbox.by_ids(owner, [kept, left])
    assert (found[kept].owner_id, found[left].owner_id) == (owner.member_id, None)
    assert found[left].state is MailboxState.CHECKING
    (entry,) = [one for batch in await journal.since(by.firm_id, 0) for one in batch.of(JournalKind.MAILBOX_CHANGED)]
    assert (entry.subject_id, entry.member_id) == (left, owner.member_id)
    assert [(c.field, c.before, c.after) for c in entry.changes] == [("ownerId", str(leaving.member_id), None)]


async def test_what_changed_is_journalled_and_the_same_again_changes_nothing(by: System, owner: Viewer) -> None:
    other = await a_member(by, role=EMPLOYEE)
    done = await team.update(owner, other.member_id, name="Ada", role=ADMIN, expected_version=1)
    entry = (await journal.since(owner.firm_id, (done.cursor or 0) - 1))[0].entries[0]
    assert {(one.field, one.before, one.after) for one in entry.changes} == {
        ("name", "Chiara", "Ada"),
        ("role", "EMPLOYEE", "ADMIN"),
    }
    assert (await team.update(owner, other.member_id, name="Ada", role=ADMIN)).cursor is None
    with pytest.raises(Conflict):
        await team.update(owner, other.member_id, name="Eva", expected_version=1)


async def test_an_admin_neither_makes_nor_unmakes_nor_removes_an_owner(by: System, owner: Viewer) -> None:
    admin, employee = await a_member(by, role=ADMIN), await a_member(by, role=EMPLOYEE)
    with refused(ErrorCode.NOT_ALLOWED, "role"):
        await colleague_invited(admin, role=OWNER)
    for member, role in ((admin, OWNER), (employee, OWNER), (owner, ADMIN)):
        with refused(ErrorCode.NOT_ALLOWED, "role"):
            await team.update(admin, member.member_id, role=role)
    with refused(ErrorCode.NOT_ALLOWED, "id"):
        await team.remove(admin, owner.member_id)
    await team.update(admin, employee.member_id, role=ADMIN)
    await team.remove(admin, employee.member_id)


async def test_an_admin_does_not_unmake_an_owner_who_has_not_joined_yet(by: System, owner: Viewer) -> None:
    admin = await a_member(by, role=ADMIN)
    await colleague_invited(owner, role=OWNER)
    with refused(ErrorCode.NOT_ALLOWED, "email"):
        await colleague_invited(admin, role=EMPLOYEE)
    assert (await colleague_invited(owner, role=OWNER)).role is OWNER


async def test_a_colleague_joins_with_no_password_that_is_their_name(owner: Viewer) -> None:
    member = await colleague_invited(owner, name="Massimiliano")
    (row,) = await store.rows("SELECT id, seed FROM invitation WHERE member_id = $1", member.id)
    with refused(ErrorCode.WEAK_PASSWORD, "password"):
        await accepting.accept(
            secret_link.token(firms_key(owner.firm_id), "invitation", row["id"], row["seed"]), "massimiliano1", days=1
        )


async def test_the_last_owner_stays(by: System, owner: Viewer) -> None:
    await colleague_invited(owner, role=OWNER)  # has not joined yet, and does not count
    with refused(ErrorCode.LAST_OWNER, "role"):
        await team.update(owner, owner.member_id, role=ADMIN)
    with refused(ErrorCode.LAST_OWNER, "id"):
        await team.remove(owner, owner.member_id)
    second = await a_member(by)
    await team.remove(second, owner.member_id)


async def test_of_two_owners_who_unmake_each_other_at_once_one_stays(by: System, owner: Viewer) -> None:
    second = await a_member(by)
    pairs = ((owner, second), (second, owner))
    found = await asyncio.gather(
        *(team.update(one, other.member_id, role=ADMIN) for one, other in pairs), return_exceptions=True
    )
    assert [isinstance(one, Refusal) for one in found].count(True) == 1
    assert await store.value("SELECT count(*) FROM team_member WHERE role = 'OWNER'") == 1


Deed = Callable[[Viewer, Viewer], Awaitable[object]]
DEEDS: list[Deed] = [
    lambda by, friend: team.invite(by, name="Nina", email="new@firm.test", role=ADMIN),
    lambda by, friend: team.update(by, friend.member_id, role=ADMIN),
    lambda by, friend: team.remove(by, friend.member_id),
]


@pytest.mark.parametrize("deed", DEEDS)
async def test_who_is_unmade_meanwhile_rules_the_team_no_more(
    by: System, owner: Viewer, kept_database: str, deed: Deed
) -> None:
    """P5"""
    admin, friend = await a_member(by, role=ADMIN), await a_member(by, role=EMPLOYEE)
    async with held(team.remove(owner, admin.member_id)):
        doing = asyncio.ensure_future(deed(admin, friend))
        await until_waiting(kept_database, 1)
    with refused(ErrorCode.NOT_ALLOWED):
        await doing
    assert {member.role for member in await team.of_firm(owner)} == {OWNER, EMPLOYEE}


@pytest.mark.parametrize("role", [ADMIN, EMPLOYEE])
async def test_another_firms_colleague_is_not_found(owner: Viewer, role: TeamRole) -> None:
    stranger = await a_member(await a_firm(), role=role)
    with refused(ErrorCode.NOT_FOUND, "id"):
        await team.update(owner, stranger.member_id, name="Mine")
    with refused(ErrorCode.NOT_FOUND, "id"):
        await team.remove(owner, stranger.member_id)
