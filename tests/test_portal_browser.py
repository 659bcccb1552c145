"""A client's e-mails and documents in a real browser: whatever came, boxed, live, and only while it may see them."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models import email
from models.ground import clock, store
from tests.support.api.client import Api
from tests.support.api.pages import FOCUSED
from tests.support.api.toy_server import until
from tests.support.emails.portal import LETTER, PNG, InPortal, in_portal, written
from tests.support.firm.factories import switched
from tests.support.firm.one_of_everything import PDF
from tests.support.servers.http import served

PLANS = """<p id="plans" style="color:#123456">The <b>plans</b></p><img src="cid:logo" alt="Logo">
<img src="https://pixel.test/1.gif"><img src="https://pixel.test/2.gif">"""


@pytest.fixture
async def page(api: Api, tmp_path: Path) -> AsyncIterator[InPortal]:
    async with in_portal(api, tmp_path) as page:
        yield page


async def seen(page: InPortal, script: str) -> Any:
    return await page.window.run(script)


async def test_a_letter_is_laid_out_as_it_came_with_its_own_pictures_and_none_from_the_net(page: InPortal) -> None:
    await page.comes(written(PLANS, pictures={"logo": PNG}, files={"plans.pdf": PDF}))
    await page.opens()
    body, window = "#emails li:first-child .body", page.window
    await window.until(f"{LETTER}.images[0].naturalWidth === 1")
    assert await seen(page, f"{LETTER}.querySelectorAll('img[src]').length") == 1
    assert await seen(page, f"getComputedStyle({LETTER}.querySelector('p')).color") == "rgb(18, 52, 86)"
    assert await seen(page, f"{LETTER}.body.innerText.trim()") == "The plans"
    for line in ("To: Studio", "Cc: Paolo", "2 pictures from the net are not shown."):
        await window.shows(body, line)
    await window.shows(f"{body} .file", "plans.pdf 19 bytes")
    assert await seen(page, "document.querySelectorAll('#emails .file').length") == 1, "the logo is shown, not listed"
    assert "idden" not in await seen(page, "document.body.innerText"), "Bcc is never shown (R19)"
    assert await seen(page, "document.querySelector('iframe').title") == "E-mail from Anna"


HOSTILE = """<script>top.ran = "script"</script><img src="REMOTE/img" onerror="parent.ran = 'onerror'">
<svg onload="top.ran = 'svg'"></svg><input autofocus onfocus="top.ran = 'focus'"><style>@import "REMOTE/css";</style>
<details open ontoggle="top.ran = 'toggle'"></details><link rel="stylesheet" href="REMOTE/link">
<iframe srcdoc="<script>top.ran = 'srcdoc'</script>"></iframe><iframe src="REMOTE/frame"></iframe>
<object data="REMOTE/object"></object><div style="background: url(REMOTE/style)">x</div><base href="REMOTE/">
<video poster="REMOTE/poster" src="REMOTE/video"></video><meta http-equiv="refresh" content="0; REMOTE/refresh">
<form action="REMOTE/form" id="form"><button id="send">x</button></form><p id="last">.</p>"""


async def test_a_letter_that_nobody_made_harmless_runs_nothing_loads_nothing_and_leads_nowhere(page: InPortal) -> None:
    """The frame's own walls: what reads the mail takes all this out of it before."""
    asked: list[str] = []

    async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with served(elsewhere) as url:
        await page.comes(written(PLANS), shown_as=HOSTILE.replace("REMOTE", url))
        await page.opens()
        await page.window.until(f"{LETTER}.querySelector('#last')")
        await seen(page, f"{LETTER}.querySelector('#send').click()")
        await seen(page, "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert await seen(page, f"Boolean({LETTER}.querySelector('#last'))"), "it is still the letter"
    assert (asked, await seen(page, "window.ran")) == ([], None)
    page.window.problems.clear()  # the breaches of the policy that were stopped


async def test_a_link_in_a_letter_opens_a_window_of_its_own_that_does_not_know_where_it_comes_from(
    page: InPortal,
) -> None:
    await page.comes(written('<a href="https://client.test/" target="_top">here</a>'))
    await page.opens()
    link = await seen(page, f"(({{ target, rel }}) => [target, rel])({LETTER}.querySelector('a'))")
    assert link == ["_blank", "noopener noreferrer nofollow"]
    sandbox = str(await seen(page, "document.querySelector('iframe').sandbox.value")).split()
    assert sorted(sandbox) == ["allow-popups", "allow-popups-to-escape-sandbox", "allow-same-origin"]


async def test_an_open_letter_stays_as_it_is_when_another_comes(page: InPortal) -> None:
    """Where it was scrolled to, too: the frame is not loaded again."""
    await page.comes(written(PLANS, subject="First"))
    await page.opens()
    await seen(page, f"Object.assign({LETTER}.body.dataset, {{ mark: 'read as far as here' }})")
    await page.comes(written(PLANS, subject="Second"))
    old = "document.querySelector('#emails li:last-child')"
    assert await seen(page, f"{old}.querySelector('details').open")
    mark = await seen(page, f"{old}.querySelector('iframe').contentDocument.body.dataset.mark")
    assert mark == "read as far as here"
    assert "First" in await seen(page, "document.activeElement.innerText")


async def forget(page: InPortal, received: Any) -> None:
    async with store.transaction(page.by.firm_id):
        await email.history.lock(page.by.firm_id)
        await email.forget(page.by, [received])


async def test_an_e_mail_that_goes_while_it_is_open_leaves_the_page_and_the_focus_on_its_heading(
    page: InPortal,
) -> None:
    received = await page.comes(written(PLANS))
    await page.opens()
    await forget(page, received)
    await page.window.shows("#no-emails")
    await page.window.until(f"({FOCUSED}) === 'account'")
    assert await seen(page, "document.querySelector('iframe')") is None


async def test_an_e_mail_or_a_file_that_went_unheard_says_so_where_it_is_asked_for(page: InPortal) -> None:
    """As between two looks at the feed."""
    await page.comes(written(PLANS, subject="First", files={"plans.pdf": PDF}))
    await page.opens()
    await page.window.shows("#emails .file", "plans.pdf")
    await page.comes(written(PLANS, subject="Second"))
    await store.execute("DELETE FROM email_account WHERE firm_id = $1", page.by.firm_id)
    await page.window.press("#emails li:first-child summary")
    await page.window.shows("#emails li:first-child .body", "This e-mail is not here any more.")
    await page.window.press("#emails li:last-child .file a")
    await page.window.shows("#emails li:last-child .file", "This file is not here any more.")
    await page.window.until("document.activeElement.innerText === 'This file is not here any more.'")


def downloaded(page: InPortal, name: str) -> bytes | None:
    file = page.downloads / name
    return file.read_bytes() if file.exists() else None


async def test_a_file_is_downloaded_by_the_keyboard_also_hours_after_the_page_was_read(page: InPortal) -> None:
    """Links are good for an hour."""
    await page.comes(written(PLANS, files={"plans.pdf": PDF}))
    await page.opens()
    await page.window.shows("#emails .file")
    now = clock.now()
    clock.set_source(lambda: now + timedelta(hours=3))
    await page.window.press("#emails .file a")
    await until(lambda: downloaded(page, "plans.pdf") == PDF)


async def test_a_saved_document_appears_by_itself_and_goes_with_the_switch(api: Api, page: InPortal) -> None:
    window = page.window
    await window.press("#tab-documents")
    await window.shows("#no-documents", "No documents yet.")
    await window.hides("#emails")
    await page.comes_unseen(written(PLANS, pictures={"logo": PNG}, files={"plans.pdf": PDF}))
    await window.shows("#documents .file", "plans.pdf")
    assert await seen(page, "document.querySelectorAll('#documents .file').length") == 1
    await window.press("#documents .file a")
    await until(lambda: downloaded(page, "plans.pdf") == PDF)
    link = await seen(page, "document.querySelector('#documents a').href")
    await switched(page.by, page.account.id, page.account.address, email_sync=False)
    await window.shows("#sync-off", "E-mails and documents are not shown for this account.")
    await window.hides("#tabs")
    await window.hides("#documents")
    await window.until(f"({FOCUSED}) === 'account'")
    assert await seen(page, "document.querySelectorAll('.file, #emails li').length") == 0
    assert (await api.http.get(link)).status_code == 404
    await switched(page.by, page.account.id, page.account.address, email_sync=True)
    await window.shows("#emails", "Plans")
    await window.press("#tab-documents")
    await window.shows("#documents .file", "plans.pdf")


async def test_documents_come_by_pages_and_tabs_are_led_through_by_the_keyboard(page: InPortal) -> None:
    window = page.window
    await page.comes(written(PLANS, files={f"plan {number}.pdf": PDF + b"%d" % number for number in range(26)}))
    await seen(page, "document.getElementById('tab-emails').focus()")
    await key(page, "ArrowRight")
    await window.until(f"({FOCUSED}) === 'tab-documents'")
    await window.until("document.querySelectorAll('#documents li').length === 25")
    await window.press("#more-documents")
    await window.until("document.activeElement.matches('#documents li:nth-child(26) a')")
    await window.hides("#more-documents")
    await seen(page, "document.getElementById('tab-documents').focus()")
    await key(page, "ArrowRight")
    await window.until(f"({FOCUSED}) === 'tab-emails'")
    tabs = "[...document.querySelectorAll('[role=tab]')]"
    assert await seen(page, f"{tabs}.map((tab) => [tab.ariaSelected, tab.tabIndex])") == [["true", 0], ["false", -1]]
    panels = f"{tabs}.map((tab) => document.getElementById(tab.getAttribute('aria-controls')).hidden)"
    assert await seen(page, panels) == [False, True]


async def key(page: InPortal, name: str) -> None:
    for kind in ("rawKeyDown", "keyUp"):
        await page.window.call("Input.dispatchKeyEvent", type=kind, key=name)


async def test_on_an_italian_telephone_the_widest_letter_keeps_within_the_page(api: Api, tmp_path: Path) -> None:
    async with in_portal(api, tmp_path, language="it-IT,it") as page:
        narrow = {"width": 375, "height": 700, "deviceScaleFactor": 1, "mobile": True}
        await page.window.call("Emulation.setDeviceMetricsOverride", **narrow)
        wide = '<table width="3000"><tr><td>x</td></tr></table>' + "W" * 900 + '<img src="https://pixel.test/1.gif">'
        await page.comes(written(wide, subject="S" * 300, files={"f" * 150 + ".pdf": PDF}))
        await page.opens()
        await page.window.shows("#emails .file", "byte")
        await page.window.shows("#emails", "1 immagine dalla rete non è mostrata.")
        assert await seen(page, "document.documentElement.scrollWidth") <= 375
        assert await seen(page, "document.querySelector('#emails .file a').getBoundingClientRect().right") <= 375
        await page.window.press("#tab-documents")
        await page.window.shows("#documents .file")
        assert await seen(page, "document.documentElement.scrollWidth") <= 375
        await page.window.shows("#tab-documents", "Documenti")


@pytest.mark.parametrize(
    "html",
    ["<p>" + "a word and more " * 500_000, "<table><tr><td>" * 90_000, '<div style="height:99999999px">x</div>',
     '<div style="height:150vh">x</div>'],
    ids=["8 MB of words", "nested without end", "a mile high", "higher than whatever it is in"],
)  # fmt: skip
async def test_however_large_a_letter_is_the_page_around_it_goes_on(page: InPortal, html: str) -> None:
    await page.comes(written(html))
    await page.opens()
    await page.window.until(f"{LETTER}.defaultView.innerHeight > 0")
    assert await seen(page, "document.querySelector('iframe').offsetHeight") <= 8000
    await page.window.press("#emails li:first-child summary")
    await page.window.hides("#emails iframe")
    await page.window.press("#sign-out")
    await page.window.shows("#signing-in")
    assert await seen(page, "document.querySelector('iframe')") is None


async def test_a_files_name_turns_nothing_around_it_and_has_nothing_unseen_in_it(page: InPortal) -> None:
    raw = written(PLANS, files={"plans \u202egpj.exe\x07 שלום.pdf": PDF})
    await page.comes(raw)
    await page.opens()
    await page.window.shows("#emails .file")
    name = await seen(page, "document.querySelector('#emails .file bdi').textContent")
    assert not re.search("[\x00-\x1f\u202a-\u202e\u2066-\u2069]", name), json.dumps(name)
    await page.window.press("#emails .file a")
    await until(lambda: any(page.downloads.glob("plans*.pdf")))
