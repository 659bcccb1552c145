"""The pool of parsers: what one message does to its process never touches the others."""

import asyncio
import multiprocessing
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path

import pytest

from mail.parse import ParsedEmail, ParsedHeaders, Unreadable, parse
from mail.parsing import HEADERS_AT_ONCE, TOGETHER, ParserPool
from tests.support.waiting import patience

LETTER = b"From: Ada <ada@client.example>\r\nSubject: %s\r\n\r\nHello\r\n"
HERE = Path(__file__).resolve()


def misbehaving(raw: bytes) -> ParsedEmail:
    """Reads as usual, but for messages that ask for something else."""
    said = parse(raw)
    if said.subject == "hang":
        time.sleep(3600)
    if said.subject == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    if said.subject == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if said.subject.startswith("die once") and not (mark := Path(said.subject.split()[-1])).exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if said.subject == "fail":
        raise KeyError("a bug of ours")
    if said.subject == "eat":
        bytearray(4 * 1024**3)
    return said


async def subject(pool: ParserPool, name: bytes) -> str:
    return (await pool.parse(LETTER % name)).subject


async def until(condition: Callable[[], bool]) -> None:
    async with patience():
        while not condition():  # noqa: ASYNC110 - no event tells of the death of a process
            await asyncio.sleep(0.02)


def state(pid: int) -> str:
    """Linux's letter for it: T is stopped, Z waits for whoever is process 1 here, X is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def lives(pid: int) -> bool:
    return state(pid) not in {"Z", "X"}


def children() -> set[int]:
    return {one.pid for one in multiprocessing.active_children() if one.pid}


async def test_a_message_is_read_in_another_process() -> None:
    async with ParserPool(1) as pool:
        assert await pool.parse(LETTER % b"Invoice") == parse(LETTER % b"Invoice")


async def test_an_unreadable_message_says_why() -> None:
    async with ParserPool(1) as pool:
        with pytest.raises(Unreadable, match="no header that can be read"):
            await pool.parse(b"no header")


async def test_a_hanging_message_is_ended_and_the_others_go_on() -> None:
    async with ParserPool(2, seconds=3, reading=misbehaving) as pool:
        answers = await asyncio.gather(
            *(subject(pool, name) for name in (b"hang", b"one", b"two", b"hang", b"three", b"four")),
            return_exceptions=True,
        )
        assert [str(answer) for answer in answers if isinstance(answer, Unreadable)] == [
            "Reading it took more than 3 seconds."
        ] * 2
        assert [answer for answer in answers if isinstance(answer, str)] == ["one", "two", "three", "four"]
        assert await subject(pool, b"after") == "after"


async def test_a_message_that_kills_its_process_is_unreadable_and_the_next_goes_on() -> None:
    async with ParserPool(1, reading=misbehaving) as pool:
        with pytest.raises(Unreadable, match="Its parser ended"):
            await subject(pool, b"die")
        assert await subject(pool, b"next") == "next"


async def test_a_mistake_of_ours_is_unreadable_and_does_not_quote_the_message() -> None:
    async with ParserPool(1, reading=misbehaving) as pool:
        with pytest.raises(Unreadable) as raised:
            await subject(pool, b"fail")
        assert str(raised.value) == "The parser made a mistake (KeyError)."


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is certain on Linux only")
async def test_a_message_that_takes_too_much_memory_is_unreadable() -> None:
    async with ParserPool(1, reading=misbehaving) as pool:
        with pytest.raises(Unreadable, match="more memory"):
            await subject(pool, b"eat")
        assert await subject(pool, b"next") == "next"


async def test_a_message_of_almost_50_mb_fits() -> None:
    head = b'From: a@b.example\r\nContent-Type: a/b; name="f.bin"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    async with ParserPool(1, seconds=60) as pool:
        said = await pool.parse(head + b"QUJD" * (12 * 1024 * 1024))
        assert len(said.attachments[0].content) == 36 * 1024 * 1024


async def test_messages_that_cross_together_are_answered_each_for_itself_and_in_their_order() -> None:
    names = [b"one", b"fail", b"two", b"die", b"three"]
    large = LETTER % b"large" + b"x" * TOGETHER
    async with ParserPool(2, reading=misbehaving) as pool:
        answers = await pool.parse_all([LETTER % name for name in names] + [large])
    read = [answer.subject if isinstance(answer, ParsedEmail) else answer.reason for answer in answers]
    assert read[::2] == ["one", "two", "three"]
    assert read[1] == "The parser made a mistake (KeyError)."
    assert read[3].startswith("Its parser ended")
    assert read[5] == "large"


async def test_a_message_whose_process_was_killed_by_somebody_else_is_read_all_the_same(tmp_path: Path) -> None:
    name = f"die once {tmp_path / 'mark'}"
    async with ParserPool(1, reading=misbehaving) as pool:
        (answer,) = await pool.parse_all([LETTER % name.encode()])
    assert isinstance(answer, ParsedEmail), answer
    assert answer.subject == name


async def test_headers_are_answered_in_their_order() -> None:
    blocks = [b"Message-ID: <%d@x>\r\n\r\n" % number for number in range(HEADERS_AT_ONCE * 2 + 1)]
    blocks[7] = b"nothing to be read"
    async with ParserPool(2) as pool:
        answers = await pool.read_headers(blocks)
    assert isinstance(answers[7], Unreadable)
    ids = [answer.message_id for answer in answers if isinstance(answer, ParsedHeaders)]
    assert ids == [f"{number}@x" for number in range(len(blocks)) if number != 7]


async def test_an_idle_process_that_was_killed_is_replaced() -> None:
    async with ParserPool(1) as pool:
        assert await subject(pool, b"one") == "one"
        (pid,) = children()
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not lives(pid))
        assert await subject(pool, b"two") == "two"


async def test_whoever_gives_up_ends_the_work_too() -> None:
    async with ParserPool(1, seconds=600, reading=misbehaving) as pool:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await subject(pool, b"hang")
        assert await subject(pool, b"next") == "next"


async def test_stopping_leaves_no_process_and_tells_who_waits() -> None:
    pool = ParserPool(2, seconds=600, reading=misbehaving)
    pool.start()
    hanging = asyncio.create_task(subject(pool, b"hang"))
    assert await subject(pool, b"one") == "one"
    pids = children()
    assert len(pids) == 2
    await pool.stop()
    with pytest.raises(RuntimeError, match="stopped"):
        await hanging
    assert not children()
    assert not any(lives(pid) for pid in pids)
    with pytest.raises(RuntimeError, match="not running"):
        await subject(pool, b"late")


async def test_a_pool_can_be_started_again() -> None:
    pool = ParserPool(1)
    for _ in range(2):
        async with pool:
            assert await subject(pool, b"one") == "one"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see who lives")
async def test_kill_9_of_the_parent_leaves_no_child() -> None:
    parent = await program(_PARENT)
    assert parent.stdout is not None
    async with patience():
        pids = [int(word) for word in (await parent.stdout.readline()).split()]
    assert len(pids) == 2
    assert all(lives(pid) for pid in pids)
    parent.kill()
    await parent.wait()
    await until(lambda: not any(lives(pid) for pid in pids))


async def program(text: str) -> Process:
    """A process of its own that runs the text, with a way into this module."""
    path = [sys.executable, "-c", text.format(folder=str(HERE.parent))]
    return await asyncio.create_subprocess_exec(*path, cwd=HERE.parent.parent, stdout=PIPE, stderr=PIPE)


_PARENT = """
import asyncio, multiprocessing, sys
sys.path.insert(0, {folder!r})
from mail.parsing import ParserPool
from test_parsing import LETTER, misbehaving

