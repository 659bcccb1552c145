"""Which accounts an invitation covers, and how it ends (R9-R11, R44)."""

import asyncio
from uuid import UUID

import pytest

from models import account, address, contact, invitation, letter
from models.account import AccountFilter
from models.contact import ContactEmail, FieldRef
from models.errors import DeadLinkReason
from models.ground import clock
from models.ground.page import Window
from models.invitation import InvitationState
from models.letter import Letter, LetterState
from models.toggles import Invite, TogglesWish
from models.toggles.setting import set_toggles
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import MadeAccount, an_account, invited, switched
from tests.support.firm.invitations import delivered, ends_of, last_of, later, queued, state_of
from tests.support.waiting import held, until_waiting

pytestmark = pytest.mark.usefixtures("store")
EMAIL = FieldRef(name="Email")
by = owner_of_a_new_firm


async def test_sent_again_the_old_link_dies_and_the_new_one_covers_old_and_new_accounts(by: Viewer) -> None:
    """R9"""
    first, second = (
        await an_account(by, name="Alfa", address="p@x.test"),
        await an_account(by, name="Beta", address="p@x.test"),
    )
    await invited(by, first.id, first.address)
    await invited(by, second.id, second.address, again=True)
    assert await ends_of(first.address) == [DeadLinkReason.SENT_AGAIN, None]
    (one,) = await queued()
    assert one.facts["accountNames"] == ["Alfa", "Beta"]
    assert [await state_of(by, one) for one in (first, second)] == [InvitationState.NOT_SENT] * 2


async def test_after_it_has_expired_a_new_one_covers_the_old_accounts_too(by: Viewer) -> None:
    first, second = (
        await an_account(by, name="Alfa", address="p@x.test"),
        await an_account(by, name="Beta", address="p@x.test"),
    )
    await invited(by, first.id, first.address)
    later(days=30)
    assert await state_of(by, first) is InvitationState.EXPIRED
    await invited(by, second.id, second.address)
    assert await ends_of(first.address) == [DeadLinkReason.EXPIRED, None]
    assert (await queued())[-1].facts["accountNames"] == ["Alfa", "Beta"]


LOST = {
    "Login off": DeadLinkReason.LOGIN_OFF,
    "another address": DeadLinkReason.ADDRESS_CHANGED,
    "no address": DeadLinkReason.ADDRESS_CHANGED,
    "unlinked": DeadLinkReason.UNLINKED,
    "deleted": DeadLinkReason.UNLINKED,
    "archived": DeadLinkReason.LOGIN_OFF,
}


async def _lose(by: Viewer, made: MadeAccount, how: str) -> None:
    if how == "Login off":
        await switched(by, made.id, made.address, login=False)
    elif how == "unlinked":
        await contact.unlink(by, made.id, made.contact)
    elif how == "deleted":
        await contact.delete(by, made.contact)
    elif how == "archived":
        await account.archive(by, made.id, archived=True)
    else:
        text = "new@x.test" if how == "another address" else None
        await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, text)])


@pytest.mark.parametrize("how", LOST)
async def test_an_invitation_ends_when_no_account_is_left_that_it_covers(by: Viewer, how: str) -> None:
    """R9"""
    made = await an_account(by, address="p@x.test")
    await invited(by, made.id, made.address)
    await _lose(by, made, how)
    assert await ends_of(made.address) == [LOST[how]]
    assert [one.to_key for one in await queued()] == (["new@x.test"] if how == "another address" else [])


@pytest.mark.parametrize("how", sorted(LOST.keys() - {"deleted", "another address", "no address"}))
async def test_it_goes_on_while_it_covers_another_account(by: Viewer, how: str) -> None:
    made, other = await an_account(by, address="p@x.test"), await an_account(by, address="p@x.test")
    for one in (made, other):
        await invited(by, one.id, one.address)
    await _lose(by, made, how)
    assert await ends_of(made.address) == [None]
    await delivered(made)
    assert await state_of(by, other) is InvitationState.SENT
    await switched(by, other.id, other.address, login=False)
    assert await ends_of(made.address) == [DeadLinkReason.LOGIN_OFF]


async def test_switched_off_and_on_again_or_taken_back_from_the_archive_nobody_is_invited(by: Viewer) -> None:
    """R9, R44"""
    made, other = await an_account(by, address="p@x.test"), await an_account(by, address="p@x.test")
    for one in (made, other):
        await invited(by, one.id, one.address)
    await switched(by, made.id, made.address, login=False)
    await switched(by, made.id, made.address, login=True)
    assert await state_of(by, made) is InvitationState.NOT_SENT
    await account.archive(by, other.id, archived=True)
    await account.archive(by, other.id, archived=False)
    assert await ends_of(made.address) == [DeadLinkReason.LOGIN_OFF]
    assert await state_of(by, other) is InvitationState.REVOKED
    await invited(by, other.id, other.address)
    (new,) = await queued()
    assert len(new.facts["accountNames"]) == 1


async def test_sent_again_it_does_not_cover_an_account_that_left_before(by: Viewer) -> None:
    made, other = await an_account(by, address="p@x.test"), await an_account(by, name="Beta", address="p@x.test")
    for one in (made, other):
        await invited(by, one.id, one.address)
    await switched(by, made.id, made.address, login=False)
    await switched(by, made.id, made.address, login=True)
    await invitation.send(by, [(other.id, other.address)])
    (new,) = await queued()
    assert new.facts["accountNames"] == ["Beta"]
    assert await state_of(by, made) is InvitationState.NOT_SENT


