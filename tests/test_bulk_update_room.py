"""Room for letters within a chunk: what is left alone takes none of it (R17, R27)."""

from collections.abc import Iterator

import pytest

from models import contact, letter
from models.bulk_update import BulkEdit
from models.bulk_update.stepping import step
from models.contact import ContactEmail, FieldRef
from models.ground.settings import Settings
from models.run import Pace
from models.toggles import Invite, Switch
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.bulk_updates import ALL, ENABLE, asked, claimed, planned, told
from tests.support.firm.factories import an_account, switched

pytestmark = pytest.mark.usefixtures("store")
INVITING = BulkEdit(ALL, login=ENABLE, invite=Invite())
INVITED = {Switch.LOGIN: "off on INVITED"}
by = owner_of_a_new_firm


@pytest.fixture(autouse=True)
def room_for_one() -> Iterator[None]:
    letter.limit(Settings(letters_per_hour=1))
    yield
    letter.limit(Settings())


async def _rest_at_once() -> None:
    """In one chunk."""
    assert not await step(await claimed(), Pace())


async def test_where_somebody_switched_login_off_meanwhile_the_room_is_for_the_next(by: Viewer) -> None:
    changed = await an_account(by, code="A", address="a@client.test", login=True)
    await an_account(by, code="B", address="b@client.test")
    run_id = await asked(by, INVITING)
    await planned()
    await switched(by, changed.id, changed.address, login=False)
    await _rest_at_once()
    assert await told(by, run_id) == {
        "A a@client.test": {Switch.LOGIN: "off off ERROR CHANGED_MEANWHILE"},
        "B b@client.test": INVITED,
    }


async def test_where_nobody_holds_the_address_any_more_the_room_is_for_the_next(by: Viewer) -> None:
    changed = await an_account(by, code="A", address="a@client.test")
    await an_account(by, code="B", address="b@client.test")
    run_id = await asked(by, INVITING)
    await planned()
    await contact.update(by, changed.contact, emails=[ContactEmail(FieldRef(name="Email"), None)])
    await _rest_at_once()
    assert await told(by, run_id) == {
        "A a@client.test": {Switch.LOGIN: "off off ERROR CHANGED_MEANWHILE"},
        "B b@client.test": INVITED,
    }
