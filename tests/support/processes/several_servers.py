"""Several `switchboard serve` on one database, each in a process of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette

from models.ground.settings import Settings
from tests.support.api.client import Api
from tests.support.database.store import KEY
from tests.support.processes.switchboard import Running, running
from tests.support.servers.http import plain_http
from tests.support.waiting import PATIENCE, patience

SET = """mutation ($account: ID!, $address: ID!, $on: Boolean!) { setToggles(input: {toggles: [
  {accountId: $account, addressId: $address, notify: $on}]}) { errors { code } cursor } }"""


@contextmanager
def a_server(url: str, folder: Path, name: str, **settings: str) -> Iterator[Running]:
    told = {"DATABASE_URL": url, "SWITCHBOARD_KEY": KEY.hex(), **settings}
    output, var = folder / f"{name}.log", folder / "var"
    with running("serve", "--no-worker", output=output, var=var, **told) as server:
        yield server


@asynccontextmanager
async def asked(server: Running) -> AsyncIterator[Api]:
    """Ready."""
    settings = Settings(port=server.port)
    async with plain_http(base_url=settings.base_url, timeout=PATIENCE) as http:
        async with patience():
            while not await _is_ready(http):
                assert server.process.poll() is None, server.said
                await asyncio.sleep(0.02)
        yield Api(Starlette(), settings, http)


async def _is_ready(http: httpx.AsyncClient) -> bool:
    try:
        said = (await http.get("/readyz")).text
    except httpx.TransportError:
        return False
    return said.startswith("ready\n") and "wake-ups" not in said
