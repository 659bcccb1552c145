"""Undo where the person, the address or the account is not what it was at the run (R30)."""

import pytest

from models import account, contact
from models.ground import store
from models.invitation import accepting
from models.toggles import Invite, LoginState, Switch
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.bulk_updates import DISABLE, ENABLE, stepped
from tests.support.firm.contact_edits import edit, shown
from tests.support.firm.factories import (
    PASSWORD,
    MadeAccount,
    a_member,
    an_account,
    an_address,
    spelled,
    switched,
    token_of,
    with_password,
)
from tests.support.firm.invitations import login_of
from tests.support.firm.preferences import DOCUMENTS, MESSAGES, muted, preferences, preferred
from tests.support.firm.undos import asked, begun, came, ran, undone

pytestmark = pytest.mark.usefixtures("store")
LOGIN, NOTIFY, EMAIL_SYNC = Switch
by = owner_of_a_new_firm


async def an_unlinked_email(by: Viewer) -> MadeAccount:
    made = await an_account(by, login=True)
    await with_password(by, made.address)
    await edit(by, made.contact, email=None)
    return made


async def test_login_off_on_an_unlinked_email_is_put_back_as_one(by: Viewer) -> None:
    made = await an_unlinked_email(by)
    listed = await shown(by, made)
    run = await ran(by, made, login=DISABLE, notify=DISABLE)
    assert await shown(by, made) == {}
    assert await came(by, await undone(by, run), made) == {LOGIN: "off on CHANGED"}
    assert await shown(by, made) == listed == dict.fromkeys(listed, "L?")


async def test_login_stays_where_the_person_has_activated_since(by: Viewer) -> None:
    """Nobody is locked out by an undo"""
    made, active = await an_account(by), await an_account(by)
    await with_password(by, active.address)
    run = await ran(by, made, active, login=ENABLE, notify=ENABLE, invite=Invite())
    await accepting.accept(await token_of(made.address), PASSWORD, days=1)
    taken_back = await undone(by, run)
    assert await came(by, taken_back, made) == {LOGIN: "on on ACTIVATED_SINCE", NOTIFY: "on off CHANGED"}
    assert await came(by, taken_back, active) == {LOGIN: "on off CHANGED", NOTIFY: "on off CHANGED"}
    assert await login_of(by, made) is LoginState.ACTIVE
    assert await login_of(by, active) is LoginState.OFF


async def test_whoever_activated_between_plan_and_chunk_had_activated_before(by: Viewer) -> None:
    made = await an_account(by)
    run = await asked(by, made, login=ENABLE)
    run_held = await begun()
    await with_password(by, made.address)
    assert not await stepped(run_held)
    assert await came(by, await undone(by, run), made) == {LOGIN: "on off CHANGED"}


async def test_login_that_the_run_disabled_comes_back_whether_or_not_somebody_activated_since(by: Viewer) -> None:
    made = await an_account(by, login=True)
    run = await ran(by, made, login=DISABLE)
    await with_password(by, made.address)
    assert await came(by, await undone(by, run), made) == {LOGIN: "off on CHANGED"}


async def test_login_that_went_on_without_a_letter_goes_off_again(by: Viewer) -> None:
    """R17: the error was of the letter, not of the switch"""
    made = await an_account(by)
    await store.execute("UPDATE email_address SET suppressed_at = now() WHERE id = $1", made.address)
    run = await ran(by, made, login=ENABLE, invite=Invite())
    assert await came(by, run, made) == {LOGIN: "off on ADDRESS_SUPPRESSED"}
    assert await came(by, await undone(by, run), made) == {LOGIN: "on off CHANGED"}


async def test_moved_to_another_address_the_settings_stay_with_it(by: Viewer) -> None:
    """R33: whoever moved them has set them"""
    made, old = await an_account(by, address="old@x.test"), "old@x.test"
    run = await ran(by, made, login=ENABLE, notify=ENABLE, preferences=preferences(DOCUMENTS))
    await edit(by, made.contact, email="new@x.test")
    taken_back = await undone(by, run)
    assert await came(by, taken_back, made) == {
        LOGIN: "off off CHANGED_MEANWHILE",
        NOTIFY: "off off CHANGED_MEANWHILE",
    }
    assert await shown(by, made) == {"new@x.test": "LN"}
    assert await muted(by, made.id, await an_address(by, "new@x.test")) == {DOCUMENTS}
    assert await muted(by, made.id, await an_address(by, old)) == {DOCUMENTS}


