"""Inviting, sending again, taking back, and what becomes of an invitation (R3, R6-R9, R44)."""

import asyncio
from datetime import timedelta

import pytest

from models import account, address, contact, invitation, journal
from models.contact import ExistingContact, FieldRef, NewContact, NewEmail
from models.errors import DeadLinkReason, ErrorCode
from models.ground import clock, store
from models.invitation import InvitationState
from models.letter import LetterKind
from models.toggles import Invite, NewToggles, TogglesWish
from models.toggles.setting import set_toggles
from models.viewer import TeamRole, Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import (
    a_contact,
    a_firm,
    a_member,
    an_account,
    an_address,
    counting,
    invited,
    switched,
    toggles_of,
)
from tests.support.firm.invitations import delivered, ends_of, last_of, later, queued, state_of
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
EMAIL = FieldRef(name="Email")
by = owner_of_a_new_firm


async def test_switching_login_on_mails_nobody(by: Viewer) -> None:
    """R6"""
    made = await an_account(by, login=True)
    assert await queued() == []
    assert await state_of(by, made) is InvitationState.NOT_SENT


async def test_an_invitation_is_an_explicit_part_of_the_request(by: Viewer) -> None:
    made = await an_account(by, name="Alfa", address="anna@x.test")
    now = later(seconds=0)
    await invited(by, made.id, made.address, message=" Welcome,\r\nAnna ")
    (one,) = await queued()
    assert (one.kind, one.to_address, one.asked_by) == (LetterKind.INVITATION, "anna@x.test", by.member_id)
    assert one.facts["accountNames"] == ["Alfa"]
    assert one.facts["inviterName"] == "Chiara"
    assert one.facts["message"] == "Welcome,\nAnna"
    assert one.facts["expiresAt"] == (now + timedelta(days=30)).isoformat()
    assert one.invitation_id == (await last_of(made)).id
    assert await state_of(by, made) is InvitationState.NOT_SENT
    await delivered(made)
    assert await state_of(by, made) is InvitationState.SENT


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
    assert [one.to_key for one in await queued()] == ["anna@x.test", "bo@x.test", "cleo@x.test"]


async def test_inviting_where_login_ends_off_is_refused(by: Viewer) -> None:
    """R6"""
    off, on = await an_account(by), await an_account(by, login=True)
    for made, login in ((off, None), (off, False), (on, False)):
        with refused(ErrorCode.INVITE_NEEDS_LOGIN, "toggles", 0, "invite"):
            await set_toggles(by, [TogglesWish(made.id, made.address, login=login, invite=Invite())])
    with refused(ErrorCode.INVITE_NEEDS_LOGIN, "toggles", 0, "toggles", "invite"):
        person = await a_contact(by, "p@x.test")
        switches = ((await an_address(by, "p@x.test"), NewToggles(notify=True, invite=Invite())),)
        await contact.link(by, off.id, ExistingContact(person, switches))
    with refused(ErrorCode.INVITE_NEEDS_LOGIN, "toggles", 0):
        await invitation.send(by, [(off.id, off.address)])
    assert await queued() == []


async def test_nothing_is_sent_to_an_address_that_letters_came_back_from(by: Viewer) -> None:
    """R17"""
    made = await an_account(by, login=True)
    await store.execute("UPDATE email_address SET suppressed_at = now() WHERE id = $1", made.address)
    with refused(ErrorCode.ADDRESS_SUPPRESSED, "toggles", 0, "invite"):
        await invited(by, made.id, made.address)
    with refused(ErrorCode.ADDRESS_SUPPRESSED, "toggles", 0):
        await invitation.send(by, [(made.id, made.address)])
    assert await queued() == []


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
    assert len(await queued()) == 1
    assert await ends_of(first.address) == [None]
    await delivered(first)
    assert [await state_of(by, one) for one in (first, second)] == [InvitationState.SENT] * 2


async def test_how_long_an_invitation_lives_is_the_firms_to_say(by: Viewer) -> None:
    """R7"""
    await store.execute("UPDATE firm SET invitation_days = 3 WHERE id = $1", by.firm_id)
    made = await an_account(by)
    await invited(by, made.id, made.address)
    later(days=2, hours=23)
    assert await state_of(by, made) is InvitationState.NOT_SENT
    later(hours=1)
    assert await state_of(by, made) is InvitationState.EXPIRED


async def test_an_activated_address_is_told_of_its_new_accounts_in_one_letter(by: Viewer) -> None:
    """R8"""
    first, second = (
        await an_account(by, name="Beta", address="p@x.test"),
        await an_account(by, name="Alfa", address="p@x.test"),
    )
    await address.activate(by, first.address, at=clock.now())
    wishes = [TogglesWish(one.id, one.address, login=True, invite=Invite("Hello")) for one in (first, second)]
    await set_toggles(by, wishes)
    (one,) = await queued()
    assert (one.kind, one.facts["accountNames"]) == (LetterKind.ACCOUNT_ADDED, ["Alfa", "Beta"])
    assert one.invitation_id is None
    assert await ends_of(first.address) == []
    assert await state_of(by, first) is InvitationState.ACCEPTED
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
    assert await queued() == []
    done = await invitation.send(by, [(good.id, good.address)], message="A reminder", key="once")
    assert done.cursor is not None
    assert await invitation.send(by, [(good.id, good.address)], message="A reminder", key="once") == done
    assert len(await queued()) == 1


async def test_a_revoked_invitation_is_dead_and_its_letter_never_leaves(by: Viewer) -> None:
    made = await an_account(by)
    await invited(by, made.id, made.address)
    last, head = await last_of(made), await journal.head(by.firm_id)
    done = await invitation.revoke(by, last.id)
    assert done.ids == (last.id,)
    assert await queued() == []
    assert await state_of(by, made) is InvitationState.REVOKED
    (batch,) = await journal.since(by.firm_id, head)
    (entry,) = batch.of("INVITATION_REVOKED")
    assert (entry.account_ids, entry.subject_id) == ((made.id,), last.id)
    assert (await invitation.revoke(by, last.id)).cursor is None, "R3"
    await invited(by, made.id, made.address)
    assert await ends_of(made.address) == [DeadLinkReason.REVOKED, None]


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
        await invitation.revoke(await a_member(await a_firm()), (await last_of(over)).id)


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
    assert len(await queued()) == len(made)


async def test_an_address_that_got_enough_letters_is_left_alone_for_an_hour(by: Viewer) -> None:
    made = await an_account(by)
    later(seconds=0)
    for _ in range(5):
        await invited(by, made.id, made.address, again=True)
    with refused(ErrorCode.RATE_LIMITED):
        await invitation.send(by, [(made.id, made.address)])
    assert await ends_of(made.address) == [DeadLinkReason.SENT_AGAIN] * 4 + [None], "its last link lives on"
    later(hours=1)
    await invitation.send(by, [(made.id, made.address)])


async def test_two_who_invite_at_once_send_one_letter(by: Viewer) -> None:
    made = [await an_account(by, address="p@x.test") for _ in range(4)]
    await asyncio.gather(*(invited(by, one.id, one.address) for one in made))
    assert len(await queued()) == 1
    assert await ends_of(made[0].address) == [None]
