"""Accounts: made, changed, archived, found."""

import asyncio
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from models import account, contact, journal
from models.account import AccountFilter, AccountKind, AccountOrder, NewAccount
from models.contact import ExistingContact, FieldRef, NewContact, NewEmail
from models.errors import ErrorCode, Refusals
from models.ground import store
from models.ground.page import Window
from models.toggles import NewToggles
from models.viewer import TeamRole, Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import (
    a_contact,
    a_firm,
    a_member,
    an_account,
    an_address,
    counting,
    spelled,
    switched,
)
from tests.support.refusals import refused

pytestmark = pytest.mark.usefixtures("store")
by = owner_of_a_new_firm


async def _names(by: Viewer, wanted: AccountFilter) -> list[str]:
    page = await account.page(by, wanted, AccountOrder.NAME_ASC, Window(50))
    assert await account.count(by, wanted) == len(page.rows)
    return [row.name for row in page.rows]


async def _new(by: Viewer, name: str, code: str | None = None, kind: AccountKind = AccountKind.COMPANY) -> UUID:
    return (await account.create(by, NewAccount(name, kind, code))).ids[0]


async def _view(by: Viewer, account_id: UUID) -> account.AccountView:
    return (await account.by_ids(by, [account_id]))[account_id]


async def test_an_account_comes_with_its_contacts_their_addresses_and_switches(by: Viewer) -> None:
    """R2, R32"""
    known = await a_contact(by, "p@x.test", name="Paolo")
    p = await an_address(by, "p@x.test")
    emails = (
        NewEmail(FieldRef(name="Email"), "Marta@X.test", NewToggles(login=True, notify=True)),
        NewEmail(FieldRef(name="Spouse email"), "p@x.test"),
    )
    contacts = (NewContact("Marta", emails), ExistingContact(known, ((p, NewToggles(email_sync=True)),)))
    new = NewAccount("Vetreria", AccountKind.COMPANY, "R7", contacts)
    done = await account.create(by, new)
    assert done.cursor == await journal.head(by.firm_id)
    (account_id,) = done.ids
    view = await _view(by, account_id)
    assert (view.code, view.name, view.kind, view.archived) == ("R7", "Vetreria", AccountKind.COMPANY, False)
    assert [await spelled(by, account_id, one) for one in (await an_address(by, "marta@x.test"), p)] == ["LN", "E"]
    (linked,) = (await contact.linked_to(by, [account_id])).values()
    assert [len(each.emails) for each in linked] == [2, 1]


async def test_what_is_wrong_with_the_third_contact_is_said_there_and_nothing_is_made(by: Viewer) -> None:
    good, known = NewContact("Marta"), ExistingContact(uuid7())
    bad = NewContact("Paolo", (NewEmail(FieldRef(name="Email"), "no address"),))
    for contacts, code, path in (
        ((good, good, bad), ErrorCode.ADDRESS_INVALID, ("contacts", 2, "new", "emails", 0, "address")),
        ((good, known), ErrorCode.NOT_FOUND, ("contacts", 1, "existing", "contactId")),
        ((NewContact(""),), ErrorCode.INVALID, ("contacts", 0, "new", "name")),
        ((good,) * 101, ErrorCode.INVALID, ("contacts",)),
    ):
        head = await journal.head(by.firm_id)
        with refused(code, *path):
            await account.create(by, NewAccount("X", AccountKind.OTHER, None, contacts))
        assert await journal.head(by.firm_id) == head
        assert await account.count(by, AccountFilter()) == 0


async def test_codes_count_on_by_themselves_and_skip_what_is_taken(by: Viewer) -> None:
    await _new(by, "Seven", "v7")
    assert [(await _view(by, await _new(by, name))).code for name in "ab"] == ["V8", "V9"]
    await _new(by, "Largest", "V999999999")
    assert (await _view(by, await _new(by, "c"))).code == "V1000000000"
    assert (await _view(by, await _new(by, "d"))).code == "V1000000001"


async def test_a_code_is_unique_in_its_firm_whatever_its_case_and_zeros(by: Viewer) -> None:
    first = await _new(by, "One", "V1")
    for code in ("V1", "v1", "V01", "Ｖ1"):
        with refused(ErrorCode.ALREADY_TAKEN, "code"):
            await _new(by, "Other", code)
    second = await _new(by, "Two", "V2")
    with refused(ErrorCode.ALREADY_TAKEN, "code"):
        await account.update(by, second, code="v1")
    await account.update(by, first, code="v01")
    await _new(await a_member(await a_firm()), "Elsewhere", "V1")


async def test_accounts_made_at_once_get_codes_of_their_own(by: Viewer) -> None:
    ids = await asyncio.gather(*(_new(by, f"Account {n}") for n in range(12)))
    views = await account.by_ids(by, ids)
    assert sorted(int(view.code[1:]) for view in views.values()) == list(range(1, 13))


async def test_of_several_who_take_a_code_at_once_one_gets_it_and_the_others_are_told(by: Viewer) -> None:
    found = await asyncio.gather(*(_new(by, f"Account {n}", "X1") for n in range(8)), return_exceptions=True)
    assert len([one for one in found if isinstance(one, UUID)]) == 1
    assert {getattr(one, "code", None) for one in found if not isinstance(one, UUID)} == {ErrorCode.ALREADY_TAKEN}


async def test_only_what_is_given_changes(by: Viewer) -> None:
    account_id = await _new(by, "Before", "V1", AccountKind.OTHER)
    done = await account.update(by, account_id, name=" After ")
    assert done.cursor is not None
    view = await _view(by, account_id)
    assert (view.code, view.name, view.kind, view.version) == ("V1", "After", AccountKind.OTHER, 2)
    assert (await account.update(by, account_id, name="After", kind=AccountKind.OTHER)).cursor is None
    assert (await _view(by, account_id)).version == 2


