"""Work in a process of its own, killed at a checkpoint, as `kill -9` would."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from models.ground import keys, store
from tests.keeping import KEY

forked = multiprocessing.get_context("forkserver")
forked.set_forkserver_preload(
    [f"tests.faults.{name}_child" for name in ("errand", "inbox", "inviting", "notice", "outbox")]
)
DOUBLED = {"killed at after the server took a letter", "killed at before the commit of a settled letter"}
"""The server has it, and nobody has written that down: its outcome is unknown, and it leaves once more (P2)."""
Child = Callable[..., Awaitable[object]]


async def killed(child: Child, url: str, *asked: object, said: Path, crash_at: int = 0) -> str | None:
    """
    Where; None: it came to its end. `child` is given `asked`, with the store of `url` open. `said`: a file for its
    standard error. Forked from a process that has imported all that.
    """
    process = forked.Process(target=_run, args=(child, url, asked, said, crash_at))
    process.start()
    await asyncio.to_thread(process.join)
    words = await asyncio.to_thread(said.read_text)
    if process.exitcode == -signal.SIGKILL:
        return next(line for line in words.splitlines() if line.startswith("killed at"))
    assert process.exitcode == 0, words
    return None


def _run(child: Child, url: str, asked: tuple[object, ...], said: Path, crash_at: int) -> None:
    os.environ["CRASH_AT"] = str(crash_at)
    with said.open("wb") as file:
        os.dup2(file.fileno(), 2)
    asyncio.run(_with_store(child, url, asked))


async def _with_store(child: Child, url: str, asked: tuple[object, ...]) -> None:
    keys.use(KEY)
    await store.open_store(url)
    await child(*asked)
    await store.close()
