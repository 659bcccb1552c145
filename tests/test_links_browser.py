"""What a notice's link opens, in a real browser: the action without login, and the portal that leads on (R12, R14)."""

import json
from pathlib import Path

import pytest

from models import account, firm_settings, portal_action, software_url
from models.firm_settings import ClientAction, FirmWish
from models.ground import clock
from models.viewer import Viewer
from tests.browser import Window, a_window
from tests.client import Api
from tests.make import MadeAccount, a_firm, a_member, an_account
from tests.test_software_url import few_pieces

SOFTWARE, PATH = "https://clients.firm.test/app", "/invoices/12?a=b"


@pytest.fixture
async def owner(store: str) -> Viewer:
    owner = await a_member(await a_firm())
    pay = [ClientAction.PAY_INVOICES]
    await firm_settings.update(owner, FirmWish(actions_without_login=pay, software_url=SOFTWARE))
    return owner


def action_link(api: Api, owner: Viewer, made: MadeAccount, path: str = PATH) -> str:
    return portal_action.link(
        api.url,
        firm_id=owner.firm_id,
        account_id=made.id,
        address_id=made.address,
        action=ClientAction.PAY_INVOICES,
        path=path,
        at=clock.now(),
    )


async def href(window: Window, selector: str) -> str:
    found: str = await window.run(f"document.querySelector({json.dumps(selector)}).href")
    return found


async def test_what_can_be_done_without_login_is_shown_and_a_link_that_was_taken_back_says_so(
    api: Api, owner: Viewer, tmp_path: Path
) -> None:
    made = await an_account(owner, name="Vetreria <b>Valsecchi</b>")
    pays = action_link(api, owner, made)
    async with a_window(tmp_path / "browser") as window:
        await window.goto(pays)
        await window.shows("#account", "Vetreria <b>Valsecchi</b>")
        await window.shows("#go", "Pay the invoice")
        assert await href(window, "#go") == SOFTWARE + PATH
        await firm_settings.update(owner, FirmWish(software_url="https://new.firm.test"))
        await window.goto(pays)
        await window.shows("#go", "Pay the invoice")
        assert await href(window, "#go") == "https://new.firm.test" + PATH
        for odd in ("javascript:alert(1)", "//evil.test", "/../x"):
            await window.goto(action_link(api, owner, made, odd))
            await window.shows("#dead", "Sign in to go on")
        await account.archive(owner, made.id, archived=True)
        await window.goto(pays)
        await window.shows("#dead", "the firm has taken it back")
        await window.hides("#open")
        await window.goto(f"{api.url}/action/nonsense")
        await window.shows("#dead", "Sign in to go on")


async def test_a_browser_opens_whatever_is_taken_below_the_software(api: Api, tmp_path: Path) -> None:
    taken = [opened for path in few_pieces() if (opened := software_url.below(SOFTWARE, path))]
    elsewhere = """(urls) => urls.filter((url) => {
      const { origin, pathname, username, href } = new URL(url, document.baseURI);
      return origin !== "https://clients.firm.test" || !pathname.startsWith("/app/") || pathname.includes("//")
        || username || !href.startsWith("https://clients.firm.test/app/");
    })"""
    async with a_window(tmp_path / "browser") as window:
        await window.goto(f"{api.url}/portal")
        assert await window.run(f"({elsewhere})({json.dumps(['https://clients.firm.test/app/%2e%2e/x'])}).length") == 1
        assert await window.run(f"({elsewhere})({json.dumps(taken)})") == []
