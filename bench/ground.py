"""What the benchmarks stand on: a database of their own, a filled firm, servers in processes of their own."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.ground import files, keys, store
from models.ground.embedded import Embedded
from models.ground.settings import Settings
from models.viewer import System
from tests.support.firm.factories import a_firm, signed_in
from tests.support.processes.switchboard import a_free_port
from tests.support.waiting import patience

CHECKOUT = Path(__file__).parents[1]
KEY = "42" * 32
UNLIMITED = {
    "SWITCHBOARD_COST_PER_PERSON": "1000000000",
    "SWITCHBOARD_COST_PER_FIRM": "1000000000",
    "SWITCHBOARD_COST_PER_STRANGER": "1000000000",
    "SWITCHBOARD_OPERATIONS_AT_ONCE": "100000",
    "SWITCHBOARD_SUBSCRIPTIONS_AT_ONCE": "100000",
}
"""One person asks as a thousand would."""


@dataclass(frozen=True, slots=True)
class Ground:
    """An empty database, open in this process, and one firm with one owner in it."""

    url: str
    folder: Path
    firm: System
    token: str

    def environment(self, **more: str) -> dict[str, str]:
        """For a child that serves the same database."""
        ours = {"DATABASE_URL": self.url, "SWITCHBOARD_KEY": KEY, "SWITCHBOARD_VAR": str(self.folder), **UNLIMITED}
        return {**os.environ, "PYTHONPATH": str(CHECKOUT), **ours, **more}


@asynccontextmanager
async def ground() -> AsyncIterator[Ground]:
    """In the empty database of `DATABASE_URL`, or on a server of its own: with fsync on, and gone at the end."""
    folder = _new_folder()
    try:
        async with _server(folder) as url, _opened(url, folder) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def _server(folder: Path) -> AsyncIterator[str]:
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    server = await asyncio.to_thread(Embedded.start, folder / "postgres")
    try:
        yield server.url
    finally:
        await asyncio.to_thread(server.stop)


def _new_folder() -> Path:
    """One that PostgreSQL's user may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="switchboard-bench-"))
    folder.chmod(0o711)
    return folder


@asynccontextmanager
async def _opened(url: str, folder: Path) -> AsyncIterator[Ground]:
    settings = Settings.model_validate({"key": KEY, "var": folder})
    keys.load(settings)
    files.open_files(settings)
    await store.migrate(url)
    await store.open_store(url)
    try:
        firm = await a_firm()
        yield Ground(url, folder, firm, (await signed_in(firm)).token)
    finally:
        await store.close()


@asynccontextmanager
async def serving(ground: Ground, *, worker: bool = False, **settings: str) -> AsyncIterator[int]:
    """`switchboard serve` in a process of its own; its port."""
    work = "--worker" if worker else "--no-worker"
    async with _listening(["-c", _SERVE, "serve", work], ground, **settings) as port:
        yield port


@asynccontextmanager
async def serving_module(module: str, ground: Ground) -> AsyncIterator[int]:
    """Another server on the same database, `python -m <module>`; its port."""
    async with _listening(["-m", module], ground) as port:
        yield port


_SERVE = "from graph.process.cli import main; main()"


@asynccontextmanager
async def _listening(arguments: Sequence[str], ground: Ground, **settings: str) -> AsyncIterator[int]:
    port = a_free_port()
    async with child(arguments, ground.environment(PORT=str(port), **settings)) as process:
        async with patience():
            while not await _answers(port):
                assert process.returncode is None, f"the server on port {port} has ended"
                await asyncio.sleep(0.05)
        yield port


@asynccontextmanager
async def child(arguments: Sequence[str], environment: Mapping[str, str]) -> AsyncIterator[Process]:
    """`python …`, ended at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=CHECKOUT, env=dict(environment), stdout=PIPE, limit=2**24
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def told(arguments: Sequence[str], environment: Mapping[str, str]) -> Any:
    """What `python …` prints, as JSON, when it has ended by itself."""
    async with child(arguments, environment) as process:
        out, _ = await process.communicate()
        assert process.returncode == 0, f"{arguments} ended with {process.returncode}"
        return json.loads(out)


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
