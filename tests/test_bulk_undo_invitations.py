"""Undo of a bulk update: what becomes of the invitations that it sent (R30)."""

from datetime import timedelta

import pytest

from models import account, invitation, journal, letter
from models.errors import DeadLinkReason
from models.ground import clock, store
from models.ground.page import Window
from models.invitation import InvitationState, accepting
from models.journal import Change, JournalFilter, JournalKind
from models.letter import Letter, LetterState
from models.toggles import Invite, LoginState, Switch
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.bulk_updates import DISABLE, ENABLE
from tests.support.firm.factories import PASSWORD, a_client, an_account, invited, switched, token_of, with_password
from tests.support.firm.invitations import dead, delivered, ends_of, last_of, login_of, queued, state_of
from tests.support.firm.undos import came, ran, undone

pytestmark = pytest.mark.usefixtures("store")
LOGIN = Switch.LOGIN
by = owner_of_a_new_firm


async def test_an_invitation_that_the_run_sent_is_revoked_and_its_letter_never_leaves(by: Viewer) -> None:
    off, on = await an_account(by), await an_account(by, login=True)
    run = await ran(by, off, on, login=ENABLE, invite=Invite("Welcome"))
    assert len(await queued()) == 2
    tokens = [await token_of(made.address) for made in (off, on)]
    taken_back = await undone(by, run)
    assert await came(by, taken_back, off) == {LOGIN: "on off CHANGED"}
    assert await came(by, taken_back, on) == {LOGIN: "on on CHANGED"}
    assert [await dead(token) for token in tokens] == [DeadLinkReason.LOGIN_OFF, DeadLinkReason.REVOKED]
    assert [await state_of(by, made) for made in (off, on)] == [InvitationState.REVOKED] * 2
    assert [one.state for one in await Letter.all()] == [LetterState.CANCELLED] * 2
    assert await letter.claim("outbox", most=10) == []


async def test_the_journal_tells_that_an_invitation_was_taken_back(by: Viewer) -> None:
    made = await an_account(by, login=True)
    run = await ran(by, made, login=ENABLE, invite=Invite())
    await delivered(made)
    taken_back = await undone(by, run)
    told = JournalFilter(kinds=(JournalKind.INVITATION_REVOKED,), bulk_update_id=taken_back)
    (entry,) = (await journal.page(by, told, Window())).rows
    assert entry.subject_id == (await last_of(made)).id
    assert (entry.account_ids, entry.changes) == ((made.id,), (Change("state", "SENT", "REVOKED"),))


async def test_an_invitation_that_somebody_accepted_is_not_taken_back(by: Viewer) -> None:
    made = await an_account(by, login=True)
    run = await ran(by, made, login=ENABLE, invite=Invite())
    await accepting.accept(await token_of(made.address), PASSWORD, days=1)
    assert await came(by, await undone(by, run), made) == {LOGIN: "on on UNCHANGED"}
    assert await login_of(by, made) is LoginState.ACTIVE


async def test_an_invitation_is_not_taken_back_from_whoever_activated_in_another_way(by: Viewer) -> None:
    made = await an_account(by, login=True)
    run = await ran(by, made, login=ENABLE, invite=Invite())
    await with_password(by, made.address)
    assert await came(by, await undone(by, run), made) == {LOGIN: "on on UNCHANGED"}
    assert await ends_of(made.address) == [None]


async def test_an_invitation_that_an_archived_account_has_left_is_not_taken_back_from_it(by: Viewer) -> None:
    made, other = await an_account(by, address="p@x.test", login=True), await an_account(by, address="p@x.test")
    run = await ran(by, made, login=ENABLE, invite=Invite())
    token = await invited(by, other.id, other.address)
    await account.archive(by, made.id, archived=True)
    assert await came(by, await undone(by, run), made) == {LOGIN: "on on UNCHANGED"}
    assert await dead(token) is None


async def test_an_invitation_sent_again_later_lives_on(by: Viewer) -> None:
    made = await an_account(by, login=True)
    run = await ran(by, made, login=ENABLE, invite=Invite())
    again = await invited(by, made.id, made.address, again=True)
    assert await came(by, await undone(by, run), made) == {LOGIN: "on on UNCHANGED"}
    assert await dead(again) is None
    assert [one.facts["accountIds"] for one in await queued()] == [[str(made.id)]]


