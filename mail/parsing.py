"""Parsing off the loop, in processes of their own: what a message does to its parser, it does to that process alone."""

import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from mail.parse import (
    ParsedEmail,
    ParsedHeaders,
    Report,
    Unreadable,
    parse,
    read_headers,
    read_people_inside,
    read_report,
)
from models.participant import Participant

TIME_LIMIT = 5.0  # seconds for one message, or for one batch
PATIENCE = 60.0  # seconds beyond that until the pool itself is taken for broken
MEMORY_LIMIT = 1536 * 1024 * 1024  # bytes of address space for each process
LARGE, SPARE = 4 * 1024 * 1024, 16 * 1024 * 1024  # bytes
HEADERS_AT_ONCE = 100  # of the 200 that are fetched together, so that two processes read them
TOGETHER = 512 * 1024  # bytes of messages that cross to a process at a time
Load = TypeVar("Load")
Answer = TypeVar("Answer")


class ParserPool:
    """
    `workers` processes that parse: `async with ParserPool() as parser`, or `start` and `stop`. They die with this one,
    also by kill -9. Start it on a thread that lives as long as the pool: Linux ends children with the thread that made
    them. `seconds` and `memory` (bytes) are the limits of each; `reading` is what reads a message.
    """

    def __init__(
        self,
        workers: int = 2,
        *,
        seconds: float = TIME_LIMIT,
        memory: int = MEMORY_LIMIT,
        reading: Callable[[bytes], ParsedEmail] = parse,
    ) -> None:
        self._workers, self._seconds, self._memory, self._reading = workers, seconds, memory, reading
        self._pool: ProcessPool | None = None
        self._running = set[Future[Any]]()
        self._room = asyncio.Semaphore(workers * 2)  # so that pipes and queues hold few messages at a time

    def start(self) -> None:
        """Makes the processes."""
        assert self._pool is None, "started already"
        _give_back_what_is_large()
        self._pool = self._made()

    async def stop(self) -> None:
        """Ends the processes, whatever they are doing, and waits until they are gone."""
        pool, self._pool = self._pool, None
        for future in list(self._running):
            future.cancel()
        if pool is not None:
            await asyncio.to_thread(_ending(pool).join, PATIENCE)

    async def __aenter__(self) -> "ParserPool":
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def parse(self, raw: bytes) -> ParsedEmail:
        """
        Raises Unreadable where the message cannot be read: by its nature, or because it took more time or memory than
        it may, or its process ended. The others go on. Raises RuntimeError where the pool is not running.
        """
        return await self._run(self._reading, raw)

    async def parse_all(self, raws: Sequence[bytes]) -> list[ParsedEmail | Unreadable]:
        """
        One answer for each, in their order. Small ones cross to a process together, which costs a third less; one that
        breaks its batch is found by reading one by one.
        """
        answers = await asyncio.gather(*(self._read_all(self._reading, batch) for batch in _batches(raws)))
        return [answer for batch in answers for answer in batch]

    async def read_headers(self, blocks: Sequence[bytes]) -> list[ParsedHeaders | Unreadable]:
        """One answer for each block, in their order. A block that breaks its batch is found by reading one by one."""
        batches = [list(blocks[start : start + HEADERS_AT_ONCE]) for start in range(0, len(blocks), HEADERS_AT_ONCE)]
        answers = await asyncio.gather(*(self._read_all(read_headers, batch) for batch in batches))
        return [answer for batch in answers for answer in batch]

    async def read_people_inside(
        self, beginnings: Sequence[bytes]
    ) -> list[tuple[Participant, ...] | Unreadable | None]:
        """One answer for each envelope of certified mail, or for its beginning, in their order."""
        answers = await asyncio.gather(*(self._read_all(read_people_inside, batch) for batch in _batches(beginnings)))
        return [answer for batch in answers for answer in batch]

    async def read_report(self, raw: bytes) -> Report | None:
        """None: it is not about one of our letters. Raises as `parse` does."""
        return await self._run(read_report, raw)

    async def _read_all(
        self, reading: Callable[[bytes], Answer], raws: list[bytes], *, alone: bool = False
    ) -> list[Answer | Unreadable]:
        """
        Each has a second chance, alone: it may have been another of its batch, or the machine, which was set to another
        time or short of memory just then.
        """
        try:
            return await self._run(partial(_each, reading), raws)
        except Unreadable as unreadable:
            if alone:
                return [unreadable]
        return [answer for raw in raws for answer in await self._read_all(reading, [raw], alone=True)]

    async def _run(self, function: Callable[[Load], Answer], load: Load) -> Answer:
        async with self._room:
            for _ in range(2):
                pool = self._pool
                if pool is None:
                    raise RuntimeError("The parser is not running.")
                try:
                    return await self._answer(pool, function, load)
                except BrokenProcessPool:
                    self._renew(pool)
            raise Unreadable("The parser broke down over it, twice.")

    async def _answer(self, pool: ProcessPool, function: Callable[[Load], Answer], load: Load) -> Answer:
        """The answer, or Unreadable. Raises BrokenProcessPool where it is not about the message."""
        future = _scheduled(pool, function, load, self._seconds)
        self._running.add(future)
        try:
            waiting = asyncio.wrap_future(future)
            await asyncio.wait([waiting], timeout=self._seconds + PATIENCE)
        finally:
            future.cancel()  # nothing where it is done; else its process is ended
            self._running.discard(future)
        if self._pool is None:
            raise RuntimeError("The parser was stopped.")
        if not waiting.done() or waiting.cancelled():
            raise BrokenProcessPool("no answer")
        return _result(waiting, self._seconds)

    def _made(self) -> ProcessPool:
        limits = os.getpid(), self._memory
        pool = _Pool(self._workers, initializer=_prepare, initargs=limits, context=_Spawning())
        with _deaf_to_ctrl_c():
            assert pool.active, "looking starts it"
        return pool

    def _renew(self, broken: ProcessPool) -> None:
        if self._pool is broken:
            self._pool = self._made()
            _ending(broken)


