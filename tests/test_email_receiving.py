"""Storing messages: in a few statements whatever their number, once each, in their threads."""

from dataclasses import replace

import pytest

from models import email, notification
from models.email import EmailFilter, Received
from models.ground.page import Window
from models.participant import Participant, Role
from tests.support.emails.received import a_message, a_synced_firm, received
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import a_member, counting

pytestmark = pytest.mark.usefixtures("store")


async def test_a_batch_takes_as_many_statements_as_one_message() -> None:
    by, _, box = await a_synced_firm()
    await received(by, box, a_message(0))
    async with counting() as for_one:
        await received(by, box, a_message(1))
    async with counting() as for_fifty:
        await received(by, box, *(a_message(number) for number in range(100, 150)))
    assert len(for_fifty) == len(for_one) <= 10


async def test_what_came_in_just_now_is_told_to_a_large_team_in_as_many_statements_as_one_message() -> None:
    by, owner, box = await a_synced_firm()
    await received(by, box, a_message(0), arrival=True)
    async with counting() as for_one:
        await received(by, box, a_message(1), arrival=True)
    for _ in range(39):
        await a_member(by)
    async with counting() as for_many:
        await received(by, box, *(a_message(number) for number in range(100, 600)), arrival=True)
    assert len(for_many) == len(for_one)
    assert await notification.unread_count(owner) == 502


async def test_two_copies_in_one_batch_are_one_message() -> None:
    by, owner, box = await a_synced_firm()
    first, second = await received(by, box, a_message(1), a_message(1), arrival=True)
    assert (first.email_id, first.new, second.new) == (second.email_id, True, False)
    assert await email.count(owner, EmailFilter()) == 1
    [people] = (await email.participants_of(owner, [first.email_id or by.firm_id])).values()
    assert [one.address for one in people] == [ANNA, "studio@firm.test"]


async def test_people_whose_address_cannot_be_read_are_told_apart_by_their_place_and_kept_once() -> None:
    by, owner, box = await a_synced_firm()
    unreadable = tuple(Participant(Role.CC, name, "") for name in ("Bruno", "Carla"))
    message = replace(a_message(1), participants=(*a_message(1).participants, *unreadable))
    [stored] = await received(by, box, message)
    await received(by, box, message)
    [people] = (await email.participants_of(owner, [stored.email_id or by.firm_id])).values()
    assert [person.name for person in people if person.role is Role.CC] == ["Bruno", "Carla"]


async def test_a_conversation_is_one_thread_in_whatever_order_its_messages_come() -> None:
    by, owner, box = await a_synced_firm()
    await received(by, box, a_message(3, answers=(1, 2)), a_message(7))
    await received(by, box, a_message(9, answers=(8,)))
    await received(by, box, a_message(1), a_message(8, answers=(7,)))  # the second joins two threads that were apart
    page = await email.page(owner, EmailFilter(), Window())
    threads = {view.subject.rsplit(" ", 1)[1]: view.thread_id for view in page.rows}
    assert threads["3"] == threads["1"]
    assert threads["7"] == threads["8"] == threads["9"]
    assert threads["1"] != threads["7"]


async def test_what_nobody_asks_for_is_not_stored() -> None:
    by, owner, box = await a_synced_firm()
    [stranger, asked] = await received(by, box, a_message(1, sender="stranger@else.test"), a_message(2))
    assert stranger == Received()
    assert asked.new
    assert await email.count(owner, EmailFilter()) == 1