async def main():
    pool = ParserPool(2, seconds=600, reading=misbehaving)
    pool.start()
    busy = asyncio.create_task(pool.parse(LETTER % b"hang"))
    await pool.parse(LETTER % b"one")
    print(*(one.pid for one in multiprocessing.active_children()), flush=True)
    await busy

asyncio.run(main())
"""


async def test_a_process_that_is_being_born_when_the_pool_ends_says_nothing() -> None:
    async with patience():
        parent = await program(_BIRTH)
        said, complained = await parent.communicate()
    assert said == b"ended\n"
    assert complained == b""


_BIRTH = """
import asyncio, sys
sys.path.insert(0, {folder!r})
from mail.parsing import ParserPool
from test_parsing import LETTER, children, misbehaving, state, until

async def main():
    pool = ParserPool(2, seconds=600, reading=misbehaving)
    pool.start()
    deaf = asyncio.create_task(pool.parse(LETTER % b"stop"))  # to SIGTERM: the pool waits seconds for it
    await until(lambda: "T" in map(state, children()))
    before = children()
    await pool.parse_all([LETTER % b"die"])
    await until(lambda: children() - before)
    await pool.stop()
    await asyncio.wait([deaf])
    assert children() == set()
    print("ended" if isinstance(deaf.exception(), RuntimeError) else deaf)

asyncio.run(main())
"""