async def test_what_was_switched_off_is_not_put_back_where_nobody_holds_the_address_any_more(by: Viewer) -> None:
    moved, deleted = await an_account(by, login=True, notify=True), await an_account(by, login=True, email_sync=True)
    run = await ran(by, moved, deleted, login=DISABLE, notify=DISABLE, email_sync=DISABLE)
    await edit(by, moved.contact, email="new@x.test")
    await contact.delete(by, deleted.contact)
    taken_back = await undone(by, run)
    conflict = "off off CHANGED_MEANWHILE"
    assert await came(by, taken_back, moved) == {LOGIN: conflict, NOTIFY: conflict}
    assert await came(by, taken_back, deleted) == {LOGIN: conflict, EMAIL_SYNC: conflict}
    assert [await spelled(by, made.id, made.address) for made in (moved, deleted)] == ["-", "-"]


async def test_an_activated_address_that_nobody_holds_any_more_keeps_its_login(by: Viewer) -> None:
    made = await an_account(by)
    await with_password(by, made.address)
    run = await ran(by, made, login=ENABLE, notify=ENABLE)
    await edit(by, made.contact, email=None)
    taken_back = await undone(by, run)
    assert await came(by, taken_back, made) == {LOGIN: "on on CHANGED_MEANWHILE", NOTIFY: "off off CHANGED_MEANWHILE"}


async def test_on_an_archived_account_nothing_is_switched_on_again(by: Viewer) -> None:
    """R44"""
    on, off = await an_account(by, login=True, notify=True, email_sync=True), await an_account(by)
    switched_off = await ran(by, on, login=DISABLE, notify=DISABLE, email_sync=DISABLE)
    switched_on = await ran(by, off, login=ENABLE, notify=ENABLE, preferences=preferences(DOCUMENTS))
    for made in (on, off):
        await account.archive(by, made.id, archived=True)
    why = "off off ACCOUNT_ARCHIVED"
    assert await came(by, await undone(by, switched_off), on) == {LOGIN: why, NOTIFY: why, EMAIL_SYNC: why}
    taken_back = await undone(by, switched_on)
    assert await came(by, taken_back, off) == {LOGIN: "on off CHANGED", NOTIFY: "on off ACCOUNT_ARCHIVED"}
    assert await muted(by, off.id, off.address) == {DOCUMENTS}, "a category is not taken on there either"


async def test_on_an_archived_account_a_category_is_taken_off_again(by: Viewer) -> None:
    made = await an_account(by, notify=True)
    await preferred(by, made.id, made.address, DOCUMENTS)
    run = await ran(by, made, notify=ENABLE, preferences=preferences(DOCUMENTS, on=True))
    await account.archive(by, made.id, archived=True)
    assert await came(by, await undone(by, run), made) == {NOTIFY: "on on CHANGED"}
    assert await muted(by, made.id, made.address) == {DOCUMENTS}


async def test_what_somebody_set_comes_before_that_the_account_is_archived(by: Viewer) -> None:
    made, other = await an_account(by, login=True), await an_account(by, login=True)
    run = await ran(by, made, other, login=DISABLE, notify=ENABLE, preferences=preferences(DOCUMENTS, MESSAGES))
    for one in (made, other):
        await switched(by, one.id, one.address, login=True)
    await preferred(by, made.id, made.address, DOCUMENTS, on=True)
    await switched(by, other.id, other.address, notify=False)
    for one in (made, other):
        await account.archive(by, one.id, archived=True)
    taken_back = await undone(by, run)
    assert await came(by, taken_back, made) == {LOGIN: "on on CHANGED_MEANWHILE", NOTIFY: "on off CHANGED_MEANWHILE"}
    assert await came(by, taken_back, other) == {LOGIN: "on on CHANGED_MEANWHILE", NOTIFY: "off off CHANGED_MEANWHILE"}
    assert await muted(by, made.id, made.address) == {MESSAGES}
    assert await muted(by, other.id, other.address) == {DOCUMENTS, MESSAGES}


async def test_email_sync_is_not_put_back_for_an_address_that_is_the_firms_own_by_now(by: Viewer) -> None:
    """R46"""
    made = await an_account(by, address="person@x.test", email_sync=True, notify=True)
    run = await ran(by, made, email_sync=DISABLE, notify=DISABLE)
    await a_member(by, email="person@x.test")
    assert await came(by, await undone(by, run), made) == {
        NOTIFY: "off on CHANGED",
        EMAIL_SYNC: "off off OWN_ADDRESS",
    }
