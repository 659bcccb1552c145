"""Links: followed, accepted once, dead for a reason, asked for anew (R7-R9, R42)."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from models import account, address, contact, invitation, journal, notification, password, session
from models.contact import ContactEmail, FieldRef
from models.errors import DeadLink, DeadLinkReason, ErrorCode
from models.ground.page import Window
from models.invitation import Invitation, accepting
from models.letter import Letter, LetterState
from models.notification import InboxFilter, NotificationKind
from models.session import Session
from models.toggles import LoginState
from models.viewer import Client, Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import PASSWORD, MadeAccount, an_account, invited, switched, toggles_of, token_of
from tests.support.firm.invitations import dead, later, login_of
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
EMAIL = FieldRef(name="Email")
by = owner_of_a_new_firm


async def test_looking_at_a_link_uses_nothing_up(by: Viewer) -> None:
    """R7: mail scanners follow links."""
    made = await an_account(by, name="Alfa", address="anna@x.test")
    token = await invited(by, made.id, made.address)
    for _ in range(3):
        link = await invitation.followed(token)
        assert link is not None
        assert (link.firm_name, link.account_names, link.address, link.dead) == (
            "Studio Bellandi",
            ("Alfa",),
            "anna@x.test",
            None,
        )
    await accepting.accept(token, PASSWORD, days=1)


async def test_accepting_activates_the_address_wherever_login_is_on(by: Viewer) -> None:
    """R8"""
    made, other = await an_account(by, address="p@x.test"), await an_account(by, address="p@x.test", login=True)
    off, archived = await an_account(by, address="p@x.test"), await an_account(by, address="p@x.test", login=True)
    await account.archive(by, archived.id, archived=True)
    token, head = await invited(by, made.id, made.address), await journal.head(by.firm_id)
    accepted = await accepting.accept(token, PASSWORD, days=1, device="Firefox")
    assert [await login_of(by, one) for one in (made, other, off)] == [
        LoginState.ACTIVE,
        LoginState.ACTIVE,
        LoginState.OFF,
    ]
    client = accepted.signed_in.viewer
    assert isinstance(client, Client)
    assert await session.viewer_of(accepted.signed_in.token) == client
    assert (client.address_id, client.account_id) == (made.address, None)
    (batch,) = await journal.since(by.firm_id, head)
    (entry,) = batch.of("INVITATION_ACCEPTED")
    assert accepted.done.cursor == batch.cursor
    assert (entry.member_id, entry.user_id) == (None, client.user_id)
    assert set(entry.account_ids) == {made.id, other.id}
    (shown,) = batch.of(journal.FeedKind.INVITATION_MOVED)  # the address is activated on their screens, too
    assert (set(shown.account_ids), len(shown.touched)) == ({off.id, archived.id}, 2)
    user = await address.PortalUser.get(id=client.user_id)
    assert await password.matches(PASSWORD, user.password_hash)


async def test_its_letters_that_have_not_left_never_will(by: Viewer) -> None:
    made = await an_account(by)
    token = await invited(by, made.id, made.address)
    await accepting.accept(token, PASSWORD, days=1)
    assert [one.state for one in await Letter.all()] == [LetterState.CANCELLED]


async def test_the_team_hears_of_it_in_its_inbox(by: Viewer) -> None:
    """R38"""
    made = await an_account(by, name="Alfa", address="anna@x.test")
    await accepting.accept(await invited(by, made.id, made.address), PASSWORD, days=1)
    wanted = InboxFilter(kinds=(NotificationKind.INVITATION_ACCEPTED,), account_id=made.id)
    (entry,) = (await notification.page(by, wanted, Window())).rows
    view = await toggles_of(by, made.id, made.address)
    assert view is not None
    assert entry.subject_id == view.id
    assert "anna@x.test" in entry.text
    assert "Alfa" in entry.text


async def test_of_fifty_who_accept_at_once_one_succeeds(by: Viewer) -> None:
    """R7"""
    made = await an_account(by)
    token = await invited(by, made.id, made.address)
    told = await asyncio.gather(
        *(accepting.accept(token, f"{PASSWORD} {n}", days=1) for n in range(50)), return_exceptions=True
    )
    (accepted,) = [one for one in told if isinstance(one, accepting.Accepted)]
    assert [one.reason for one in told if isinstance(one, DeadLink)] == [DeadLinkReason.USED] * 49
    assert (
        await Session.filter(user_id=accepted.signed_in.viewer.person_id).count()
        == await Session.exclude(user_id=None).count()
        == 1
    )


async def test_a_weak_password_leaves_the_link_as_it_is(by: Viewer) -> None:
    made = await an_account(by, address="bartholomew@x.test")
    token = await invited(by, made.id, made.address)
    for weak in ("short", "password1234", "bartholomew"):
        with refused(ErrorCode.WEAK_PASSWORD, "password"):
            await accepting.accept(token, weak, days=1)
    assert await dead(token) is None


async def test_a_link_that_never_was_is_not_found(by: Viewer) -> None:
    made = await an_account(by)
    token = await invited(by, made.id, made.address)
    other = await invited(by, (second := await an_account(by)).id, second.address)
    mixed = token.partition(".")[0] + "." + other.partition(".")[2]
    for wrong in ("", "x", token[:-1], token.upper(), mixed, "0" * 32 + ".x", "é\0" * 50):
        assert await invitation.followed(wrong) is None
        with refused(ErrorCode.NOT_FOUND, "token"):
            await accepting.accept(wrong, PASSWORD, days=1)


async def _use(by: Viewer, made: MadeAccount) -> None:
    await accepting.accept(await token_of(made.address), PASSWORD, days=1)


async def _revoke(by: Viewer, made: MadeAccount) -> None:
    last = await Invitation.filter(address_id=made.address).order_by("-id").first()
    assert last is not None
    await invitation.revoke(by, last.id)


async def _expire(by: Viewer, made: MadeAccount) -> None:
    later(days=30)


async def _send_again(by: Viewer, made: MadeAccount) -> None:
    await invitation.send(by, [(made.id, made.address)])


async def _off(by: Viewer, made: MadeAccount) -> None:
    await switched(by, made.id, made.address, login=False)


async def _off_and_on(by: Viewer, made: MadeAccount) -> None:
    await switched(by, made.id, made.address, login=False)
    await switched(by, made.id, made.address, login=True)


async def _change(by: Viewer, made: MadeAccount) -> None:
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "new@x.test")])


async def _change_back(by: Viewer, made: MadeAccount) -> None:
    await _change(by, made)
    await contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "old@x.test")])


async def _unlink(by: Viewer, made: MadeAccount) -> None:
    await contact.unlink(by, made.id, made.contact)


async def _unlink_and_link(by: Viewer, made: MadeAccount) -> None:
    await _unlink(by, made)
    await contact.link(by, made.id, contact.ExistingContact(made.contact))
    await switched(by, made.id, made.address, login=True)


async def _archive_and_back(by: Viewer, made: MadeAccount) -> None:
    await account.archive(by, made.id, archived=True)
    await account.archive(by, made.id, archived=False)


Killing = Callable[[Viewer, MadeAccount], Awaitable[None]]


@pytest.mark.parametrize(
    ("kill", "reason"),
    [
        (_use, "USED"),
        (_revoke, "REVOKED"),
        (_expire, "EXPIRED"),
        (_send_again, "SENT_AGAIN"),
        (_off, "LOGIN_OFF"),
        (_off_and_on, "LOGIN_OFF"),
        (_change, "ADDRESS_CHANGED"),
        (_change_back, "ADDRESS_CHANGED"),
        (_unlink, "UNLINKED"),
        (_unlink_and_link, "UNLINKED"),
        (_archive_and_back, "LOGIN_OFF"),
    ],
)
async def test_a_dead_link_says_why_and_of_whom_it_was_and_no_more(by: Viewer, kill: Killing, reason: str) -> None:
    """R9"""
    made = await an_account(by, address="old@x.test")
    token = await invited(by, made.id, made.address)
    await kill(by, made)
    assert await dead(token) == reason
    with pytest.raises(DeadLink) as caught:
        await accepting.accept(token, PASSWORD, days=1)
    assert caught.value.reason == reason
    assert len(caught.value.message) > 10


async def test_accepting_while_login_goes_off_ends_one_way_or_the_other(by: Viewer) -> None:
    for _ in range(5):
        made = await an_account(by)
        token = await invited(by, made.id, made.address)
        acceptance = accepting.accept(token, PASSWORD, days=1)
        told, _ = await asyncio.gather(
            acceptance, switched(by, made.id, made.address, login=False), return_exceptions=True
        )
        assert isinstance(told, accepting.Accepted | DeadLink)
        assert await login_of(by, made) is LoginState.OFF
        assert await dead(token) in {DeadLinkReason.USED, DeadLinkReason.LOGIN_OFF}


async def test_accepting_while_the_address_changes_ends_one_way_or_the_other(by: Viewer) -> None:
    for n in range(5):
        made = await an_account(by)
        token = await invited(by, made.id, made.address)
        edit = contact.update(by, made.contact, emails=[ContactEmail(EMAIL, f"new{n}@x.test")])
        told, _ = await asyncio.gather(accepting.accept(token, PASSWORD, days=1), edit, return_exceptions=True)
        entered = isinstance(told, accepting.Accepted)
        assert await login_of(by, made) is (LoginState.ACTIVE if entered else LoginState.OFF)
        assert await dead(token) is (DeadLinkReason.USED if entered else DeadLinkReason.ADDRESS_CHANGED)