class _Spawning(SpawnContext):
    """
    A fork would inherit sockets, locks and threads. Its pipes hold a batch: by 64 kB, as Linux makes them, each side
    wakes the other all the time, which costs a quarter of the time that reading takes.
    """

    def Pipe(self, duplex: bool = True) -> tuple["Connection[Any, Any]", "Connection[Any, Any]"]:  # noqa: N802 - its own
        ends = super().Pipe(duplex)
        if sys.platform == "linux" and not duplex:
            with contextlib.suppress(OSError):  # there is a limit to what one user's pipes may hold
                fcntl.fcntl(ends[1].fileno(), fcntl.F_SETPIPE_SZ, 2 * TOGETHER)
        return ends


class _Pool(ProcessPool):
    """
    Ends its processes before it lets go of their locks. Pebble does it the other way round, and a process that is just
    being born, in place of one that was ended, looks for its lock, finds none and says so at length.
    """

    def _stop_pool(self) -> None:
        if self._pool_manager_loop is not None:
            self._pool_manager_loop.join()  # no more are born
            self._pool_manager.worker_manager.force_stop_workers()  # type: ignore[no-untyped-call]
        super()._stop_pool()  # type: ignore[no-untyped-call]


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """
    Processes started meanwhile, or later by threads started meanwhile, never get SIGINT: Ctrl-C reaches the whole
    group, also those that are just being born and would die with words of their own. Their parent ends them.
    """
    resource_tracker.ensure_running()  # first: starting it unblocks the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _scheduled(pool: ProcessPool, function: Callable[[Load], Answer], load: Load, seconds: float) -> Future[Answer]:
    try:
        return pool.schedule(function, args=(load,), timeout=seconds)
    except RuntimeError as error:  # somebody killed an idle process: pebble gives the whole pool up
        raise BrokenProcessPool(str(error)) from error


def _result(future: asyncio.Future[Answer], seconds: float) -> Answer:
    try:
        return future.result()
    except (Unreadable, BrokenProcessPool):
        raise
    except TimeoutError:
        raise Unreadable(f"Reading it took more than {seconds:g} seconds.") from None
    except MemoryError:
        raise Unreadable("Reading it took more memory than it may.") from None
    except ProcessExpired as expired:
        raise Unreadable(f"Its parser ended (exit code {expired.exitcode}).") from None
    except Exception as error:  # a mistake of ours must not stop the mailbox: the message is quarantined with its bytes
        raise Unreadable(f"The parser made a mistake ({type(error).__name__}).") from error


def _ending(pool: ProcessPool) -> threading.Thread:
    """Ends the pool on a thread of its own, since that waits for its processes."""
    thread = threading.Thread(target=_end, args=(pool,), daemon=True, name="parser-pool-end")
    thread.start()
    return thread


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _batches(raws: Sequence[bytes]) -> Iterator[list[bytes]]:
    """At most 512 kB each, or a single message that is larger."""
    batch: list[bytes] = []
    weight = 0
    for raw in raws:
        if batch and weight + len(raw) > TOGETHER:
            yield batch
            batch, weight = [], 0
        batch.append(raw)
        weight += len(raw)
    if batch:
        yield batch


def _each(reading: Callable[[bytes], Answer], raws: list[bytes]) -> list[Answer | Unreadable]:
    return [_read(reading, raw) for raw in raws]


def _read(reading: Callable[[bytes], Answer], raw: bytes) -> Answer | Unreadable:
    try:
        return reading(raw)
    except Unreadable as unreadable:
        return unreadable


def _give_back_what_is_large() -> None:
    """
    glibc learns from a large message that such blocks are common, keeps them when they are free, and finds them too
    small for the next one. Told where to begin (mallopt(3)), it hands what is LARGE back at once, else all above SPARE.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # another C library, such as musl, knows nothing of it
            tell = ctypes.CDLL(None).mallopt
            tell(-3, LARGE)  # M_MMAP_THRESHOLD
            tell(-1, SPARE)  # M_TRIM_THRESHOLD


def _prepare(parent: int, memory: int) -> None:
    """In the child, before its first message."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # dies at once, also in the middle of C code
    _give_back_what_is_large()
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(ValueError, OSError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG; elsewhere an idle child sees its pipe closed
        if os.getppid() != parent:  # it died while we were starting
            os._exit(1)
