"""The link below a notice: one category of one address on one account, and back (R13)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import account, contact, firm_settings, journal, unsubscribe
from models.errors import ErrorCode, RateLimited, Refusal, Refusals
from models.firm_settings import FirmWish
from models.ground import clock
from models.journal import Change, Effect, JournalKind
from models.notification_category import NotificationCategory
from models.toggles import Switch
from models.unsubscribe import Offer
from models.viewer import JournalSource, Viewer
from tests.support.api.client import Api
from tests.support.database.store import firms_key
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import (
    MadeAccount,
    a_firm,
    a_member,
    an_account,
    an_address,
    linked,
    signed_in,
    switched,
    toggles_of,
)
from tests.support.firm.new_keys import rotated
from tests.support.firm.one_of_everything import everything
from tests.support.firm.preferences import muted
from tests.support.letters.unsubscribe_links import MESSAGES, link_of, token_of

APPROVALS = NotificationCategory.APPROVALS
ASK = "query($token: String!) { unsubscribeOffer(token: $token) { firmName accountName category on } }"
CHANGE = """mutation($input: UnsubscribeInput!) { unsubscribe(input: $input) {
  offer { category on } errors { code message path } cursor } }"""


@pytest.fixture
async def owner(store: str) -> Viewer:
    return await a_member(await a_firm())


async def refused(token: str, *, on: bool = False) -> ErrorCode:
    with pytest.raises(Refusal) as refusal:
        await unsubscribe.change(token, on=on)
    return refusal.value.code


async def test_nobody_needs_a_session_and_what_was_taken_off_can_be_taken_back(api: Api) -> None:
    owner = await signed_in(await a_firm("Studio Bellandi"))
    made = await an_account(owner.viewer, notify=True)
    token = token_of(owner.viewer, made)
    for on in (True, False, True):
        if on is not (await api.ask(ASK, {"token": token}))["unsubscribeOffer"]["on"]:
            payload = (await api.ask(CHANGE, {"input": {"token": token, "on": on}}))["unsubscribe"]
            assert payload.pop("cursor")
            assert payload == {"offer": {"category": "MESSAGES", "on": on}, "errors": []}
        offer = (await api.ask(ASK, {"token": token}))["unsubscribeOffer"]
        assert offer == {"firmName": "Studio Bellandi", "accountName": None, "category": "MESSAGES", "on": on}


async def test_it_takes_off_unless_it_is_told_otherwise_whoever_is_signed_in_there(api: Api) -> None:
    owner = await signed_in(await a_firm())
    made = await an_account(owner.viewer)
    payload = (await api.ask(CHANGE, {"input": {"token": token_of(owner.viewer, made)}}, as_=owner))["unsubscribe"]
    assert payload["offer"]["on"] is False
    [entry] = await entries(owner.viewer)
    assert (entry.by, entry.member_id, entry.user_id) == (JournalSource.LETTER_LINK, None, None)


async def entries(by: Viewer) -> list[journal.Entry]:
    batches = await journal.since(by.firm_id, 0)
    return [entry for batch in batches for entry in batch.of(JournalKind.PREFERENCES_CHANGED)]


async def test_the_journal_tells_it_by_the_link_and_feeds_tell_it_too(owner: Viewer) -> None:
    made = await an_account(owner, login=True, notify=True)
    done = await unsubscribe.change(token_of(owner, made))
    [entry] = await entries(owner)
    assert (entry.by, entry.member_id, entry.user_id) == (JournalSource.LETTER_LINK, None, None)
    assert entry.changes == (Change("MESSAGES", "true", "false"),)
    assert (entry.account_ids, entry.touched, entry.position) == ((made.id,), done.ids, done.cursor)
    assert entry.has(Effect.SWITCHES)


async def test_it_touches_no_switch_no_other_category_account_or_address(owner: Viewer) -> None:
    made, other = [await an_account(owner, address=ANNA, login=True, notify=True) for _ in range(2)]
    beside = await an_account(owner, notify=True)
    await unsubscribe.change(token_of(owner, made))
    assert await muted(owner, made.id, made.address) == {MESSAGES}
    assert await muted(owner, other.id, other.address) == set()
    assert await muted(owner, beside.id, beside.address) == set()
    view = await toggles_of(owner, made.id, made.address)
    assert view is not None
    assert [getattr(view, switch) for switch in Switch] == [True, True, False]


async def test_said_again_and_at_once_it_is_done_once(owner: Viewer) -> None:
    made = await an_account(owner)
    token = token_of(owner, made)
    done = await asyncio.gather(*(unsubscribe.change(token) for _ in range(20)))
    assert len([each for each in done if each.cursor]) == 1
    assert len(await entries(owner)) == 1
    before = await everything()
    assert (await unsubscribe.change(token)).cursor is None
    assert await everything() == before


async def test_it_does_not_expire(owner: Viewer) -> None:
    made, now = await an_account(owner), clock.now()
    token = token_of(owner, made)
    clock.set_source(lambda: now + timedelta(days=4000))
    assert (await unsubscribe.change(token)).cursor


async def test_what_a_letter_promised_holds_where_the_firm_locks_preferences_since(owner: Viewer) -> None:
    made = await an_account(owner)
    token = token_of(owner, made)
    await firm_settings.update(owner, FirmWish(clients_may_set_preferences=False))
    assert await unsubscribe.offer(token) == Offer("Studio Bellandi", None, MESSAGES, True)
    await unsubscribe.change(token)
    assert await muted(owner, made.id, made.address) == {MESSAGES}


async def test_the_account_is_named_where_several_hold_the_address(owner: Viewer) -> None:
    made = await an_account(owner, name="Vetreria", address=ANNA)
    other = await an_account(owner, name="Officina")
    await linked(owner, other.id, made.contact)
    token = token_of(owner, made)
    assert await unsubscribe.offer(token) == Offer("Studio Bellandi", "Vetreria", MESSAGES, True)
    await account.archive(owner, other.id, archived=True)
    assert await unsubscribe.offer(token) == Offer("Studio Bellandi", None, MESSAGES, True)


async def unlinked(by: Viewer, made: MadeAccount) -> None:
    await contact.unlink(by, made.id, made.contact)


async def unlinked_that_may_still_enter(by: Viewer, made: MadeAccount) -> None:
    await switched(by, made.id, made.address, login=True)
    await contact.unlink(by, made.id, made.contact)


async def deleted(by: Viewer, made: MadeAccount) -> None:
    await contact.delete(by, made.contact)


async def test_of_an_archived_account_the_category_is_taken_off_and_stays_off_but_not_back(owner: Viewer) -> None:
    """Mail programs have told whoever pressed it that it was done."""
    made = await an_account(owner)
    token = token_of(owner, made)
    await account.archive(owner, made.id, archived=True)
    await unsubscribe.change(token)
    with pytest.raises(Refusals) as told:
        await unsubscribe.change(token, on=True)
    assert [refusal.code for refusal in told.value.refusals] == [ErrorCode.ACCOUNT_ARCHIVED]
    await account.archive(owner, made.id, archived=False)
    assert await muted(owner, made.id, made.address) == {MESSAGES}


@pytest.mark.parametrize("change", [unlinked, unlinked_that_may_still_enter, deleted])
async def test_the_link_is_none_once_the_address_is_not_held(
    owner: Viewer, change: Callable[[Viewer, MadeAccount], Awaitable[None]]
) -> None:
    made = await an_account(owner)
    token = token_of(owner, made)
    await change(owner, made)
    before = await everything()
    assert await unsubscribe.offer(token) is None
    assert [await refused(token, on=on) for on in (True, False)] == [ErrorCode.NOT_FOUND] * 2
    assert await everything() == before


async def test_it_is_for_one_account_and_address_of_one_firm(owner: Viewer) -> None:
    mine, other, stranger = await an_account(owner), await an_account(owner), await a_member(await a_firm())
    crossed = (
        token_of(stranger, mine),
        token_of(owner, replace(mine, address=other.address)),
        token_of(owner, replace(mine, address=await an_address(owner))),
        token_of(owner, await an_account(stranger)),
    )
    before = await everything()
    for token in crossed:
        assert await unsubscribe.offer(token) is None
        assert await refused(token) is ErrorCode.NOT_FOUND
    assert await everything() == before


async def test_of_another_byte_key_or_kind_it_is_no_link(owner: Viewer) -> None:
    token = token_of(owner, await an_account(owner))
    what, _, signature = token.partition(".")
    altered = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token))]
    longer = [f"{token}x", f" {token}", f"{token}=", f"{what}=.{signature}", what, f"{what}.", "." + signature]
    other = [f"{what}.{firms_key(owner.firm_id).signature('portal action', what)}", token * 9]
    before = await everything()
    for wrong in (*altered, *longer, *other):
        assert await unsubscribe.offer(wrong) is None
        assert await refused(wrong) is ErrorCode.NOT_FOUND
    await rotated(leaked=True)
    before = await everything()
    assert await refused(token) is ErrorCode.NOT_FOUND
    assert await everything() == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.text(max_size=400))
async def test_what_is_no_token_opens_nothing(store: str, odd: str) -> None:
    assert await unsubscribe.offer(odd) is None
    assert await refused(odd) is ErrorCode.NOT_FOUND


async def test_a_category_that_is_no_more_is_no_link(owner: Viewer) -> None:
    made = await an_account(owner)
    gone = link_of(owner, made, "GONE")  # type: ignore[arg-type]  # as an earlier release had it
    assert await unsubscribe.offer(gone.rpartition("/")[2]) is None


async def test_taking_back_is_counted_and_taking_off_is_always_possible(owner: Viewer) -> None:
    made = await an_account(owner)
    token, many = token_of(owner, made), unsubscribe.attempts.per_address.amount
    for _ in range(many):
        await unsubscribe.change(token)
        await unsubscribe.change(token, on=True, caller="192.0.2.1")
    await unsubscribe.change(token)
    with pytest.raises(RateLimited):
        await unsubscribe.change(token, on=True, caller="192.0.2.2")
    assert await muted(owner, made.id, made.address) == {MESSAGES}
    await unsubscribe.change(token_of(owner, made, APPROVALS))
    assert await muted(owner, made.id, made.address) == {MESSAGES, APPROVALS}


async def test_a_link_is_short(owner: Viewer) -> None:
    made = await an_account(owner)
    assert max(len(token_of(owner, made, category)) for category in NotificationCategory) < 150