@pytest.mark.parametrize("how", ["Login off", "unlinked", "archived"])
async def test_after_it_was_revoked_a_new_one_leaves_out_an_account_that_was_lost_since(by: Viewer, how: str) -> None:
    made, other = await an_account(by, address="p@x.test"), await an_account(by, name="Beta", address="p@x.test")
    for invitee in (made, other):
        await invited(by, invitee.id, invitee.address)
    await invitation.revoke(by, (await last_of(made)).id)
    await _lose(by, made, how)
    await invited(by, other.id, other.address)
    (new,) = await queued()
    assert new.facts["accountNames"] == ["Beta"]


async def test_one_that_had_expired_before_login_went_off_says_so(by: Viewer) -> None:
    made = await an_account(by)
    await invited(by, made.id, made.address)
    later(days=31)
    await switched(by, made.id, made.address, login=False)
    assert await ends_of(made.address) == [DeadLinkReason.EXPIRED]


async def test_an_account_whose_login_goes_off_while_another_is_invited_is_covered_by_nothing(
    store: str, by: Viewer
) -> None:
    """Both at once, for one address: whichever comes first, what is sent covers only where Login is on (R9)."""
    first, second = await an_account(by, address="p@x.test"), await an_account(by, address="p@x.test")
    for one in (first, second):
        await invited(by, one.id, one.address)
    async with held(invitation.send(by, [(first.id, first.address)])):
        off = asyncio.create_task(switched(by, second.id, second.address, login=False))
        await until_waiting(store, 1)
    await off
    await switched(by, first.id, first.address, login=False)
    assert await ends_of(first.address) == [DeadLinkReason.SENT_AGAIN, DeadLinkReason.LOGIN_OFF]
    assert await queued() == []


@pytest.mark.parametrize("is_active", [True, False], ids=["news", "an invitation"])
@pytest.mark.parametrize("how", ["Login off", "archived", "unlinked"])
async def test_a_letter_names_no_account_that_was_lost_before_it_left(by: Viewer, how: str, *, is_active: bool) -> None:
    """R9, R10, R44; with none left it never leaves."""
    made, other = [await an_account(by, name=name, address="p@x.test") for name in ("Alfa", "Beta")]
    if is_active:
        await address.activate(by, made.address, at=clock.now())
    await _asked(by, made, other)
    await _lose(by, made, how)
    assert [one.facts["accountNames"] for one in await queued()] == [["Beta"]]
    await _lose(by, other, how)
    assert await queued() == []


async def test_news_of_one_account_never_leave_once_it_is_lost_whatever_else_can_be_entered(by: Viewer) -> None:
    made, other = [await an_account(by, address="p@x.test") for _ in range(2)]
    await address.activate(by, made.address, at=clock.now())
    for one in (made, other):
        await _asked(by, one)
    await _lose(by, made, "Login off")
    assert [one.facts["accountIds"] for one in await queued()] == [[str(other.id)]]


async def test_a_letter_that_is_about_to_leave_is_composed_anew_without_the_account_that_is_lost(by: Viewer) -> None:
    made, other = [await an_account(by, name=name, address="p@x.test") for name in ("Alfa", "Beta")]
    await _asked(by, made, other)
    (claimed,) = await letter.claim("one", most=5)
    await _lose(by, made, "Login off")
    assert await letter.hand_over([(claimed, b"names both")]) == [False]
    (anew,) = await letter.claim("one", most=5)
    assert anew.facts["accountNames"] == ["Beta"]
    assert await letter.hand_over([(anew, b"names one")]) == [True]
    await _lose(by, other, "Login off")
    assert [(one.state, one.handed_over) for one in await Letter.all()] == [(LetterState.CANCELLED, 1)]


async def _asked(by: Viewer, *made: MadeAccount) -> None:
    await set_toggles(by, [TogglesWish(one.id, one.address, login=True, invite=Invite()) for one in made])


async def test_accounts_are_found_by_the_state_of_their_invitations(by: Viewer) -> None:
    """R11: whom to remind."""
    never, queued, sent, revoked, active, off = [await an_account(by, login=n < 5) for n in range(6)]
    for made in (queued, sent, revoked, off):
        await invited(by, made.id, made.address)
    await delivered(sent)
    await invitation.revoke(by, (await last_of(revoked)).id)
    await address.activate(by, active.address, at=clock.now())
    await switched(by, off.id, off.address, login=False)

    async def found(*states: InvitationState) -> set[UUID]:
        wanted = AccountFilter(invitations=states)
        page = await account.page(by, wanted, account.AccountOrder.NAME_ASC, Window())
        assert await account.count(by, wanted) == len(page.rows)
        return {row.id for row in page.rows}

    assert await found(InvitationState.NOT_SENT) == {never.id, queued.id}
    assert await found(InvitationState.SENT, InvitationState.REVOKED) == {sent.id, revoked.id}
    assert await found(InvitationState.ACCEPTED) == set()
    later(days=31)
    assert await found(InvitationState.EXPIRED) == {queued.id, sent.id}
