"""Reads a file in a process of its own (`child`)."""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from weakref import WeakKeyDictionary

import orjson
import structlog

from models.sheet.sheet import MOST_BYTES, Rows, Sheet, Unreadable

AT_ONCE = 2  # files, whoever they are of: each may take a processor, and as much memory as its process may
PATIENCE = 120.0  # seconds: a process that has used up its time of the processor is ended long before
INHERITED = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "SYSTEMROOT")
"""All of the environment that the process gets: the rest holds secrets."""
TOO_MUCH = "Reading the file took more time or memory than it may. Split it, or save it as CSV."
_rooms: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
log = structlog.get_logger("sheet")


async def read(content: bytes) -> Sheet:
    """
    Raises Unreadable: it is neither CSV nor XLSX; damaged or protected; empty or without a row below its header; over
    20 MB, 50,000 rows, 200 columns or 64 MB of text; or took more than 30 seconds of the processor or 1 GB.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(f"The file has more than {MOST_BYTES // 1024**2} MB. Split it, and import the parts.")
    async with _rooms.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "models.sheet.child"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            start_new_session=True,  # Ctrl-C reaches it too, and what it says of that is of no use
            env={name: os.environ[name] for name in INHERITED if name in os.environ},
        )
        return await asyncio.to_thread(_sheet, await _answer(process, content))


async def _answer(process: Process, content: bytes) -> bytes:
    try:
        async with asyncio.timeout(PATIENCE):
            output, _ = await process.communicate(content)
    except TimeoutError:
        raise Unreadable(TOO_MUCH) from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if process.returncode:
        log.warning("sheet.not_read", code=process.returncode)
        if process.returncode > 0:  # no signal: our own mistake, so nobody is told that their file is too large
            raise RuntimeError(f"The process that reads tables ended with code {process.returncode}.")
        raise Unreadable(TOO_MUCH)
    return output


def _sheet(output: bytes) -> Sheet:
    *lines, last = output.splitlines()
    whole = orjson.loads(last)
    if "unreadable" in whole:
        raise Unreadable(whole["unreadable"])
    return Sheet(tuple(whole["headers"]), Rows(lines), tuple(whole["warnings"]), whole["delimiter"])
