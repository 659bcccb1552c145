"""What the tests that show `make run` have in common: a process of its own, asked over its sockets."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from mail.demo.people import BELLANDI, OWNER_PASSWORD
from tests.support.processes.switchboard import Running, all_gone, processes_about
from tests.support.servers.http import plain_http
from tests.support.waiting import PATIENCE, patience

SIGN_IN = """mutation ($email: String!, $password: String!) {
  signIn(input: { email: $email, password: $password, session: BEARER }) { token errors { message } } }"""


async def owner_of(demo: Running) -> str:
    """The token of a session of the demo's owner."""
    data = await post(demo, None, SIGN_IN, {"email": BELLANDI.owner.email, "password": OWNER_PASSWORD})
    token: str = data["signIn"]["token"]
    return token


async def ask(demo: Running, token: str | None, document: str, variables: Mapping[str, Any] | None = None) -> Any:
    """The value of its one field."""
    [value] = (await post(demo, token, document, variables or {})).values()
    return value


async def post(demo: Running, token: str | None, document: str, variables: Mapping[str, Any]) -> Any:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with plain_http(base_url=f"http://127.0.0.1:{demo.port}", headers=headers, timeout=PATIENCE) as http:
        answer = (await http.post("/graphql", json={"query": document, "variables": variables})).json()
    assert "errors" not in answer, answer
    return answer["data"]


class Hearing:
    """What came over one WebSocket with several subscriptions, by their names."""

    def __init__(self, socket: ClientConnection, names: Mapping[str, Any]) -> None:
        self.events: dict[str, list[Any]] = {name: [] for name in names}
        self.cursors: dict[str, str] = {}
        self._socket = socket

    async def until(self, true: Callable[[], object]) -> None:
        try:
            async with patience():
                await self._hear(true)
        except TimeoutError:
            raise AssertionError(f"within {PATIENCE:g} s only this was heard: {self.events}") from None

    async def _hear(self, true: Callable[[], object]) -> None:
        while not true():
            message = json.loads(await self._socket.recv())
            assert message["type"] == "next", message
            assert "errors" not in message["payload"], message
            [event] = message["payload"]["data"].values()
            self.events[message["id"]].append(event)
            self.cursors[message["id"]] = event["cursor"]

    async def closed(self) -> int | None:
        """The code that the server closes the socket with."""
        async with patience():
            try:
                while True:
                    await self._socket.recv()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else None


@asynccontextmanager
async def feeds(demo: Running, token: str, **asked: tuple[str, str | None]) -> AsyncIterator[Hearing]:
    """Ready. `asked`: by the name of each its document and `after`."""
    url = f"ws://127.0.0.1:{demo.port}/graphql"
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        for name, (document, cursor) in asked.items():
            payload = {"query": document, "variables": {"after": cursor}}
            await socket.send(json.dumps({"id": name, "type": "subscribe", "payload": payload}))
        hear = Hearing(socket, asked)
        await hear.until(lambda: all(hear.events.values()))
        assert all(events[0]["__typename"] == "FeedReady" for events in hear.events.values())
        yield hear


async def ends_without_a_trace(demo: Running, how: signal.Signals) -> None:
    helpers = demo.descendants()
    assert len(helpers) > 5  # PostgreSQL's, the mail server, the parsers
    said = demo.said
    await asyncio.to_thread(demo.stop, how)
    assert demo.process.returncode == 0, demo.said
    assert await asyncio.to_thread(all_gone, helpers)
    assert processes_about(demo.var) == {}
    assert demo.said.removeprefix(said).strip() == "", demo.said
