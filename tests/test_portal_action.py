"""What the bearer of a letter's link may do without signing in (R12)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from models import account, contact, firm_settings, portal_action
from models.firm_settings import ClientAction, FirmWish
from models.ground import clock
from models.viewer import Viewer
from tests.support.api.client import Api
from tests.support.database.store import firms_key
from tests.support.firm.factories import MadeAccount, a_firm, a_member, an_account, an_address, switched
from tests.support.firm.new_keys import rotated

PAY, VIEW = ClientAction.PAY_INVOICES, ClientAction.VIEW_DOCUMENTS
SOFTWARE, PATH = "https://clients.firm.test/app", "/invoices/12?a=b#c"
ASK = "query($token: String!) { portalAction(token: $token) { action accountId accountName link expiresAt } }"


@pytest.fixture
async def owner(store: str) -> Viewer:
    owner = await a_member(await a_firm())
    await firm_settings.update(owner, FirmWish(actions_without_login=[PAY], software_url=SOFTWARE))
    return owner


def a_token(by: Viewer, made: MadeAccount, action: ClientAction = PAY, path: str = PATH) -> str:
    return portal_action.token(
        firms_key(by.firm_id),
        firm_id=by.firm_id,
        account_id=made.id,
        address_id=made.address,
        action=action,
        path=path,
        at=clock.now(),
    )


async def test_nobody_needs_a_session_nor_login(api: Api, owner: Viewer) -> None:
    made = await an_account(owner, name="Vetreria", login=False)
    told = (await api.ask(ASK, {"token": a_token(owner, made)}))["portalAction"]
    assert told.pop("expiresAt")
    assert told == {
        "action": "PAY_INVOICES",
        "accountId": f"account_{made.id.hex}",
        "accountName": "Vetreria",
        "link": SOFTWARE + PATH,
    }


async def test_switching_login_off_changes_nothing(owner: Viewer) -> None:
    made = await an_account(owner, login=True)
    token = a_token(owner, made)
    await switched(owner, made.id, made.address, login=False)
    assert await portal_action.opened(token) is not None


async def test_it_is_good_for_seven_days(owner: Viewer) -> None:
    made, now = await an_account(owner), clock.now()
    token = a_token(owner, made)
    clock.set_source(lambda: now + timedelta(days=7, seconds=-2))
    assert await portal_action.opened(token) is not None
    clock.set_source(lambda: now + timedelta(days=7, seconds=1))
    assert await portal_action.opened(token) is None


async def withdrawn(by: Viewer, made: MadeAccount) -> None:
    await firm_settings.update(by, FirmWish(actions_without_login=[VIEW]))


async def archived(by: Viewer, made: MadeAccount) -> None:
    await account.archive(by, made.id, archived=True)


async def unlinked(by: Viewer, made: MadeAccount) -> None:
    await contact.unlink(by, made.id, made.contact)


async def deleted(by: Viewer, made: MadeAccount) -> None:
    await contact.delete(by, made.contact)


@pytest.mark.parametrize("change", [withdrawn, archived, unlinked, deleted])
async def test_it_is_refused_once_the_firm_takes_it_back(
    owner: Viewer, change: Callable[[Viewer, MadeAccount], Awaitable[None]]
) -> None:
    made = await an_account(owner, login=True)
    token = a_token(owner, made)
    assert await portal_action.opened(token) is not None
    await change(owner, made)
    assert await portal_action.opened(token) is None


async def test_it_leads_below_the_software_as_it_is_now(owner: Viewer) -> None:
    """R14: the token keeps the path alone."""
    token = a_token(owner, await an_account(owner))
    await firm_settings.update(owner, FirmWish(software_url="https://new.firm.test"))
    moved = await portal_action.opened(token)
    assert moved is not None
    assert moved.link == "https://new.firm.test" + PATH
    await firm_settings.update(owner, FirmWish(software_url=None))
    assert await portal_action.opened(token) is None
    await firm_settings.update(owner, FirmWish(software_url=SOFTWARE))
    assert await portal_action.opened(token) is not None


@pytest.mark.parametrize(
    "path", ["https://pay.firm.test/invoices/12", "//evil.test", "/../x", "javascript:alert(1)", ""]
)
async def test_what_an_earlier_release_signed_is_asked_again(owner: Viewer, path: str) -> None:
    assert await portal_action.opened(a_token(owner, await an_account(owner), path=path)) is None


async def test_it_is_for_one_action_account_and_address_of_one_firm(owner: Viewer) -> None:
    mine, other = await an_account(owner), await an_account(owner)
    assert await portal_action.opened(a_token(owner, mine, VIEW)) is None
    elsewhere = replace(mine, address=other.address)
    assert await portal_action.opened(a_token(owner, elsewhere)) is None
    stranger = await a_member(await a_firm())
    await firm_settings.update(stranger, FirmWish(actions_without_login=[PAY], software_url=SOFTWARE))
    assert await portal_action.opened(a_token(stranger, mine)) is None
    assert await portal_action.opened(a_token(owner, replace(mine, address=await an_address(owner)))) is None


@pytest.mark.parametrize("odd", ["", ".", "x", "x.y", "é.y", "a" * 9_000, "e30.x", "\0"])
async def test_what_is_no_token_opens_nothing(owner: Viewer, odd: str) -> None:
    assert await portal_action.opened(odd) is None


async def test_an_altered_one_and_one_of_another_kind_or_key_open_nothing(owner: Viewer) -> None:
    token = a_token(owner, await an_account(owner))
    what, _, signature = token.partition(".")
    changed = what[:-4] + ("AAAA" if what[-4:] != "AAAA" else "BBBB")
    for altered in (
        f"{changed}.{signature}",
        f"{what}.{firms_key(owner.firm_id).signature('invitation', what)}",
        f"{token}x",
    ):
        assert await portal_action.opened(altered) is None
    await rotated(leaked=True)
    assert await portal_action.opened(token) is None


async def test_the_link_of_a_letter_holds_the_token(owner: Viewer) -> None:
    made = await an_account(owner)
    url = portal_action.link(
        "https://desk.test",
        key=firms_key(owner.firm_id),
        firm_id=owner.firm_id,
        account_id=made.id,
        address_id=made.address,
        action=PAY,
        path=PATH,
        at=clock.now(),
    )
    found = await portal_action.opened(url.removeprefix("https://desk.test/action/"))
    assert found is not None
    assert isinstance(found.account_id, UUID)
    assert (found.action, found.link) == (PAY, SOFTWARE + PATH)
