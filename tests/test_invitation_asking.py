"""A client asks for a new invitation, and nobody learns anything by asking (R42)."""

import asyncio

import pytest

from models import account, address, invitation
from models.errors import DeadLinkReason, ErrorCode
from models.ground import clock, store
from models.invitation import WhoAsks
from models.letter import Letter
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import a_firm, a_member, an_account, an_address, answered, invited, token_of
from tests.support.firm.invitations import dead, later, queued
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
by = owner_of_a_new_firm


@pytest.mark.parametrize("how", ["token", "email", "firm", "host"])
async def test_a_new_invitation_can_be_asked_for_and_covers_all_that_is_pending(by: Viewer, how: str) -> None:
    """R42"""
    made, other = (
        await an_account(by, name="Alfa", address="p@x.test"),
        await an_account(by, name="Beta", address="p@x.test", login=True),
    )
    await an_account(by, address="p@x.test")  # Login off
    token = await invited(by, made.id, made.address)
    later(days=31)
    slug = await store.value("SELECT slug FROM firm WHERE id = $1", by.firm_id)
    who = {
        "token": WhoAsks(token=token),
        "email": WhoAsks(email=" P@x.test"),
        "firm": WhoAsks(email="p@x.test", firm=slug.upper()),
        "host": WhoAsks(email="p@x.test", host=f"{slug}.portal.test"),
    }[how]
    await answered(invitation.ask(who, key="k"))
    new = (await queued())[-1]
    assert (new.to_key, new.facts["accountNames"]) == ("p@x.test", ["Alfa", "Beta"])
    assert await dead(token) is DeadLinkReason.EXPIRED
    assert await dead(await token_of(made.address)) is None
    later(minutes=11)
    before = len(await queued())
    await answered(invitation.ask(who, key="k"))
    assert len(await queued()) == before, "R31"
    assert other.id


async def test_many_firms_that_only_know_the_address_stand_in_nobodys_way(by: Viewer) -> None:
    for n in range(52):
        await an_address(await a_firm(slug=f"other-{n}"), "p@x.test")
    last = await a_firm()
    await an_account(last, address="p@x.test", login=True)
    await answered(invitation.ask(WhoAsks(email="p@x.test"), key="k"))
    assert [letter.firm_id for letter in await queued()] == [last.firm_id]


async def test_who_asks_while_a_link_lives_gets_that_one_again(by: Viewer) -> None:
    """A stranger who asks in somebody's name kills no link."""
    made = await an_account(by, name="Alfa", address="p@x.test")
    await an_account(by, name="Beta", address="p@x.test", login=True)
    token = await invited(by, made.id, made.address)
    later(minutes=11)
    await answered(invitation.ask(WhoAsks(email="p@x.test"), key="k"))
    assert await dead(token) is None
    first, second = await queued()
    assert first.invitation_id == second.invitation_id
    assert second.facts["accountNames"] == ["Alfa", "Beta"]


async def test_an_address_gets_one_in_ten_minutes_however_often_it_is_asked_for(by: Viewer) -> None:
    made = await an_account(by, address="p@x.test", login=True)
    for n in range(5):
        await asyncio.gather(*(answered(invitation.ask(WhoAsks(email="p@x.test"), key=f"{n} {m}")) for m in range(3)))
        later(minutes=2)
    assert len(await queued()) == 1
    later(minutes=1)
    await answered(invitation.ask(WhoAsks(email="p@x.test"), key="late"))
    assert len(await queued()) == 2
    assert made.id


async def test_strangers_can_cause_an_address_three_letters_a_day_and_never_learn_how_many(by: Viewer) -> None:
    made = await an_account(by, address="p@x.test", login=True)
    for n in range(8):
        await answered(invitation.ask(WhoAsks(email="p@x.test", caller=f"203.0.113.{n}"), key=f"{n}"))
        later(hours=1)
    assert len(await queued()) == 3
    assert await dead(await token_of(made.address)) is None
    later(hours=16, minutes=1)
    await answered(invitation.ask(WhoAsks(email="p@x.test"), key="tomorrow"))
    assert len(await queued()) == 4


async def test_whoever_may_not_have_one_gets_none_and_nobody_is_told(by: Viewer) -> None:
    active, off = await an_account(by, address="active@x.test", login=True), await an_account(by, address="off@x.test")
    await address.activate(by, active.address, at=clock.now())
    suppressed = await an_account(by, address="back@x.test", login=True)
    await store.execute("UPDATE email_address SET suppressed_at = now() WHERE id = $1", suppressed.address)
    archived = await an_account(by, address="archived@x.test", login=True)
    await account.archive(by, archived.id, archived=True)
    await an_address(by, "free@x.test")
    for text in ("active", "off", "back", "archived", "free", "unknown", "no address", "\ud800"):
        await answered(invitation.ask(WhoAsks(email=f"{text}@x.test"), key="k"))
    await answered(invitation.ask(WhoAsks(email="active@x.test", firm="no-such-firm"), key="f"))
    await answered(invitation.ask(WhoAsks(token="nonsense"), key="t"))
    with refused(ErrorCode.INVALID, "idempotencyKey"):
        await answered(invitation.ask(WhoAsks(token="nonsense"), key=""))
    assert await Letter.all().count() == 0
    assert off.id


async def test_each_firm_that_knows_the_address_sends_its_link_where_none_is_named(by: Viewer) -> None:
    elsewhere = await a_member(await a_firm("Harbour"))
    for one in (by, elsewhere):
        await an_account(one, address="p@x.test", login=True)
    slug = await store.value("SELECT slug FROM firm WHERE id = $1", by.firm_id)
    await answered(invitation.ask(WhoAsks(email="p@x.test", firm=slug), key="k"))
    assert [one.firm_id for one in await queued()] == [by.firm_id]
    await answered(invitation.ask(WhoAsks(email="p@x.test"), key="k"))
    assert [one.firm_id for one in await queued()] == [by.firm_id, elsewhere.firm_id]


async def test_who_asks_too_often_is_told_so_whether_or_not_the_address_is_known(by: Viewer) -> None:
    await an_account(by, address="p@x.test", login=True)
    for text in ("p@x.test", "nobody@x.test"):
        await asyncio.gather(*(answered(invitation.ask(WhoAsks(email=text), key=f"{n}")) for n in range(20)))
        with refused(ErrorCode.RATE_LIMITED):
            await answered(invitation.ask(WhoAsks(email=text), key="one more"))
    assert len(await queued()) == 1


async def test_two_who_take_the_same_key_do_not_meet(by: Viewer) -> None:
    for text in ("a@x.test", "b@x.test"):
        await an_account(by, address=text, login=True)
        await answered(invitation.ask(WhoAsks(email=text), key="1"))
    assert len(await queued()) == 2
