"""The client's page where something begins while it waits for an answer: what begins ends what was before."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from models import firm_settings
from models.viewer import System
from tests.support.api.client import Api
from tests.support.api.pages import FOCUSED, sign_in
from tests.support.api.portal import a_box
from tests.support.api.toy_server import until
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import a_client, a_firm, an_account
from tests.support.firm.one_of_everything import PDF, a_letter
from tests.support.processes.browser import Window, a_window
from tests.support.servers.http import served

SOCKET = "socket"


@dataclass
class Gate:
    """Before the API, an ASGI app: keeps the names of what is asked, and lets in late what is held."""

    api: Any
    asked: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    _held: dict[str, asyncio.Event] = field(default_factory=dict)

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Operations of this name, or sockets, that come from now on wait until the end."""
        self._held[name] = asyncio.Event()
        try:
            yield
        finally:
            self._held.pop(name).set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        messages = []
        if scope["path"] == "/graphql":
            messages.append(await receive())
            while messages[-1].get("more_body"):
                messages.append(await receive())
            await self._enter(_name(messages))

        async def received() -> Any:
            return messages.pop(0) if messages else await receive()

        await self.api(scope, received, send)

    async def _enter(self, name: str) -> None:
        self.asked.append(name)
        if held := self._held.get(name):
            self.waiting.append(name)
            await held.wait()
            self.waiting.remove(name)


def _name(messages: list[Any]) -> str:
    body = b"".join(message.get("body", b"") for message in messages)
    found = re.match(r"\w+ (\w+)", json.loads(body)["query"]) if body else None
    return found[1] if found else SOCKET


@dataclass
class Shown:
    """A client's page with the e-mail "First", and the gate before the API it asks."""

    window: Window
    gate: Gate
    by: System
    box: UUID

    async def letter(self, subject: str) -> None:
        await a_letter(self.by, mailbox_id=self.box, subject=subject)

    @asynccontextmanager
    async def waiting(self, name: str) -> AsyncIterator[list[str]]:
        """New mail came: the page reads it, and waits until the end for this answer. What is asked after that."""
        with self.gate.held(name):
            await self.letter("Second")
            await until(lambda: self.gate.waiting)
            self.gate.asked.clear()
            yield self.gate.asked
        await until(lambda: not self.gate.waiting)


@pytest.fixture
async def shown(api: Api, tmp_path: Path) -> AsyncIterator[Shown]:
    by = await a_firm()
    first = await an_account(by, name="A", address=ANNA, email_sync=True)
    await a_client(by, first, (await an_account(by, name="B")).id)
    gate = Gate(api.app)
    async with served(gate) as url, a_window(tmp_path / "browser") as window:
        page = Shown(window, gate, by, await a_box(by))
        await page.letter("First")
        await window.goto(f"{url}/portal")
        await sign_in(window)
        await window.click("#accounts li:nth-child(1) button")
        await window.shows("#emails", "First")
        await window.click("#dismiss")
        await window.hides("#notice")
        await until(lambda: gate.asked[-1] == SOCKET)
        yield page


READS = ["Who", "PortalHome", "PortalEmails", SOCKET]
"""What the page asks for, one after the other, when new mail comes."""


@pytest.mark.parametrize("name", READS)
async def test_who_signs_out_while_new_mail_is_read_is_out_and_nothing_more_is_asked(shown: Shown, name: str) -> None:
    async with shown.waiting(name) as asked:
        await shown.window.shows("#emails", "First")
        await shown.window.press("#sign-out")
        await shown.window.shows("#signing-in")
    assert await shown.window.run(FOCUSED) == "email"
    await sign_in(shown.window)
    await shown.window.shows("#picking")
    assert asked == ["SignOut", "PortalSignIn", "Who", "PortalHome"]


async def test_who_signs_out_while_documents_are_read_is_out_and_sees_none_of_them(shown: Shown) -> None:
    window = shown.window
    await firm_settings.update(shown.by, {"auto_save_attachments": True})
    await a_letter(shown.by, mailbox_id=shown.box, attachment=PDF)
    await window.shows("#emails", "Invoice 12")
    await window.press("#tab-documents")
    await window.shows("#documents .file")
    async with shown.waiting("PortalDocuments") as asked:
        await window.press("#sign-out")
        await window.shows("#signing-in")
    assert await window.run("document.querySelector('.file')") is None
    await sign_in(window)
    await window.shows("#picking")
    assert asked == ["SignOut", "PortalSignIn", "Who", "PortalHome"]


async def test_a_letter_that_is_opened_just_when_another_comes_is_shown_all_the_same(shown: Shown) -> None:
    window, gate = shown.window, shown.gate
    with gate.held("PortalEmail"):
        await window.press("#emails li:last-child summary")
        await until(lambda: gate.waiting)
        await shown.letter("Second")
        await until(lambda: gate.waiting == ["PortalEmail", "PortalEmail"])
    await window.shows("#emails li:last-child .body", "Here it is.")
    await window.shows("#emails li:first-child", "Second")


@pytest.mark.parametrize("name", READS)
async def test_who_switches_the_account_while_new_mail_is_read_is_not_thrown_back(shown: Shown, name: str) -> None:
    async with shown.waiting(name) as asked:
        await shown.window.press("#other")
        await shown.window.shows("#picking")
    await shown.window.press("#accounts li:nth-child(2) button")
    await shown.window.shows("#account", "B")
    await until(lambda: asked[-1] == SOCKET)
    assert asked == ["PickAccount", SOCKET]


async def test_whoever_signs_out_sees_nothing_more_of_the_account_and_signs_out_once(shown: Shown) -> None:
    window, gate = shown.window, shown.gate
    with gate.held("SignOut"):
        await window.press("#sign-out")
        await window.hides("#working")
        await until(lambda: gate.waiting)
        gate.asked.clear()
        await window.click("#sign-out")
    await window.shows("#signing-in")
    assert await window.run("document.querySelector('#emails').childElementCount") == 0
    await sign_in(window)
    await window.shows("#picking")
    assert gate.asked == ["PortalSignIn", "Who", "PortalHome"]


async def test_while_the_server_does_not_answer_nobody_is_signed_out_and_the_page_comes_back_by_itself(
    shown: Shown,
) -> None:
    window = shown.window
    await _offline(window, True)
    await window.click("#sign-out")
    await window.shows("#told", "does not answer")
    await _offline(window, False)
    await window.shows("#emails", "First")
    assert await window.run("document.querySelector('#told').innerText") == ""
    assert all("ERR_INTERNET_DISCONNECTED" in problem for problem in window.problems)
    window.problems.clear()


async def _offline(window: Window, yes: bool) -> None:
    speed = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    await window.call("Network.emulateNetworkConditions", offline=yes, **speed)


async def test_new_mail_that_comes_while_older_mail_is_asked_for_shows_none_twice(shown: Shown) -> None:
    """25 to a page."""
    window, gate = shown.window, shown.gate
    for number in range(26):
        await shown.letter(f"Letter {number}")
    await window.shows("#emails", "Letter 25")
    await window.shows("#more")
    with gate.held("PortalEmails"):
        await window.press("#more")
        await until(lambda: gate.waiting)
        await shown.letter("Newest")
        await until(lambda: len(gate.waiting) == 2)
    await window.shows("#emails", "Newest")
    ids = await window.run("[...document.querySelectorAll('#emails details')].map((each) => each.id)")
    assert len(ids) == len(set(ids)) == 25
