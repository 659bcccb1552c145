"""Real messages, many of them broken on purpose: how long reading one may take, and how long the event loop is held."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from time import perf_counter, process_time, thread_time

from bench.figure import Figure, best
from bench.ground import ground
from mail.demo.kept import KeptFolder
from mail.demo.launch import DemoMail
from mail.demo.users import MAIL_PASSWORD, STUDIO
from mail.parse import Unreadable, parse
from mail.parsing import ParserPool
from mail.sync import Tools, sync_once
from models import mailbox
from models.ground import store
from models.mailbox import NewMailbox
from tests.support.emails.samples import real_messages, switch_on_everybody
from tests.support.firm.factories import a_firm
from tests.support.servers.imap import ARRIVED

TICK = 0.001  # seconds


@dataclass(slots=True)
class Held:
    """The longest that this thread's loop did not come back, in seconds: on the clock, and of the processor."""

    clock: float = 0.0
    processor: float = 0.0


async def run(*, rounds: int = 3, most: int = 0) -> list[Figure]:
    """`most`: only so many of them."""
    messages = real_messages()[: most or None]
    longest = max(best(_read(raw) for _ in range(rounds)) for raw in messages)
    async with ground() as on:
        kept = KeptFolder(on.folder / "mail", mailbox=STUDIO.address, name="INBOX")
        for raw in messages:
            kept.keep(raw, ARRIVED)
        async with DemoMail.start(on.folder / "mail") as server, ParserPool() as parsers:
            tools = Tools(parsers, development=True)
            held = [await _synced(server, messages, tools) for _ in range(rounds)]
    return [
        Figure(f"of {len(messages)} samples, the longest to read", longest, "s", 5),
        Figure("the loop held while they are synced, longest", best(one.clock for one in held) * 1000, "ms", 50),
        Figure("the same, of the processor", best(one.processor for one in held) * 1000, "ms"),
    ]


def _read(raw: bytes) -> float:
    """Seconds of the processor."""
    begun = process_time()
    with suppress(Unreadable):
        parse(raw)
    return process_time() - begun


async def _synced(server: DemoMail, messages: Sequence[bytes], tools: Tools) -> Held:
    """In a firm of its own."""
    firm = await a_firm()
    await switch_on_everybody(firm, messages)
    new = NewMailbox(STUDIO.address, MAIL_PASSWORD, server.imap, server.smtp)
    (mailbox_id,) = (await mailbox.connect(firm, new)).ids
    async with _watched() as held:
        assert await sync_once(mailbox_id, tools)
    left = await store.value("SELECT count(*) FROM occurrence WHERE firm_id = $1 AND state = 'PENDING'", firm.firm_id)
    assert left == 0, left
    return held


@asynccontextmanager
async def _watched() -> AsyncIterator[Held]:
    held = Held()
    watching = asyncio.create_task(_watch(held))
    try:
        yield held
    finally:
        watching.cancel()


async def _watch(held: Held) -> None:
    while True:
        begun, spent = perf_counter(), thread_time()
        await asyncio.sleep(TICK)
        held.clock = max(held.clock, perf_counter() - begun - TICK)
        held.processor = max(held.processor, thread_time() - spent)
