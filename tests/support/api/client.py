"""The API as a client meets it: the real server on a free port of the loopback, asked over real sockets.

async def test_…(api: Api) -> None:
    owner = await signed_in(by)
    told = await api.ask("{ firm { name } }", as_=owner)
    async with api.follow("subscription { … }", as_=owner) as feed:
        first = await feed.next()
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from graph.process.app import create_app
from graph.process.serving import configured, listen
from models import feed
from models.ground.settings import Settings
from models.session import SignedIn
from models.viewer import Asker
from tests.support.api.toy_server import until
from tests.support.servers.http import PromptServer, plain_http
from tests.support.waiting import NEVER, PATIENCE, patience

As = SignedIn[Asker] | str | None
"""Who asks: a colleague or a client from `signed_in` of tests/support/firm/factories.py, any token, or nobody."""


class TopLevelErrors(Exception):
    """The answer has top-level errors. `codes` are their extensions' codes, `messages` their words."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors)
        self.errors = errors
        self.codes = [each["extensions"]["code"] for each in errors]
        self.messages = [each["message"] for each in errors]


@dataclass
class Following:
    """One subscription on a socket of its own. Events are the value of its one field."""

    socket: ClientConnection

    async def next(self) -> dict[str, Any]:
        """Raises TopLevelErrors, StopAsyncIteration at `complete`, ConnectionClosed with its code, TimeoutError."""
        message = await self.message()
        if message["type"] == "complete":
            raise StopAsyncIteration
        payload = message["payload"]
        errors = payload if message["type"] == "error" else payload.get("errors")
        if errors:
            raise TopLevelErrors(errors)
        (event,) = payload["data"].values()
        return event  # type: ignore[no-any-return]

    async def several(self, count: int) -> list[dict[str, Any]]:
        return [await self.next() for _ in range(count)]

    async def message(self) -> dict[str, Any]:
        """The next message of the protocol, whatever it is."""
        async with patience():
            return json.loads(await self.socket.recv())  # type: ignore[no-any-return]

    async def closed(self) -> int | None:
        """The code that the server closes the socket with (None: cut without a word); what it says before is lost."""
        try:
            while True:
                await self.message()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


@dataclass
class Api:
    """A running server. `url` is its origin."""

    app: Starlette
    settings: Settings
    http: httpx.AsyncClient

    @property
    def url(self) -> str:
        return self.settings.base_url

    async def ask(self, document: str, variables: Mapping[str, Any] | None = None, *, as_: As = None) -> dict[str, Any]:
        """`data`. Raises TopLevelErrors."""
        return data_of(await self.told(document, variables, as_=as_))

    async def told(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        as_: As = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The whole answer, whatever it is."""
        body = json.dumps({"query": document, "variables": variables})  # not orjson: it cannot write half a pair
        more = {"content-type": "application/json", **bearer(as_), **(headers or {})}
        return await self.http.post("/graphql", content=body, headers=more)

    def browser(self) -> "Browser":
        return Browser(self)

    @asynccontextmanager
    async def follow(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        as_: As = None,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Following]:
        """The subscription has been asked for; its first event tells that it has begun. `headers`: of the handshake."""
        async with self.socket(as_=as_, headers=headers) as socket:
            payload = {"query": document, "variables": variables}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            yield Following(socket)

    @asynccontextmanager
    async def socket(
        self, *, as_: As = None, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[ClientConnection]:
        """Acknowledged, and nothing asked yet. Raises ConnectionClosed, InvalidStatus where the server will not."""
        url, protocols = self.url.replace("http", "ws", 1) + "/graphql", [Subprotocol("graphql-transport-ws")]
        async with connect(url, subprotocols=protocols, additional_headers=headers, proxy=None) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": bearer(as_)}))
            async with patience():
                acknowledged = json.loads(await socket.recv())
            assert acknowledged["type"] == "connection_ack", acknowledged
            yield socket


@dataclass
class Browser:
    """Keeps the session cookie, as browsers do over plain http on the loopback (httpx would not send it back)."""

    api: Api
    cookies: dict[str, str] = field(default_factory=dict)

    async def ask(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """With the header that a page of ours sends. Raises TopLevelErrors."""
        return data_of(await self.told(document, variables, headers={"x-switchboard": "1"}))

    async def told(
        self, document: str, variables: Mapping[str, Any] | None = None, *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        answer = await self.api.told(document, variables, headers={**self.headers, **(headers or {})})
        for one in answer.headers.get_list("set-cookie"):
            self._keep(one)
        return answer

    @property
    def headers(self) -> dict[str, str]:
        """Of every request, a socket's handshake too."""
        pairs = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"cookie": pairs} if pairs else {}

    def _keep(self, set_cookie: str) -> None:
        name, _, rest = set_cookie.partition("=")
        value = rest.split(";")[0].strip('"')
        self.cookies.pop(name, None)
        if value:
            self.cookies[name] = value


def data_of(answer: httpx.Response) -> dict[str, Any]:
    """Raises TopLevelErrors."""
    body = answer.json()
    if body.get("errors"):
        raise TopLevelErrors(body["errors"])
    return body["data"]  # type: ignore[no-any-return]


def bearer(as_: As) -> dict[str, str]:
    if as_ is None:
        return {}
    return {"authorization": f"Bearer {as_.token if isinstance(as_, SignedIn) else as_}"}


@pytest.fixture
async def api(store: str, tmp_path: Path) -> AsyncIterator[Api]:
    """The server over the store of this test, with the hub of its feeds open."""
    async with an_api(store, tmp_path) as api:
        yield api


@asynccontextmanager
async def an_api(database_url: str, var: Path, **settings: Any) -> AsyncIterator[Api]:
    """The same with other settings; one at a time, since the hub is the process's."""
    listening = listen(Settings(port=0))
    port = listening.getsockname()[1]
    chosen = Settings(database_url=SecretStr(database_url), var=var, port=port, **settings)
    app = create_app(chosen)
    app.state.sockets.watch.every = NEVER  # what ends a socket is what happened, told in the journal
    server = PromptServer(configured(app))
    await feed.hub.open(database_url)
    serving = asyncio.create_task(server.serve([listening]))
    try:
        await until(lambda: server.started)
        async with plain_http(base_url=chosen.base_url, timeout=PATIENCE) as http:
            yield Api(app, chosen, http)
    finally:
        await app.state.sockets.drain()
        server.should_exit = True
        await serving
        await feed.hub.close()


async def begun(feed: Following) -> dict[str, Any]:
    ready = await feed.next()
    assert ready["__typename"] == "FeedReady"
    return ready
