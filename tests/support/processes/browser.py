"""A real browser, driven over its DevTools protocol; it reaches nothing but the loopback.

async with a_window(tmp_path) as window:
    await window.goto(url)
    await window.shows("#sign-in")
"""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.support.waiting import patience

SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--remote-debugging-port=0",
    "--disable-dev-shm-usage",  # it is small where tests run in a container: then a page is killed
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip


class Gone(Exception):
    """The page that was asked is no more: another has come."""


@dataclass
class Window:
    """`problems`: what the page's console calls an error: an uncaught exception, a breach of its policy."""

    socket: ClientConnection
    session: str = ""
    problems: list[str] = field(default_factory=list)
    _loaded: set[str] = field(default_factory=set)
    _answers: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        number = len(self._answers) + 1
        self._answers[number] = asyncio.get_running_loop().create_future()
        told = {"id": number, "method": method, "params": params}
        await self.socket.send(json.dumps(told | ({"sessionId": self.session} if self.session else {})))
        async with patience():
            answer = await self._answers[number]
        if "error" in answer:
            raise Gone(f"{method}: {answer['error']['message']}")
        return answer["result"]  # type: ignore[no-any-return]

    async def listen(self) -> None:
        async for text in self.socket:
            message = json.loads(text)
            if "id" in message:
                if not (answer := self._answers[message["id"]]).done():  # nobody waits for it any more
                    answer.set_result(message)
            elif message["method"] == "Page.lifecycleEvent" and message["params"]["name"] == "load":
                self._loaded.add(message["params"]["loaderId"])
            elif message["method"] == "Runtime.exceptionThrown":
                self.problems.append(json.dumps(message["params"]["exceptionDetails"]))
            elif message["method"] == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
                entry = message["params"]["entry"]
                self.problems.append(f"{entry['text']} {entry.get('url', '')}")

    async def goto(self, url: str) -> None:
        """Its scripts have run when this returns; what they then ask for, they may still wait for."""
        told = await self.call("Page.navigate", url=url)
        assert "errorText" not in told, told
        async with patience():
            while told["loaderId"] not in self._loaded:  # noqa: ASYNC110 - asked for it, the page before might answer
                await asyncio.sleep(0.005)

    async def run(self, script: str) -> Any:
        """The value of an expression in the page, awaited."""
        told = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def until(self, condition: str) -> None:
        """Raises TimeoutError with the page's words where it never comes true."""
        try:
            async with patience():
                while not await self._holds(condition):  # noqa: ASYNC110 - the condition is another process's
                    await asyncio.sleep(0.02)
        except TimeoutError:
            words = await self.run("document.body.innerText")
            raise TimeoutError("\n".join([f"{condition}: {words}", *self.problems])) from None

    async def _holds(self, condition: str) -> bool:
        with suppress(Gone):  # a link leads away while it is asked
            return bool(await self.run(f"Boolean({condition})"))
        return False

    async def shows(self, selector: str, text: str = "") -> None:
        """It is there to be seen, with these words in it."""
        one = f"document.querySelector({json.dumps(selector)})"
        await self.until(f"{one}?.checkVisibility() && {one}.innerText.includes({json.dumps(text)})")

    async def hides(self, selector: str) -> None:
        await self.until(f"!document.querySelector({json.dumps(selector)})?.checkVisibility()")

    async def type(self, selector: str, text: str) -> None:
        await self.shows(selector)
        await self.run(f"document.querySelector({json.dumps(selector)}).value = {json.dumps(text)}")

    async def click(self, selector: str) -> None:
        await self.shows(selector)
        await self.run(f"document.querySelector({json.dumps(selector)}).click()")

    async def press(self, selector: str) -> None:
        """As who uses the keyboard: goes there, and presses Enter."""
        await self.shows(selector)
        await self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        for kind in ("rawKeyDown", "char", "keyUp"):
            await self.call("Input.dispatchKeyEvent", type=kind, key="Enter", windowsVirtualKeyCode=13, text="\r")


@asynccontextmanager
async def a_window(profile: Path, *, language: str = "en") -> AsyncIterator[Window]:
    """Skips the test where there is no chromium. The page must end without problems."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    process = await asyncio.create_subprocess_exec(
        chromium,
        *SWITCHES,
        f"--user-data-dir={profile}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        door = await _door(process)
        async with _heard(process), connect(door, max_size=None, proxy=None) as socket:
            window = Window(socket)
            listening = asyncio.create_task(window.listen())
            await _open(window, language)
            yield window
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            if window.problems:
                raise AssertionError("\n".join(window.problems))  # a bare assert of this file would say nothing
    finally:
        with suppress(ProcessLookupError):  # it ended by itself
            process.terminate()
        await process.wait()


@asynccontextmanager
async def _heard(process: asyncio.subprocess.Process) -> AsyncIterator[None]:
    """Reads what it still says, to nobody: it would stand still where the pipe is full."""
    assert process.stderr is not None
    reading = asyncio.create_task(process.stderr.read())
    try:
        yield
    finally:
        reading.cancel()


async def _door(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async with patience():
        while line := (await process.stderr.readline()).decode():
            if found := re.search(r"DevTools listening on (ws://\S+)", line):
                return found.group(1)
    raise AssertionError("chromium ended before it began")


async def _open(window: Window, language: str) -> None:
    target = await window.call("Target.createTarget", url="about:blank")
    attached = await window.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
    window.session = attached["sessionId"]
    for domain in ("Page", "Runtime", "Log", "Network"):
        await window.call(f"{domain}.enable")
    await window.call("Page.setLifecycleEventsEnabled", enabled=True)
    agent = await window.run("navigator.userAgent")
    await window.call("Network.setUserAgentOverride", userAgent=agent, acceptLanguage=language)