async def test_an_invitation_that_covers_a_later_account_lives_on_for_it(by: Viewer) -> None:
    off, on, later = [await an_account(by, name=name, address="p@x.test") for name in ("Alfa", "Beta", "Gamma")]
    await switched(by, on.id, on.address, login=True)
    run = await ran(by, off, on, login=ENABLE, invite=Invite())
    token = await invited(by, later.id, later.address)
    assert await ends_of(off.address) == [None], "one letter for all three"
    taken_back = await undone(by, run)
    assert [await came(by, taken_back, made) for made in (off, on)] == [
        {LOGIN: "on off CHANGED"},
        {LOGIN: "on on CHANGED"},
    ]
    link = await invitation.followed(token)
    assert link is not None
    assert (link.dead, link.account_names) == (None, ("Gamma",))
    told = JournalFilter(kinds=(JournalKind.INVITATION_REVOKED,))
    (entry,) = (await journal.page(by, told, Window())).rows
    assert (entry.account_ids, entry.changes) == ((on.id,), ()), "the invitation itself has not been revoked"


async def test_the_letter_of_an_invitation_that_lives_on_names_the_accounts_that_are_left(by: Viewer) -> None:
    """Sent again by the run, it covers what the last one did; the run was asked for one of them."""
    earlier, on = await an_account(by, name="Alfa", address="p@x.test"), await an_account(by, address="p@x.test")
    await invited(by, earlier.id, earlier.address)
    await switched(by, on.id, on.address, login=True)
    run = await ran(by, on, login=ENABLE, invite=Invite(again=True))
    assert len((await queued())[-1].facts["accountNames"]) == 2
    await undone(by, run)
    (left,) = await queued()
    assert left.facts["accountNames"] == ["Alfa"]
    assert await ends_of(earlier.address) == [DeadLinkReason.SENT_AGAIN, None]


async def test_one_invitation_for_accounts_with_login_on_and_off_is_revoked_as_a_whole(by: Viewer) -> None:
    off, on = await an_account(by, address="p@x.test"), await an_account(by, address="p@x.test")
    await switched(by, on.id, on.address, login=True)
    run = await ran(by, off, on, login=ENABLE, invite=Invite())
    await undone(by, run)
    assert await ends_of(off.address) == [DeadLinkReason.REVOKED]
    assert await queued() == []


async def test_an_account_invited_anew_by_hand_after_login_was_set_keeps_its_invitation(by: Viewer) -> None:
    """The run's own invitation, which lived on for another account, covers it by somebody's wish now."""
    made, other = await an_account(by, address="p@x.test"), await an_account(by, address="p@x.test")
    for one in (made, other):
        await switched(by, one.id, one.address, login=True)
    run = await ran(by, made, other, login=ENABLE, invite=Invite())
    await switched(by, made.id, made.address, login=False)
    token = await invited(by, made.id, made.address)
    assert await ends_of(made.address) == [None]
    taken_back = await undone(by, run)
    assert await came(by, taken_back, made) == {LOGIN: "on on CHANGED_MEANWHILE"}
    assert await came(by, taken_back, other) == {LOGIN: "on on CHANGED"}
    link = await invitation.followed(token)
    assert link is not None
    assert link.dead is None
    assert await state_of(by, made) is InvitationState.NOT_SENT


async def test_an_expired_invitation_says_so_after_an_undo(by: Viewer) -> None:
    made = await an_account(by, login=True)
    run = await ran(by, made, login=ENABLE, invite=Invite())
    instant = clock.now() + timedelta(days=31)
    clock.set_source(lambda: instant)
    assert await came(by, await undone(by, run), made) == {LOGIN: "on on CHANGED"}
    assert await ends_of(made.address) == [DeadLinkReason.EXPIRED]


async def test_an_undo_revives_no_link_and_no_session(by: Viewer) -> None:
    invited_one, client_of = await an_account(by), await an_account(by)
    token = await invited(by, invited_one.id, invited_one.address)
    await a_client(by, client_of)
    run = await ran(by, invited_one, client_of, login=DISABLE)
    sessions = await store.value("SELECT count(*) FROM session WHERE user_id IS NOT NULL")
    written = await Letter.all().count()
    await undone(by, run)
    assert await login_of(by, client_of) is LoginState.ACTIVE
    assert await dead(token) is DeadLinkReason.LOGIN_OFF
    assert sessions == await store.value("SELECT count(*) FROM session WHERE user_id IS NOT NULL") == 0
    assert (await queued(), await Letter.all().count()) == ([], written)
