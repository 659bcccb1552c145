"""Where letters about Inbox+ lead, in a real browser (R38)."""

from pathlib import Path

from models import notification
from tests.support.api.client import Api
from tests.support.firm.cast import CHIARA
from tests.support.firm.factories import PASSWORD, a_firm, a_member
from tests.support.firm.inbox import EMAIL, chosen, raised
from tests.support.processes.browser import a_window


async def test_a_colleague_signs_in_reads_what_is_unread_and_marks_it(api: Api, tmp_path: Path) -> None:
    by = await a_member(await a_firm(), email=CHIARA)
    await chosen(by, EMAIL)
    await raised(by, '<b>Marta</b>: The "glass"')
    async with a_window(tmp_path / "browser") as window:
        await window.goto(f"{api.url}/inbox")
        await window.type("#email", CHIARA)
        await window.type("#password", PASSWORD)
        await window.click("#sign-in button")
        await window.shows("#entries", '<b>Marta</b>: The "glass"')
        await raised(by, "Just now")
        await window.click("#read")
        await window.shows("#entries", "Just now")
        await window.click("#read")
        await window.shows("#nothing", "Nothing is unread")
        await window.click("#sign-out")
        await window.shows("#signing-in")
        assert await window.run("document.documentElement.scrollWidth <= innerWidth")
    assert await notification.unread_count(by) == 0