async def test_a_version_that_is_not_the_present_one_is_refused(by: Viewer) -> None:
    account_id = await _new(by, "Before")
    await account.update(by, account_id, name="After", expected_version=1)
    with refused(ErrorCode.CHANGED_MEANWHILE):
        await account.update(by, account_id, name="Never", expected_version=1)
    with refused(ErrorCode.CHANGED_MEANWHILE):
        await account.archive(by, account_id, archived=True, expected_version=1)


async def test_archiving_keeps_the_switches_and_taking_back_restores_the_status(by: Viewer) -> None:
    """R44"""
    made = await an_account(by, login=True, notify=True, email_sync=True)
    before = (await _view(by, made.id)).login_status
    await account.archive(by, made.id, archived=True)
    assert (await account.archive(by, made.id, archived=True)).cursor is None
    assert await spelled(by, made.id, made.address) == "LNE"
    assert (await _view(by, made.id)).login_status is account.LoginStatus.OFFLINE
    await account.archive(by, made.id, archived=False)
    assert (await _view(by, made.id)).login_status is before


async def test_archived_accounts_are_out_of_the_list_unless_asked_for(by: Viewer) -> None:
    await account.archive(by, await _new(by, "Old"), archived=True)
    await _new(by, "New")
    assert await _names(by, AccountFilter()) == ["New"]
    assert await _names(by, AccountFilter(archived=True)) == ["Old"]
    assert await _names(by, AccountFilter(archived=None)) == ["New", "Old"]


async def test_an_account_is_found_by_beginnings_of_words_in_any_order(by: Viewer) -> None:
    made = await an_account(by, name="Oleificio D'Amico S.r.l.", code="V12", address="rosa@posta.test")
    await _new(by, "Another")
    await contact.update(by, made.contact, name="Rosa Núñez")
    for search in ("amico", "OLEI srl"[:4], "v12", "nunez", "ros olei", "posta", "d'amico s.r"):
        assert await _names(by, AccountFilter(search)) == ["Oleificio D'Amico S.r.l."], search
    for search in ("leificio", "olei zzz"):
        assert await _names(by, AccountFilter(search)) == [], search
    assert len(await _names(by, AccountFilter("  "))) == 2


async def test_the_list_can_be_filtered_by_kind_and_by_each_switch(by: Viewer) -> None:
    await an_account(by, name="N", notify=True, kind=AccountKind.OTHER)
    await an_account(by, name="E", email_sync=True)
    await an_account(by, name="L", login=True, kind=AccountKind.INDIVIDUAL)
    for wanted, names in (
        (AccountFilter(kinds=(AccountKind.OTHER, AccountKind.INDIVIDUAL)), ["L", "N"]),
        (AccountFilter(kinds=()), []),
        (AccountFilter(notify=True), ["N"]),
        (AccountFilter(notify=False), ["E", "L"]),
        (AccountFilter(email_sync=True, notify=False), ["E"]),
        (AccountFilter(login_statuses=(account.LoginStatus.PENDING,), search="l"), ["L"]),
    ):
        assert await _names(by, wanted) == names


async def test_a_page_takes_one_statement_however_many_accounts_it_has(by: Viewer) -> None:
    for _ in range(12):
        await an_account(by, login=True)
    async with counting() as statements:
        await account.page(by, AccountFilter(notify=False), AccountOrder.NAME_ASC, Window(10))
    assert len(statements) == 1


async def test_the_accounts_of_contacts_come_as_pages_by_name(by: Viewer) -> None:
    person, nobody = await a_contact(by, "p@x.test"), await a_contact(by)
    for name in ("C", "A", "B"):
        await contact.link(by, await _new(by, name), ExistingContact(person))
    pages = await account.of_contacts(by, [person, nobody], Window(2))
    assert [row.name for row in pages[person].rows] == ["A", "B"]
    assert (pages[person].has_next, pages[nobody].rows) == (True, ())
    assert await account.counts_of_contacts(by, [person, nobody]) == {person: 3}


async def test_creating_and_changing_need_the_right_and_looking_does_not(by: Viewer) -> None:
    made = await an_account(by)
    employee = await a_member(by, role=TeamRole.EMPLOYEE)
    for verb in (
        account.create(employee, NewAccount("X", AccountKind.OTHER)),
        account.update(employee, made.id, name="X"),
        account.archive(employee, made.id, archived=True),
    ):
        with refused(ErrorCode.NOT_ALLOWED):
            await verb
    assert await account.count(employee, AccountFilter()) == 1


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 201])
async def test_a_name_that_cannot_be_shown_is_refused(by: Viewer, name: str) -> None:
    with refused(ErrorCode.INVALID, "name"):
        await _new(by, name)
    with refused(ErrorCode.INVALID, "name"):
        await account.update(by, await _new(by, "Good"), name=name)


async def test_names_of_any_script_fit_and_are_found(by: Viewer) -> None:
    for name in ("ﷺ" * 200, "日本語 会社", "Ελλάδα", "х" * 200, "👩‍👩‍👧"):
        await _new(by, name)
    assert await _names(by, AccountFilter("ελλ")) == ["Ελλάδα"]
    assert await store.value("SELECT max(length(sort_key)) FROM account") <= 400


async def test_switches_and_archiving_at_once_end_in_one_of_the_two_orders(by: Viewer) -> None:
    made = await an_account(by)
    results = await asyncio.gather(
        account.archive(by, made.id, archived=True),
        switched(by, made.id, made.address, login=True),
        return_exceptions=True,
    )
    assert all(one is None or not isinstance(one, Exception) or isinstance(one, Refusals) for one in results)
    assert (await _view(by, made.id)).login_status is account.LoginStatus.OFFLINE
