"""What the benchmarks of sockets share: a crowd in a process of its own, and how much memory the server has."""

import asyncio
import json
import resource
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from sys import executable
from typing import Any

import psutil

from bench.crowd import Orders
from bench.ground import CHECKOUT, Ground
from models.toggles import TogglesWish, setting
from tests.support.firm.factories import MadeAccount

DOCUMENT = """
subscription Live($after: Cursor) { togglesChanged(after: $after) {
  __typename
  ... on FeedEvent { cursor }
  ... on TogglesChanged { toggles { id login notify emailSync loginState address { address } } accounts { id name } }
} }
"""


class Crowd:
    def __init__(self, process: Process) -> None:
        self._process = process

    async def answer(self) -> Any:
        assert self._process.stdout
        line = await self._process.stdout.readline()
        assert line, "the crowd has gone"
        return json.loads(line)

    async def all_see(self, cursor: str) -> Any:
        """When each has the event with this cursor, in seconds since the epoch, and what cursors there were."""
        assert self._process.stdin
        self._process.stdin.write(f"{cursor}\n".encode())
        return await self.answer()


@asynccontextmanager
async def crowd(on: Ground, orders: Orders) -> AsyncIterator[Crowd]:
    """Open when this begins."""
    process = await asyncio.create_subprocess_exec(
        executable, "-m", "bench.crowd", json.dumps(asdict(orders)),
        stdin=PIPE, stdout=PIPE, cwd=CHECKOUT, env=on.environment(), limit=2**24,
    )  # fmt: skip
    try:
        made = Crowd(process)
        await made.answer()
        yield made
    finally:
        process.terminate()
        await process.communicate()


def allow_many_sockets() -> None:
    """For the children too, if they begin later: they inherit it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def process_on(port: int) -> psutil.Process:
    """The one that listens there."""
    (pid,) = {
        each.pid
        for each in psutil.net_connections("tcp")
        if each.pid and each.status == psutil.CONN_LISTEN and each.laddr.port == port
    }
    return psutil.Process(pid)


def kilobytes_of(port: int) -> float:
    """Memory of the process that listens there that is its own."""
    return float(process_on(port).memory_full_info().uss) / 1024


async def switched(on: Ground, made: MadeAccount, *, notify: bool) -> str:
    """One event; its cursor."""
    done = await setting.set_toggles(on.firm, [TogglesWish(made.id, made.address, notify=notify)])
    assert done.cursor is not None
    return f"c{done.cursor}"
