"""Setting preferences by many at once, and while what they are about is being taken away: nothing is lost."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from models import account, contact, firm_settings
from models.contact import ContactEmail, FieldRef
from models.errors import ErrorCode
from models.firm_settings import FirmWish
from models.notification_category import NotificationCategory
from models.toggles import PreferencesWish
from models.toggles.preferring import set_preferences
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.factories import MadeAccount, a_client, an_account, switched, toggles_of
from tests.support.firm.preferences import EIGHT, MESSAGES, muted, preferences, preferred
from tests.support.refusals import refused
from tests.support.waiting import held, until_waiting

pytestmark = pytest.mark.usefixtures("store")
EMAIL = FieldRef(name="Email")
Meanwhile = Callable[[Viewer, MadeAccount], Awaitable[object]]
by = owner_of_a_new_firm


async def test_from_many_sides_at_once_each_sets_its_own_category(by: Viewer) -> None:
    made = [await an_account(by) for _ in range(3)]
    client = (await a_client(by, made[0])).viewer
    sides = [
        [PreferencesWish(one.id, one.address, preferences(category)) for one in (made if forth else made[::-1])]
        for forth, category in zip([True, False] * 4, NotificationCategory, strict=True)
    ]
    own = PreferencesWish(made[0].id, made[0].address, preferences(MESSAGES))
    switching = switched(by, made[0].id, made[0].address, notify=True)
    await asyncio.gather(*(set_preferences(by, side) for side in sides), set_preferences(client, [own]), switching)
    assert [await muted(by, one.id, one.address) for one in made] == [EIGHT] * 3
    versions = [view.version for one in made if (view := await toggles_of(by, one.id, one.address))]
    assert versions == [11, 9, 9], "one step for each change, and none for what was so already"


async def test_of_two_who_saw_the_same_version_one_is_told(by: Viewer) -> None:
    made = await an_account(by)
    wishes = [PreferencesWish(made.id, made.address, preferences(one), expected_version=1) for one in EIGHT]
    done = await asyncio.gather(*(set_preferences(by, [wish]) for wish in wishes), return_exceptions=True)
    assert sum(not isinstance(each, BaseException) for each in done) == 1
    assert len(await muted(by, made.id, made.address)) == 1


MEANWHILE: tuple[Meanwhile, ...] = (
    lambda by, made: contact.unlink(by, made.id, made.contact),
    lambda by, made: contact.delete(by, made.contact),
    lambda by, made: contact.update(by, made.contact, emails=[ContactEmail(EMAIL, "new@x.test")]),
)


@pytest.mark.parametrize("meanwhile", MEANWHILE)
async def test_what_is_being_taken_away_is_not_there(by: Viewer, store: str, meanwhile: Meanwhile) -> None:
    made = await an_account(by)
    async with held(meanwhile(by, made)):
        setting = asyncio.create_task(preferred(by, made.id, made.address, MESSAGES))
        await until_waiting(store, 1)
    with refused(ErrorCode.NOT_FOUND, "toggles", 0):
        await setting
    assert await muted(by, made.id, made.address) == set()


LOST: tuple[tuple[Meanwhile, ErrorCode], ...] = (
    (lambda by, made: account.archive(by, made.id, archived=True), ErrorCode.NOT_FOUND),
    (lambda by, made: switched(by, made.id, made.address, login=False), ErrorCode.NOT_FOUND),
    (lambda by, _: firm_settings.update(by, FirmWish(clients_may_set_preferences=False)), ErrorCode.PREFERENCES_LOCKED),
)


@pytest.mark.parametrize(("meanwhile", "code"), LOST)
async def test_a_client_who_is_losing_the_right_just_now_has_lost_it(
    by: Viewer, store: str, meanwhile: Meanwhile, code: ErrorCode
) -> None:
    made = await an_account(by)
    client = (await a_client(by, made)).viewer
    async with held(meanwhile(by, made)):
        setting = asyncio.create_task(preferred(client, made.id, made.address, MESSAGES))
        await until_waiting(store, 1)
    with refused(code):
        await setting
    assert await muted(by, made.id, made.address) == set()
