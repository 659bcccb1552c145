"""What a notice's link opens, in a real browser: the action without login, and the portal that leads on (R12, R14)."""

import json
from pathlib import Path

import pytest

from models import account, firm_settings, notice_link, portal_action, software_url
from models.firm_settings import ClientAction, FirmWish
from models.ground import clock
from models.viewer import Viewer
from tests.support.api.client import Api
from tests.support.database.store import firms_key
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import PASSWORD, MadeAccount, a_client, a_firm, a_member, an_account
from tests.support.letters.odd_paths import few_pieces
from tests.support.processes.browser import Window, a_window

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
        key=firms_key(owner.firm_id),
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


async def sign_in(window: Window) -> None:
    await window.type("#email", ANNA)
    await window.type("#password", PASSWORD)
    await window.click("#sign-in button")


async def test_the_portal_leads_on_in_the_notices_account_after_signing_in(
    api: Api, owner: Viewer, tmp_path: Path
) -> None:
    first, second = await an_account(owner, name="A", address=ANNA), await an_account(owner, name="B")
    await a_client(owner, first, second.id)
    async with a_window(tmp_path / "browser") as window:
        await window.goto(notice_link.to_portal(api.url, second.id, PATH))
        await sign_in(window)
        await window.shows("#account", "B")
        await window.shows("#way", "Open what the letter is about")
        assert await href(window, "#go-on") == SOFTWARE + PATH
        await window.click("#switch")
        await window.click("#accounts li:nth-child(1) button")
        await window.shows("#account", "A")
        await window.hides("#way")
        await window.click("#switch")
        await window.click("#accounts li:nth-child(2) button")
        await window.shows("#way")
        await firm_settings.update(owner, FirmWish(software_url="https://new.firm.test"))
        await window.goto(notice_link.to_portal(api.url, first.id, PATH))
        await window.shows("#account", "A")
        await window.shows("#way")
        assert await href(window, "#go-on") == "https://new.firm.test" + PATH
        await window.click("#sign-out")
        await window.shows("#signing-in")
        await window.hides("#way")


async def test_nobody_can_write_a_portals_address_that_leads_elsewhere(api: Api, owner: Viewer, tmp_path: Path) -> None:
    made, other = await an_account(owner, name="A", address=ANNA), await an_account(owner)
    await a_client(owner, made)
    odd = [
        "https://evil.test",
        "//evil.test",
        "/\\evil.test",
        "/../x",
        "/%2e%2e/x",
        "javascript:alert(1)",
        "@evil.test",
        " ",
    ]
    async with a_window(tmp_path / "browser") as window:
        await window.goto(f"{api.url}/portal")
        await sign_in(window)
        await window.shows("#account", "A")
        for url in [
            *(notice_link.to_portal(api.url, made.id, path) for path in odd),
            notice_link.to_portal(api.url, made.id),
            notice_link.to_portal(api.url, other.id, PATH),
            f"{api.url}/portal?to={PATH}",
        ]:
            await window.goto(url)
            await window.shows("#sync-off")  # the last that is shown
            await window.hides("#way")
            assert await window.run("document.querySelector('#go-on').hasAttribute('href')") is False, url


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
