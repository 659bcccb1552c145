"""HTTP without TLS, quickly: a client that reads no certificates, a server that ends when its last connection has."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn

from tests.support.waiting import patience

_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
OFTEN = 0.005  # seconds


def plain_http(**more: Any) -> httpx.AsyncClient:
    """For `http://` only: to read the machine's certificates takes 60 ms, as httpx does for each client anew."""
    return httpx.AsyncClient(verify=_NO_CERTIFICATES, trust_env=False, **more)


class PromptServer(uvicorn.Server):
    """uvicorn looks ten times a second whether it is to end, and waits a tenth at the least: half of a short test."""

    async def main_loop(self) -> None:
        await self.on_tick(0)
        while not self.should_exit:  # noqa: ASYNC110 - uvicorn's is a flag
            await asyncio.sleep(OFTEN)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(20):
            if not self.server_state.connections and not self.server_state.tasks:
                return
            await asyncio.sleep(OFTEN)
        await super().shutdown(sockets)


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """An ASGI app that has begun already, on a free port of the loopback; its origin."""
    server = PromptServer(uvicorn.Config(app, port=0, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    try:
        async with patience():
            while not server.started:  # noqa: ASYNC110 - uvicorn's is a flag
                await asyncio.sleep(OFTEN)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
