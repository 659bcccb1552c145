"""The pages of the portal, in a real browser."""

from tests.support.firm.cast import ANNA
from tests.support.firm.factories import PASSWORD
from tests.support.processes.browser import Window

FOCUSED = "document.activeElement.id || document.activeElement.tagName"


async def sign_in(window: Window, password: str = PASSWORD) -> None:
    await window.type("#email", ANNA)
    await window.type("#password", password)
    await window.click("#sign-in button")
