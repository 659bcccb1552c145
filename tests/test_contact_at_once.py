"""Contacts that many change at once."""

import asyncio
from contextlib import suppress

import pytest

from models import account, contact, toggles
from models.contact import ContactEmail, FieldRef
from models.errors import Refusal
from models.ground import store
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import a_contact, an_account, linked
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.usefixtures("store")
EMAIL = FieldRef(name="Email")
by = owner_of_a_new_firm


async def test_two_who_edit_a_contact_at_once_are_served_one_after_the_other(by: Viewer) -> None:
    made = await an_account(by, login=True)
    texts = [f"new{n}@x.test" for n in range(6)]
    edits = (contact.update(by, made.contact, emails=[ContactEmail(EMAIL, text)]) for text in texts)
    await asyncio.gather(*edits)
    (view,) = (await toggles.of_accounts(by, [made.id]))[made.id]
    assert (view.login, view.held) == (True, True)
    assert await store.value("SELECT count(*) FROM toggles WHERE login") == 1


async def test_linking_unlinking_and_editing_at_once_never_deadlock(by: Viewer) -> None:
    made = [await an_account(by) for _ in range(3)]
    people = [await a_contact(by, f"p{n}@x.test") for n in range(3)]

    async def stir(n: int) -> None:
        account_id, person = made[n % 3].id, people[n // 3 % 3]
        for verb in (
            lambda: linked(by, account_id, person),
            lambda: contact.update(by, person, emails=[ContactEmail(EMAIL, f"p{n}-{n}@x.test")]),
            lambda: account.archive(by, account_id, archived=n % 2 == 0),
            lambda: contact.unlink(by, account_id, person),
        ):
            with suppress(Refusal):
                await verb()

    await asyncio.wait_for(asyncio.gather(*(stir(n) for n in range(18))), PATIENCE)
