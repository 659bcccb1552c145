"""In a real browser: unsubscribing by the link below a notice and taking it back (R13), a new invitation by address."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from models import contact
from models.errand.running import run_errands
from models.ground import store as database
from models.notification_category import NotificationCategory
from tests.support.api.client import Api
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import a_firm, a_member, an_account, linked, switched
from tests.support.firm.one_of_everything import everything
from tests.support.firm.preferences import muted
from tests.support.letters.unsubscribe_links import MESSAGES, link_of
from tests.support.processes.browser import Window, a_window
from tests.support.servers.http import served

SIGNATURES = NotificationCategory.SIGNATURE_REQUESTS
LONG = "<b>Vetreria</b> " + "Valsecchi" * 20


async def at_width(window: Window, width: int) -> None:
    await window.call("Emulation.setDeviceMetricsOverride", width=width, height=700, deviceScaleFactor=1, mobile=True)


async def test_who_follows_the_link_decides_and_may_change_their_mind(api: Api, tmp_path: Path) -> None:
    owner = await a_member(await a_firm())
    made = await an_account(owner, notify=True)
    before = await everything()
    async with a_window(tmp_path / "browser") as window:
        await window.goto(link_of(owner, made, SIGNATURES, url=api.url))
        await window.shows("#firm", "Studio Bellandi")
        await window.shows("#state", "You get e-mails about signatures.")
        assert await everything() == before, "looking changes nothing"
        await window.press("#change")
        await window.shows("#state", "You get no e-mails about signatures any more.")
        assert await muted(owner, made.id, made.address) == {SIGNATURES}
        await window.until("document.activeElement.id === 'change'")
        await window.shows("#change", "Get them again")
        await window.press("#change")
        await window.shows("#state", "You get e-mails about signatures.")
        assert await muted(owner, made.id, made.address) == set()


async def test_it_works_below_a_path_and_says_how_it_is_when_opened_again(api: Api, tmp_path: Path) -> None:
    owner = await a_member(await a_firm())
    made = await an_account(owner)
    below = Starlette(routes=[Mount("/clients/portal", api.app)])
    async with served(below) as url, a_window(tmp_path / "browser") as window:
        link = link_of(owner, made, url=f"{url}/clients/portal")
        await window.goto(link)
        await window.click("#change")
        await window.shows("#state", "no e-mails about messages")
        await window.goto(link)
        await window.shows("#state", "no e-mails about messages")
        assert await muted(owner, made.id, made.address) == {MESSAGES}


async def test_the_account_is_named_where_several_hold_the_address_and_names_stay_text(
    api: Api, tmp_path: Path
) -> None:
    owner = await a_member(await a_firm())
    made = await an_account(owner, name=LONG, address=ANNA)
    await linked(owner, (await an_account(owner)).id, made.contact)
    async with a_window(tmp_path / "browser") as window:
        await at_width(window, 375)
        await window.goto(link_of(owner, made, url=api.url))
        await window.shows("#state", f"messages for {LONG}")
        assert await window.run("document.documentElement.scrollWidth") <= 375


@pytest.mark.parametrize("page", ["unsubscribe", "invitation"])
async def test_a_link_that_was_cut_within_an_encoded_character_is_told_as_none(
    api: Api, tmp_path: Path, page: str
) -> None:
    """It left the page blank."""
    async with a_window(tmp_path / "browser") as window:
        await window.goto(f"{api.url}/{page}/token%")
        await window.shows("#dead")


async def test_a_link_that_is_none_any_more_says_so_before_and_after_it_is_pressed(api: Api, tmp_path: Path) -> None:
    owner = await a_member(await a_firm())
    made = await an_account(owner)
    link = link_of(owner, made, url=api.url)
    async with a_window(tmp_path / "browser") as window:
        await window.goto(link)
        await window.shows("#change")
        await contact.unlink(owner, made.id, made.contact)
        await window.press("#change")
        await window.shows("#offer .wrong", "no such link")
        await window.until("document.activeElement.id === 'change'")
        await window.goto(link)
        await window.shows("#dead", "no longer belongs to this account")
        await window.hides("#offer")
        assert await muted(owner, made.id, made.address) == set()


async def test_an_italian_reads_italian(api: Api, tmp_path: Path) -> None:
    owner = await a_member(await a_firm())
    made = await an_account(owner)
    async with a_window(tmp_path / "browser", language="it-IT,it") as window:
        await window.goto(link_of(owner, made, url=api.url))
        await window.shows("#state", "Riceve e-mail su: messaggi.")
        await window.press("#change")
        await window.shows("#state", "Non riceve più e-mail su: messaggi.")
        await window.goto(f"{api.url}/invitation")
        await window.shows("#asking h1", "Chieda un nuovo invito")


@pytest.mark.parametrize("address", [ANNA, "nobody@elsewhere.test"])
async def test_a_new_invitation_is_asked_for_by_address_and_the_answer_says_nothing(
    api: Api, tmp_path: Path, address: str
) -> None:
    """R42"""
    owner = await a_member(await a_firm())
    made = await an_account(owner, address=ANNA)
    await switched(owner, made.id, made.address, login=True)
    async with a_window(tmp_path / "browser") as window:
        await window.goto(f"{api.url}/invitation")
        await window.type("#email", address)
        await window.press("#ask button")
        await window.shows("#done", "If a new invitation can be sent, it is on its way.")
        await window.until("document.activeElement.matches('#done h1')")
    assert await run_errands() == 1
    written = await database.value("SELECT count(*) FROM letter WHERE kind = 'INVITATION'")
    assert written == (1 if address == ANNA else 0)


async def test_a_link_of_nobody_leads_to_where_a_new_one_is_asked_for(api: Api, tmp_path: Path) -> None:
    async with a_window(tmp_path / "browser") as window:
        await window.goto(f"{api.url}/invitation/nonsense")
        await window.shows("#by-address", "Ask for a new invitation")
        await window.click("#by-address a")
        await window.shows("#asking", "E-mail address")
        assert await window.run("location.pathname") == "/invitation"
