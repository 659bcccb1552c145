"""Switching many at once, and by many at once: what it costs, and that nothing is lost."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from models import account, contact
from models.contact import ContactEmail, FieldRef
from models.errors import ErrorCode
from models.toggles import TogglesWish
from models.toggles.setting import set_toggles
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import MadeAccount, an_account, counting, spelled, switched, toggles_of
from tests.support.refusals import refused
from tests.support.waiting import held, until_waiting

pytestmark = pytest.mark.usefixtures("store")
by = owner_of_a_new_firm


@pytest.mark.parametrize("switches", [{"login": True}, {"notify": True}, {"email_sync": True}])
async def test_one_toggle_takes_at_most_six_statements(by: Viewer, switches: dict[str, bool]) -> None:
    made = await an_account(by)
    async with counting() as statements:
        await switched(by, made.id, made.address, **switches)
    assert 1 <= len(statements) <= 6, [" ".join(one.split())[:90] for one in statements]


async def test_as_many_statements_for_a_hundred_as_for_one(by: Viewer) -> None:
    made = [await an_account(by) for _ in range(30)]
    async with counting() as statements:
        await set_toggles(by, [TogglesWish(one.id, one.address, login=True, email_sync=True) for one in made])
    assert len(statements) <= 6, statements


async def test_switching_from_many_sides_at_once_loses_nothing(by: Viewer) -> None:
    made = [await an_account(by) for _ in range(6)]
    wishes = [TogglesWish(one.id, one.address, login=True) for one in made]
    notes = [TogglesWish(one.id, one.address, notify=True, email_sync=True) for one in reversed(made)]
    await asyncio.gather(*(set_toggles(by, some) for some in (wishes, notes) for _ in range(5)))
    for one in made:
        view = await toggles_of(by, one.id, one.address)
        assert view is not None
        assert view.version == 3  # one change by each kind of wish, after the first row
        assert await spelled(by, one.id, one.address) == "LNE"


Meanwhile = Callable[[Viewer, MadeAccount], Awaitable[object]]
MEANWHILE: dict[ErrorCode, tuple[Meanwhile, ...]] = {
    ErrorCode.NOT_FOUND: (
        lambda by, made: contact.unlink(by, made.id, made.contact),
        lambda by, made: contact.delete(by, made.contact),
        lambda by, made: contact.update(by, made.contact, emails=[ContactEmail(FieldRef(name="Email"), "new@x.test")]),
    ),
    ErrorCode.ACCOUNT_ARCHIVED: (lambda by, made: account.archive(by, made.id, archived=True),),
}


@pytest.mark.parametrize(("code", "meanwhile"), [(code, each) for code, some in MEANWHILE.items() for each in some])
async def test_what_is_being_taken_away_is_not_switched_on(
    by: Viewer, store: str, code: ErrorCode, meanwhile: Meanwhile
) -> None:
    made = await an_account(by)
    async with held(meanwhile(by, made)):
        switching = asyncio.create_task(switched(by, made.id, made.address, login=True, notify=True))
        await until_waiting(store, 1)
    with refused(code):
        await switching
    assert await spelled(by, made.id, made.address) == "-"
