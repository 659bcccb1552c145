"""Work in a process of its own, killed at a checkpoint, as `kill -9` would, or paused there."""

import asyncio
import multiprocessing
import os
import signal
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from models.ground import keys, store
from tests.support.database.store import KEY
from tests.support.processes.switchboard import CHECKOUT, COMMAND, state_of
from tests.support.servers.smtp import Thinking
from tests.support.waiting import patience

forked = multiprocessing.get_context("forkserver")
forked.set_forkserver_preload(
    [
        f"tests.faults.{name}_child"
        for name in ("bulk", "ending", "errand", "import", "inbox", "inviting", "key", "notice", "outbox", "submission")
    ]
)
DOUBLED = {"killed at after the server took a letter", "killed at before the commit of a settled letter"}
"""The server has it, and nobody has written that down: its outcome is unknown, and it leaves once more (P2)."""
Child = Callable[..., Awaitable[object]]


async def killed(child: Child, url: str, *asked: object, said: Path, crash_at: int = 0) -> str | None:
    """
    Where; None: it came to its end. `child` is given `asked`, with the store of `url` open. `said`: a file for its
    standard error. Forked from a process that has imported all that.
    """
    process = _started(child, url, asked, said, {"CRASH_AT": str(crash_at)})
    await asyncio.to_thread(process.join)
    words = await asyncio.to_thread(said.read_text)
    if process.exitcode == -signal.SIGKILL:
        return _where(words)
    assert process.exitcode == 0, words
    return None


@asynccontextmanager
async def alive(child: Child, url: str, *asked: object, said: Path) -> AsyncIterator[None]:
    """The same, killed where it stands when the caller is done with it."""
    process = _started(child, url, asked, said, {})
    try:
        yield
    finally:
        process.kill()
        await asyncio.to_thread(process.join)
    assert process.exitcode == -signal.SIGKILL, await asyncio.to_thread(said.read_text)


async def told_to_stop(thinking: Thinking, **settings: str) -> None:
    """A worker as it really runs, ended by SIGTERM while the mail server thinks. It ends well."""
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "worker"), cwd=CHECKOUT, env={**os.environ, "SWITCHBOARD_KEY": KEY.hex(), **settings}, stderr=PIPE
    )
    await thinking.reached.wait()
    process.terminate()
    thinking.go_on.set()
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()


@asynccontextmanager
async def paused(child: Child, url: str, *asked: object, said: Path, at: int) -> AsyncIterator[str | None]:
    """The same, but that it is paused there meanwhile, and goes on afterwards, to its end."""
    process = _started(child, url, asked, said, {"CRASH_AT": str(at), "CRASH_BY": "SIGSTOP"})
    assert process.pid is not None
    stands = await _stands(process.pid)
    try:
        yield _where(await asyncio.to_thread(said.read_text)) if stands else None
    finally:
        if stands:
            os.kill(process.pid, signal.SIGCONT)
        await asyncio.to_thread(process.join)
    assert process.exitcode == 0, await asyncio.to_thread(said.read_text)


async def leases_end() -> None:
    """As if the time of a dead worker's lease of a run were over; and the database has noticed that it is dead."""
    await store.execute("UPDATE run SET lease_until = now() WHERE lease_until IS NOT NULL")


async def idle_ones_end() -> None:
    """As the database does by itself with who pauses within a transaction (idle_in_transaction_session_timeout)."""
    await store.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND state = 'idle in transaction'"
    )


async def _stands(pid: int) -> bool:
    """Once it has been paused or has ended: which of the two."""
    async with patience():
        while (state := state_of(pid)) not in {"T", "Z", None}:  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0.01)
    return state == "T"


def _where(words: str) -> str:
    return next(line for line in words.splitlines() if line.startswith("killed at"))


def _started(child: Child, url: str, asked: tuple[object, ...], said: Path, environment: dict[str, str]) -> BaseProcess:
    process = forked.Process(target=_run, args=(child, url, asked, said, environment))
    process.start()
    return process


def _run(child: Child, url: str, asked: tuple[object, ...], said: Path, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    with said.open("wb") as file:
        os.dup2(file.fileno(), 2)
    asyncio.run(_with_store(child, url, asked))


async def _with_store(child: Child, url: str, asked: tuple[object, ...]) -> None:
    keys.use(KEY)
    await store.open_store(url)
    await child(*asked)
    await store.close()
