"""Switching many at once, and by many at once: what it costs, and that nothing is lost."""

import asyncio

import pytest

from models.mailbox import MailSecurity, MailServer
from models.toggles import TogglesWish, set_toggles
from models.viewer import Viewer
from tests.make import a_firm, a_member, an_account, counting, spelled, switched, toggles_of

pytestmark = pytest.mark.usefixtures("store")
LOOPBACK = MailServer("127.0.0.1", 1143, MailSecurity.NONE)


@pytest.fixture
async def by(store: str) -> Viewer:
    return await a_member(await a_firm())


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
