"""What has not left may still be stopped (R14)."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from models import account, contact, letter, suppression
from models.ground import store
from models.letter.standing import Stop
from models.notification_category import NotificationCategory
from models.toggles import PreferencesWish, preferring
from models.toggles.preferences import NotificationPreference
from models.viewer import System
from tests.support.emails.synced_mailbox import eventually
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import MadeAccount, an_account, switched
from tests.support.firm.notices import a_notice, gathered, tidings, told_account
from tests.support.letters.outbox import (
    an_invitation,
    due_again,
    invitation_letter,
    row_of,
    sent_all,
    state_of,
    text_of,
)
from tests.support.servers.smtp import DROP, SmtpSink
from tests.support.waiting import held, waiting

pytestmark = pytest.mark.usefixtures("store")


async def _unlink(by: System, made: MadeAccount) -> None:
    await contact.unlink(by, made.id, made.contact)


async def _archive(by: System, made: MadeAccount) -> None:
    await account.archive(by, made.id, archived=True)


async def _suppress(by: System, made: MadeAccount) -> None:
    async with store.transaction(by.firm_id):
        await suppression.suppress(by.firm_id, made.address, "gone")


async def _notify_off(by: System, made: MadeAccount) -> None:
    await switched(by, made.id, made.address, notify=False)


async def _mute(by: System, made: MadeAccount) -> None:
    off = NotificationPreference(NotificationCategory.DOCUMENT_UPLOADS, False)
    await preferring.set_preferences(by, [PreferencesWish(made.id, made.address, (off,))])


Change = Callable[[System, MadeAccount], Awaitable[None]]
STOPS: list[tuple[Change, Stop]] = [
    (_unlink, Stop.NOT_HELD),
    (_archive, Stop.ARCHIVED),
    (_suppress, Stop.SUPPRESSED),
    (_notify_off, Stop.NOTIFY_OFF),
    (_mute, Stop.CATEGORY_OFF),
]


@pytest.mark.parametrize(("change", "why"), STOPS)
async def test_a_notice_that_was_stopped_before_it_was_claimed_is_cancelled_with_the_reason(
    by: System, change: Change, why: Stop
) -> None:
    made = await told_account(by)
    letter_id = await a_notice(by, made)
    await change(by, made)
    async with SmtpSink() as sink:
        await sent_all(sink.server)
    row = await row_of(letter_id)
    assert (row["state"], row["error"], row["sealed"]) == ("CANCELLED", why.value, None)
    assert sink.letters == []


@pytest.mark.parametrize(("change", "why"), STOPS)
async def test_nothing_reaches_an_address_after_a_change_that_came_before_its_bytes_began_to_leave(
    by: System, change: Change, why: Stop
) -> None:
    """Claimed and composed it is, the server has taken the recipient, and then somebody switches it off."""
    made = await told_account(by)
    letter_id = await a_notice(by, made)

    async def meanwhile(_: str) -> None:
        if await state_of(letter_id) == "QUEUED":
            await change(by, made)

    async with SmtpSink(named=meanwhile) as sink:
        await sent_all(sink.server)
    row = await row_of(letter_id)
    assert (row["state"], row["error"], row["sealed"], row["handed_over"]) == ("CANCELLED", why.value, None, 0)
    assert sink.letters == []


async def test_of_those_handed_over_together_the_stopped_one_alone_does_not_leave(by: System) -> None:
    made, other = await told_account(by), await told_account(by, "bea@client.test")
    await gathered(by, tidings(made), tidings(other, to="bea@client.test"))
    claimed = await letter.claim("one", most=5)
    await _mute(by, made)
    may = await letter.hand_over([(one, b"its bytes") for one in claimed])
    assert {one.to_address: leaves for one, leaves in zip(claimed, may, strict=True)} == {
        ANNA: False, "bea@client.test": True
    }  # fmt: skip


async def test_of_several_reasons_the_same_one_is_told_whatever_came_first(by: System) -> None:
    made = await told_account(by)
    letter_id = await a_notice(by, made)
    await _suppress(by, made)
    await _unlink(by, made)
    async with SmtpSink() as sink:
        await sent_all(sink.server)
    assert (await row_of(letter_id))["error"] == Stop.NOT_HELD.value


async def test_a_notice_is_asked_when_all_waiting_for_others_is_over(by: System, store: str) -> None:
    """A letter that leaves with it is just being cancelled; whoever mutes the notice meanwhile has muted it."""
    made, other = await told_account(by), await an_account(by, address="bea@client.test", login=True)
    invitation = await an_invitation(by, other.address, other.id)
    await invitation_letter(by, "bea@client.test", invitation)
    await a_notice(by, made)
    claimed = await letter.claim("one", most=5)
    async with held(letter.cancel(by, invitation_ids=[invitation.id])):
        handing_over = asyncio.create_task(letter.hand_over([(one, b"its bytes") for one in claimed]))
        await eventually(lambda: _waits(store))
        await _mute(by, made)
    assert await handing_over == [False, False]


async def _waits(url: str) -> bool:
    return await waiting(url) == 1


async def test_login_off_stops_no_notice_nor_does_the_end_of_an_invitation(by: System) -> None:
    made = await told_account(by, login=True)
    invitation = await an_invitation(by, made.address, made.id)
    letter_id = await a_notice(by, made)
    await switched(by, made.id, made.address, login=False)
    await invitation.refresh_from_db()
    assert invitation.ended_at is not None
    async with SmtpSink() as sink:
        await sent_all(sink.server)
    assert await state_of(letter_id) == "SENT"
    assert "/invitation" not in text_of(sink.letters[0].raw)


async def test_switched_off_and_on_again_before_it_leaves_it_leaves(by: System) -> None:
    made = await told_account(by)
    letter_id = await a_notice(by, made)
    await switched(by, made.id, made.address, notify=False)
    await switched(by, made.id, made.address, notify=True)
    async with SmtpSink() as sink:
        await sent_all(sink.server)
    assert await state_of(letter_id) == "SENT"


async def test_a_second_copy_is_stopped_too_and_the_first_stays_uncertain(by: System) -> None:
    made = await told_account(by)
    letter_id = await a_notice(by, made)
    async with SmtpSink(after_data=DROP) as sink:
        await sent_all(sink.server)
        await _notify_off(by, made)
        await due_again()
        await sent_all(sink.server)
    assert len(sink.letters) == 1
    assert (await row_of(letter_id))["state"] == "UNCERTAIN"
