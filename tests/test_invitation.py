"""Inviting, sending again, taking back, and what becomes of an invitation (R3, R6-R9, R44)."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from models import account, address, clock, contact, invitation, journal, store
from models.account import AccountFilter
from models.contact import ContactEmail, ExistingContact, FieldRef, NewContact, NewEmail
from models.errors import DeadLinkReason, ErrorCode
from models.invitation import Invitation, InvitationState, Invite
from models.letter import Letter, LetterKind, LetterState
from models.page import Window
from models.toggles import NewToggles, TogglesWish, set_toggles
from models.viewer import TeamRole, Viewer
from tests.make import (
    MadeAccount,
    a_contact,
    a_firm,
    a_member,
    an_account,
    an_address,
    counting,
    invited,
    linked,
    switched,
    toggles_of,
)
from tests.refused import refused
from tests.waiting import held, until_waiting

pytestmark = pytest.mark.usefixtures("store")
EMAIL = FieldRef(name="Email")


@pytest.fixture
async def by(store: str) -> Viewer:
    return await a_member(await a_firm())


async def _letters() -> list[Letter]:
    """Those that will leave, in order."""
    return await Letter.filter(state=LetterState.QUEUED).order_by("id")


async def _state(by: Viewer, made: MadeAccount, address_id: UUID | None = None) -> InvitationState | None:
    view = await toggles_of(by, made.id, address_id or made.address)
    assert view is not None
    found = await invitation.of_toggles(by, [view.id])
    return found[view.id].state if found else None


async def _last(made: MadeAccount) -> Invitation:
    last = await Invitation.filter(address_id=made.address).order_by("-id").first()
    assert last is not None
    return last


async def _ends(address_id: UUID) -> list[DeadLinkReason | None]:
    """Of every invitation of an address, the oldest first."""
    return [one.end_reason for one in await Invitation.filter(address_id=address_id).order_by("id")]


async def _delivered(made: MadeAccount) -> None:
    await store.execute("UPDATE invitation SET sent_at = $2 WHERE address_id = $1", made.address, clock.now())


def _later(**time: int) -> datetime:
    instant = clock.now() + timedelta(**time)
    clock.set_source(lambda: instant)
    return instant


async def test_switching_login_on_mails_nobody(by: Viewer) -> None:
    """R6"""
    made = await an_account(by, login=True)
    assert await _letters() == []
    assert await _state(by, made) is InvitationState.NOT_SENT


async def test_an_invitation_is_an_explicit_part_of_the_request(by: Viewer) -> None:
    made = await an_account(by, name="Alfa", address="anna@x.test")
    now = _later(seconds=0)
    await invited(by, made.id, made.address, message=" Welcome,\r\nAnna ")
    (one,) = await _letters()
    assert (one.kind, one.to_address, one.asked_by) == (LetterKind.INVITATION, "anna@x.test", by.member_id)
    assert one.facts["accountNames"] == ["Alfa"]
    assert one.facts["inviterName"] == "Chiara"
    assert one.facts["message"] == "Welcome,\nAnna"
    assert one.facts["expiresAt"] == (now + timedelta(days=30)).isoformat()
    assert one.invitation_id == (await _last(made)).id
    assert await _state(by, made) is InvitationState.NOT_SENT
    await _delivered(made)
    assert await _state(by, made) is InvitationState.SENT


async def test_it_can_come_with_a_new_account_a_new_contact_or_a_link(by: Viewer) -> None:
    """R2"""
    wanted = NewToggles(login=True, invite=Invite("Welcome"))
    anna = NewContact("Anna", (NewEmail(EMAIL, "anna@x.test", wanted), NewEmail(FieldRef(name="Work"), "w@x.test")))
    same = NewContact("Also Anna", (NewEmail(EMAIL, "Anna@x.test", NewToggles(login=True, invite=Invite(again=True))),))
    new = account.NewAccount("Alfa", account.AccountKind.OTHER, contacts=(anna, same))
    account_id = (await account.create(by, new)).ids[0]
    await contact.create(by, NewContact("Bo", (NewEmail(EMAIL, "bo@x.test", wanted),)), account_id=account_id)
    person = await a_contact(by, "cleo@x.test")
    switches = ((await an_address(by, "cleo@x.test"), wanted),)
    await contact.link(by, account_id, ExistingContact(person, switches))
    assert [one.to_key for one in await _letters()] == ["anna@x.test", "bo@x.test", "cleo@x.test"]


async def test_inviting_where_login_ends_off_is_refused(by: Viewer) -> None:
    """R6"""
    off, on = await an_account(by), await an_account(by, login=True)
    for made, login in ((off, None), (off, False), (on, False)):
        with refused(ErrorCode.INVITE_NEEDS_LOGIN, "toggles", 0, "invite"):
            await set_toggles(by, [TogglesWish(made.id, made.address, login=login, invite=Invite())])
    with refused(ErrorCode.INVITE_NEEDS_LOGIN, "toggles", "invite"):
        person = await a_contact(by, "p@x.test")
        switches = ((await an_address(by, "p@x.test"), NewToggles(notify=True, invite=Invite())),)
        await contact.link(by, off.id, ExistingContact(person, switches))
    with refused(ErrorCode.INVITE_NEEDS_LOGIN, "toggles", 0):
        await invitation.send(by, [(off.id, off.address)])
    assert await _letters() == []


async def test_nothing_is_sent_to_an_address_that_letters_came_back_from(by: Viewer) -> None:
    """R17"""
    made = await an_account(by, login=True)
    await store.execute("UPDATE email_address SET suppressed_at = now() WHERE id = $1", made.address)
    with refused(ErrorCode.ADDRESS_SUPPRESSED, "toggles", 0, "invite"):
        await invited(by, made.id, made.address)
    with refused(ErrorCode.ADDRESS_SUPPRESSED, "toggles", 0):
        await invitation.send(by, [(made.id, made.address)])
    assert await _letters() == []


@pytest.mark.parametrize("message", ["x" * 501, "a\x00b", "half \ud800 a pair"])
async def test_a_message_is_plain_text_of_at_most_500_characters(by: Viewer, message: str) -> None:
    made = await an_account(by)
    with refused(ErrorCode.INVALID, "toggles", 0, "invite", "message"):
        await invited(by, made.id, made.address, message=message)
    with refused(ErrorCode.INVALID, "message"):
        await invitation.send(by, [(made.id, made.address)], message=message)


async def test_an_invitation_that_lives_is_extended_and_no_second_letter_goes_out(by: Viewer) -> None:
    first, second = await an_account(by, address="p@x.test"), await an_account(by, address="p@x.test")
    await invited(by, first.id, first.address)
    await invited(by, second.id, second.address)
    head = await journal.head(by.firm_id)
    await invited(by, second.id, second.address)
    assert await journal.head(by.firm_id) == head, "R3"
    assert len(await _letters()) == 1
    assert await _ends(first.address) == [None]
    await _delivered(first)
    assert [await _state(by, one) for one in (first, second)] == [InvitationState.SENT] * 2


async def test_sent_again_the_old_link_dies_and_the_new_one_covers_old_and_new_accounts(by: Viewer) -> None:
    """R9"""
    first, second = (
        await an_account(by, name="Alfa", address="p@x.test"),
        await an_account(by, name="Beta", address="p@x.test"),
    )
    await invited(by, first.id, first.address)
    await invited(by, second.id, second.address, again=True)
    assert await _ends(first.address) == [DeadLinkReason.SENT_AGAIN, None]
    (one,) = await _letters()
    assert one.facts["accountNames"] == ["Alfa", "Beta"]
    assert [await _state(by, one) for one in (first, second)] == [InvitationState.NOT_SENT] * 2


async def test_after_it_has_expired_a_new_one_covers_the_old_accounts_too(by: Viewer) -> None:
    first, second = (
        await an_account(by, name="Alfa", address="p@x.test"),
        await an_account(by, name="Beta", address="p@x.test"),
    )
    await invited(by, first.id, first.address)
    _later(days=30)
    assert await _state(by, first) is InvitationState.EXPIRED
    await invited(by, second.id, second.address)
    assert await _ends(first.address) == [DeadLinkReason.EXPIRED, None]
    assert (await _letters())[-1].facts["accountNames"] == ["Alfa", "Beta"]


async def test_how_long_an_invitation_lives_is_the_firms_to_say(by: Viewer) -> None:
    """R7"""
    await store.execute("UPDATE firm SET invitation_days = 3 WHERE id = $1", by.firm_id)
    made = await an_account(by)
    await invited(by, made.id, made.address)
    _later(days=2, hours=23)
    assert await _state(by, made) is InvitationState.NOT_SENT
    _later(hours=1)
    assert await _state(by, made) is InvitationState.EXPIRED


async def test_an_activated_address_is_told_of_its_new_accounts_in_one_letter(by: Viewer) -> None:
    """R8"""
    first, second = (
        await an_account(by, name="Beta", address="p@x.test"),
        await an_account(by, name="Alfa", address="p@x.test"),
    )
    await address.activate(by, first.address, at=clock.now())
    wishes = [TogglesWish(one.id, one.address, login=True, invite=Invite("Hello")) for one in (first, second)]
    await set_toggles(by, wishes)
    (one,) = await _letters()
    assert (one.kind, one.facts["accountNames"]) == (LetterKind.ACCOUNT_ADDED, ["Alfa", "Beta"])
    assert one.invitation_id is None
    assert await _ends(first.address) == []
    assert await _state(by, first) is InvitationState.ACCEPTED
    with refused(ErrorCode.ALREADY_ACTIVE, "toggles", 0):
        await invitation.send(by, [(first.id, first.address)])


async def test_what_was_invited_and_what_may_not_be_is_refused_place_by_place(by: Viewer) -> None:
    good, active, archived = (
        await an_account(by, login=True),
        await an_account(by, login=True),
        await an_account(by, login=True),
    )
    await address.activate(by, active.address, at=clock.now())
    await account.archive(by, archived.id, archived=True)
    for bad, code in ((active, ErrorCode.ALREADY_ACTIVE), (archived, ErrorCode.ACCOUNT_ARCHIVED)):
        with refused(code, "toggles", 1):
            await invitation.send(by, [(good.id, good.address), (bad.id, bad.address)])
    with refused(ErrorCode.NOT_FOUND, "toggles", 1):
        await invitation.send(by, [(good.id, good.address), (good.id, active.address)])
    with refused(ErrorCode.ACCOUNT_ARCHIVED, "toggles", 0, "invite"):
        await invited(by, archived.id, archived.address)
    with refused(ErrorCode.INVALID, "toggles"):
        await invitation.send(by, [])
    with refused(ErrorCode.NOT_ALLOWED):
        await invitation.send(await a_member(by, role=TeamRole.EMPLOYEE), [(good.id, good.address)])
    assert await _letters() == []
    done = await invitation.send(by, [(good.id, good.address)], message="A reminder", key="once")
    assert done.cursor is not None
    assert await invitation.send(by, [(good.id, good.address)], message="A reminder", key="once") == done
    assert len(await _letters()) == 1


async def test_a_revoked_invitation_is_dead_and_its_letter_never_leaves(by: Viewer) -> None:
    made = await an_account(by)
    await invited(by, made.id, made.address)
    last, head = await _last(made), await journal.head(by.firm_id)
    done = await invitation.revoke(by, last.id)
    assert done.ids == (last.id,)
    assert await _letters() == []
    assert await _state(by, made) is InvitationState.REVOKED
    (batch,) = await journal.since(by.firm_id, head)
    (entry,) = batch.of("INVITATION_REVOKED")
    assert (entry.account_ids, entry.subject_id) == ((made.id,), last.id)
    assert (await invitation.revoke(by, last.id)).cursor is None, "R3"
    await invited(by, made.id, made.address)
    assert await _ends(made.address) == [DeadLinkReason.REVOKED, None]


async def test_what_cannot_be_revoked_says_why(by: Viewer) -> None:
    pending, active, over = await an_account(by, login=True), await an_account(by, login=True), await an_account(by)
    await address.activate(by, active.address, at=clock.now())
    await invited(by, over.id, over.address)
    await switched(by, over.id, over.address, login=False)
    ids = {}
    for made in (pending, active, over):
        view = await toggles_of(by, made.id, made.address)
        assert view is not None
        ids[made.id] = (await invitation.of_toggles(by, [view.id]))[view.id].id
    assert set((await invitation.by_ids(by, list(ids.values()))).keys()) == set(ids.values())
    for made, code in ((pending, ErrorCode.INVALID), (active, ErrorCode.ALREADY_ACTIVE), (over, ErrorCode.DEAD_LINK)):
        with refused(code, "id"):
            await invitation.revoke(by, ids[made.id])
    with refused(ErrorCode.NOT_FOUND, "id"):
        await invitation.revoke(await a_member(await a_firm()), (await _last(over)).id)


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
    assert await _ends(made.address) == [LOST[how]]
    assert [one.to_key for one in await _letters()] == (["new@x.test"] if how == "another address" else [])


@pytest.mark.parametrize("how", sorted(LOST.keys() - {"deleted", "another address", "no address"}))
async def test_it_goes_on_while_it_covers_another_account(by: Viewer, how: str) -> None:
    made, other = await an_account(by, address="p@x.test"), await an_account(by, address="p@x.test")
    for one in (made, other):
        await invited(by, one.id, one.address)
    await _lose(by, made, how)
    assert await _ends(made.address) == [None]
    await _delivered(made)
    assert await _state(by, other) is InvitationState.SENT
    await switched(by, other.id, other.address, login=False)
    assert await _ends(made.address) == [DeadLinkReason.LOGIN_OFF]


async def test_switched_off_and_on_again_or_taken_back_from_the_archive_nobody_is_invited(by: Viewer) -> None:
    """R9, R44"""
    made, other = await an_account(by, address="p@x.test"), await an_account(by, address="p@x.test")
    for one in (made, other):
        await invited(by, one.id, one.address)
    await switched(by, made.id, made.address, login=False)
    await switched(by, made.id, made.address, login=True)
    assert await _state(by, made) is InvitationState.NOT_SENT
    await account.archive(by, other.id, archived=True)
    await account.archive(by, other.id, archived=False)
    assert await _ends(made.address) == [DeadLinkReason.LOGIN_OFF]
    assert await _state(by, other) is InvitationState.REVOKED
    await invited(by, other.id, other.address)
    (new,) = await _letters()
    assert len(new.facts["accountNames"]) == 1


async def test_sent_again_it_does_not_cover_an_account_that_left_before(by: Viewer) -> None:
    made, other = await an_account(by, address="p@x.test"), await an_account(by, name="Beta", address="p@x.test")
    for one in (made, other):
        await invited(by, one.id, one.address)
    await switched(by, made.id, made.address, login=False)
    await switched(by, made.id, made.address, login=True)
    await invitation.send(by, [(other.id, other.address)])
    (new,) = await _letters()
    assert new.facts["accountNames"] == ["Beta"]
    assert await _state(by, made) is InvitationState.NOT_SENT


async def test_one_that_had_expired_before_login_went_off_says_so(by: Viewer) -> None:
    made = await an_account(by)
    await invited(by, made.id, made.address)
    _later(days=31)
    await switched(by, made.id, made.address, login=False)
    assert await _ends(made.address) == [DeadLinkReason.EXPIRED]


async def test_a_replaced_address_hands_its_invitation_over_and_back_it_revives_nothing(by: Viewer) -> None:
    """R33"""
    made, other = await an_account(by, name="Alfa", address="old@x.test"), await an_account(by, name="Beta")
    await linked(by, other.id, made.contact)
    for one in (made, other):
        await invited(by, one.id, made.address, message="Welcome")
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "new@x.test")])
    new = await an_address(by, "new@x.test")
    (new_one,) = await _letters()
    assert (new_one.to_key, new_one.facts["accountNames"], new_one.facts["message"]) == (
        "new@x.test",
        ["Alfa", "Beta"],
        "Welcome",
    )
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "old@x.test")])
    assert await _ends(made.address) == [DeadLinkReason.ADDRESS_CHANGED, None]
    assert await _ends(new) == [DeadLinkReason.ADDRESS_CHANGED]
    assert [one.to_key for one in await _letters()] == ["old@x.test"]


async def test_a_replaced_address_that_nobody_invited_mails_nobody(by: Viewer) -> None:
    """R33"""
    for revoked in (False, True):
        made = await an_account(by, login=True)
        if revoked:
            await invited(by, made.id, made.address)
            await invitation.revoke(by, (await _last(made)).id)
        await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, f"new{revoked}@x.test")])
    assert await _letters() == []


async def test_an_address_that_replaces_one_that_bounced_is_invited(by: Viewer) -> None:
    """R33: a mistyped address is mended, and nobody has to think of inviting once more."""
    made = await an_account(by, address="anna@typo.test")
    await invited(by, made.id, made.address)
    await store.execute("UPDATE invitation SET sent_at = now(), bounced_at = now()")
    assert await _state(by, made) is InvitationState.BOUNCED
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "anna@right.test")])
    assert (await _letters())[-1].to_key == "anna@right.test"


async def test_where_another_holds_the_old_address_both_are_invited(by: Viewer) -> None:
    """R43"""
    made = await an_account(by, address="old@x.test")
    await a_contact(by, "old@x.test", name="Luca", on=made.id)
    await invited(by, made.id, made.address)
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "new@x.test")])
    assert await _ends(made.address) == [None]
    assert [one.to_key for one in await _letters()] == ["old@x.test", "new@x.test"]


async def test_where_the_new_address_is_held_already_nobody_is_invited_there(by: Viewer) -> None:
    """R43"""
    made = await an_account(by, address="old@x.test")
    await a_contact(by, "new@x.test", name="Luca", on=made.id)
    await invited(by, made.id, made.address)
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "new@x.test")])
    assert await _letters() == []


async def test_accounts_are_found_by_the_state_of_their_invitations(by: Viewer) -> None:
    """R11: whom to remind."""
    never, queued, sent, revoked, active, off = [await an_account(by, login=n < 5) for n in range(6)]
    for made in (queued, sent, revoked, off):
        await invited(by, made.id, made.address)
    await _delivered(sent)
    await invitation.revoke(by, (await _last(revoked)).id)
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
    _later(days=31)
    assert await found(InvitationState.EXPIRED) == {queued.id, sent.id}


async def test_as_many_statements_for_a_hundred_as_for_one(by: Viewer) -> None:
    made = [await an_account(by) for _ in range(12)]
    counts = []
    for some in (made[:1], made[1:]):
        async with counting() as statements:
            await set_toggles(by, [TogglesWish(one.id, one.address, login=True, invite=Invite()) for one in some])
        counts.append(len(statements))
    assert max(counts) <= 15, statements
    async with counting() as statements:
        await invitation.send(by, [(one.id, one.address) for one in made])
    assert len(statements) <= 15, statements
    assert len(await _letters()) == len(made)


async def test_an_address_that_got_enough_letters_is_left_alone_for_an_hour(by: Viewer) -> None:
    made = await an_account(by)
    _later(seconds=0)
    for _ in range(5):
        await invited(by, made.id, made.address, again=True)
    with refused(ErrorCode.RATE_LIMITED):
        await invitation.send(by, [(made.id, made.address)])
    assert await _ends(made.address) == [DeadLinkReason.SENT_AGAIN] * 4 + [None], "its last link lives on"
    _later(hours=1)
    await invitation.send(by, [(made.id, made.address)])


async def test_two_who_invite_at_once_send_one_letter(by: Viewer) -> None:
    made = [await an_account(by, address="p@x.test") for _ in range(4)]
    await asyncio.gather(*(invited(by, one.id, one.address) for one in made))
    assert len(await _letters()) == 1
    assert await _ends(made[0].address) == [None]


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
    assert await _ends(first.address) == [DeadLinkReason.SENT_AGAIN, DeadLinkReason.LOGIN_OFF]
    assert await _letters() == []
