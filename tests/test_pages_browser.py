"""The pages in a real browser: a client signs in, picks, switches, reads, forgets the password, loses the access."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount

from models import team
from models.errand.running import run_errands
from models.ground import secret_link, store
from models.invitation import Invitation
from models.viewer import TeamRole
from tests.support.api.client import Api
from tests.support.api.pages import FOCUSED, sign_in
from tests.support.api.portal import a_box, account_id, two_accounts
from tests.support.database.store import firms_key
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import a_client, a_firm, a_member, an_account, invited, switched
from tests.support.firm.one_of_everything import PDF, a_letter
from tests.support.processes.browser import a_window
from tests.support.servers.http import served

NEW = "battery staple"


async def test_a_client_works_in_one_of_two_accounts_and_sees_at_once_when_it_is_lost(api: Api, tmp_path: Path) -> None:
    by = await a_firm()
    _, first, second = await two_accounts(by)
    box = await a_box(by)
    await a_letter(by, mailbox_id=box, attachment=PDF, subject="<b>Invoice</b> 12", certified_by="Provider PEC")
    async with a_window(tmp_path / "browser") as window:
        await window.goto(f"{api.url}/portal")
        await sign_in(window, "wrong password")
        await window.shows("#sign-in .wrong", "wrong")
        await sign_in(window)
        await window.shows("#picking", "A")
        await window.click("#accounts li:nth-child(1) button")
        await window.shows("#notice", "You are working in A")
        await window.shows("#emails", "<b>Invoice</b> 12")
        await a_letter(by, mailbox_id=box, subject="Just now")
        await window.shows("#emails", "Just now")
        await window.click("#emails li:last-child summary")
        await window.shows("#emails li:last-child .body", "invoice.pdf")
        await window.shows("#emails li:last-child .body", "Certified by Provider PEC, signature not checked.")
        await window.click("#switch")
        await window.click("#accounts li:nth-child(2) button")
        await window.shows("#account", "B")
        await window.click("#dismiss")
        await window.hides("#notice")
        await window.goto(f"{api.url}/portal?account={account_id(first)}")
        await window.shows("#account", "A")
        await window.hides("#notice")
        await switched(by, first.id, first.address, login=False)
        await window.shows("#told", "no longer enter")
        await window.shows("#picking", "B")
        await switched(by, second.id, first.address, login=False)
        await window.click("#accounts button")
        await window.shows("#told", "session has ended")
        await window.shows("#signing-in")
        window.problems.clear()  # an answer of 4xx is an error of the console


async def test_a_forgotten_password_is_set_anew_and_the_link_says_when_it_is_used_up(api: Api, tmp_path: Path) -> None:
    by = await a_firm()
    await a_client(by, await an_account(by, address=ANNA))
    async with a_window(tmp_path / "browser") as window:
        await window.goto(f"{api.url}/portal")
        await window.click("#forgot")
        await window.type("#forgotten", ANNA)
        await window.click("#forget button")
        await window.shows("#told", "on its way")
        assert await run_errands() == 1
        row = await store.row("SELECT id, firm_id, seed FROM password_reset")
        assert row is not None
        link = f"{api.url}/reset/{secret_link.token(firms_key(row['firm_id']), 'reset', row['id'], row['seed'])}"
        await window.goto(link)
        await window.type("#password", "password1")
        await window.click("#reset button")
        await window.shows("#reset .wrong", "most common")
        await window.type("#password", NEW)
        await window.click("#reset button")
        await window.shows("#done", "Sign in with the new password")
        await window.goto(link)
        await window.type("#password", NEW)
        await window.click("#reset button")
        await window.shows("#dead", "used already")
        await window.click("#dead a")
        await window.shows("#forgetting")
        await window.goto(f"{api.url}/portal")
        await sign_in(window, NEW)
        await window.shows("#working")
        await window.click("#sign-out")
        await window.shows("#signing-in")


async def test_the_pages_speak_italian_to_an_italian_browser(api: Api, tmp_path: Path) -> None:
    async with a_window(tmp_path / "browser", language="it-IT,it") as window:
        await window.goto(f"{api.url}/portal")
        await window.shows("h1", "Accedi")
        assert await window.run("document.documentElement.lang") == "it"
        await window.goto(f"{api.url}/reset/nonsense")
        await window.type("#password", NEW)
        await window.click("#reset button")
        await window.shows("#dead", "Questo non è un nostro link")


@asynccontextmanager
async def under_a_path(api: Api) -> AsyncIterator[str]:
    """The same server, as SWITCHBOARD_PUBLIC_URL may name it; the URL."""
    async with served(Starlette(routes=[Mount("/clients/portal", api.app)])) as url:
        yield f"{url}/clients/portal"


async def test_the_link_of_an_invitation_activates_the_client_who_is_in_the_portal_then(
    api: Api, tmp_path: Path
) -> None:
    by = await a_firm()
    made = await an_account(by, name="Vetreria Valsecchi", address=ANNA, login=True)
    token = await invited(by, made.id, made.address)
    async with under_a_path(api) as url, a_window(tmp_path / "browser") as window:
        link = f"{url}/invitation/{token}"
        await window.goto(link)
        await window.shows("#offer", "Vetreria Valsecchi")
        assert await window.run("document.querySelector('#email').value") == ANNA
        await window.type("#password", "password1")
        await window.click("#accept button")
        await window.shows("#accept .wrong", "most common")
        await window.type("#password", NEW)
        await window.click("#accept button")
        await window.shows("#account", "Vetreria Valsecchi")
        await window.goto(link)
        await window.shows("#dead", "used already")
        await window.click("#again")
        await window.shows("#done", "on its way")
        await window.goto(f"{url}/invitation/nonsense")
        await window.shows("#dead", "no link of ours")
        await window.hides("#again")


async def test_a_colleague_whose_link_is_dead_is_told_whom_to_ask(api: Api, tmp_path: Path) -> None:
    """R42 is for clients."""
    owner = await a_member(await a_firm())
    done = await team.invite(owner, name="Bea", email="bea@firm.test", role=TeamRole.EMPLOYEE)
    row = await Invitation.get(member_id=done.ids[0])
    await team.remove(owner, done.ids[0])
    async with a_window(tmp_path / "browser") as window:
        await window.goto(
            f"{api.url}/invitation/{secret_link.token(firms_key(row.firm_id), 'invitation', row.id, row.seed)}"
        )
        await window.shows("#dead", "owner or an admin")
        await window.hides("#again")


async def test_focus_never_falls_to_the_whole_page(api: Api, tmp_path: Path) -> None:
    """Whoever uses a keyboard or a screen reader goes on where they were."""
    by = await a_firm()
    await two_accounts(by)
    box = await a_box(by)
    for subject in ("First", "Second"):
        await a_letter(by, mailbox_id=box, subject=subject)
    async with a_window(tmp_path / "browser") as window:
        await window.goto(f"{api.url}/portal")
        await window.press("#forgot")
        await window.until(f"({FOCUSED}) === 'forgotten'")
        await window.press("#back")
        await window.until(f"({FOCUSED}) === 'forgot'")
        await window.press("#forgot")
        await window.type("#forgotten", ANNA)
        await window.press("#forget button")
        await window.shows("#told", "on its way")
        assert await run_errands() == 1
        await window.until("document.activeElement.matches('#signing-in h1')")
        await sign_in(window)
        await window.shows("#picking")
        await window.until("document.activeElement.matches('#accounts button')")
        await window.press("#accounts li:nth-child(1) button")
        await window.shows("#emails", "First")
        await window.until(f"({FOCUSED}) === 'account'")
        await window.press("#emails li:last-child summary")
        await window.until("document.activeElement.innerText.includes('First')")
        await a_letter(by, mailbox_id=box, subject="Third")
        await window.shows("#emails", "Third")
        await window.until("document.activeElement.innerText.includes('First')")
        assert await window.run("document.activeElement.closest('details').open"), "what was open stays open"
        await window.press("#dismiss")
        await window.hides("#notice")
        await window.until(f"({FOCUSED}) === 'account'")
        await window.press("#other")
        await window.until("document.activeElement.matches('#accounts button')")
        await window.press("#sign-out")
        await window.until(f"({FOCUSED}) === 'email'")


async def test_on_a_telephone_the_notice_has_two_lines(api: Api, tmp_path: Path) -> None:
    by = await a_firm()
    first = await an_account(by, name="Officina Meccanica Bellandi", address=ANNA)
    await a_client(by, first, (await an_account(by, name="B")).id)
    async with a_window(tmp_path / "browser") as window:
        await window.call("Emulation.setDeviceMetricsOverride", width=375, height=700, deviceScaleFactor=1, mobile=True)
        await window.goto(f"{api.url}/portal")
        await sign_in(window)
        await window.press("#accounts li:nth-child(2) button")
        await window.shows("#notice", "Officina Meccanica Bellandi")
        lines = "(element) => element.getBoundingClientRect().height / parseFloat(getComputedStyle(element).lineHeight)"
        assert round(await window.run(f"({lines})(document.querySelector('#notice p'))")) <= 2
        assert await window.run("document.documentElement.scrollWidth") <= 375
