"""A bulk update of thousands of addresses, by a worker of its own, and what others feel of it meanwhile."""

import asyncio
from time import perf_counter
from uuid import UUID

import psutil

from bench.beside import Felt, Person, beside
from bench.bulk_bare import by_hand, every_row_by_hand
from bench.figure import Figure, best
from bench.ground import Ground, child, ground, serving
from models import bulk_update
from models.account import AccountFilter
from models.bulk_update import AccountSelection, BulkAction, BulkEdit, Report
from models.ground import store
from models.ground.page import Window
from models.toggles import Invite
from models.viewer import Viewer
from tests.support.firm.factories import a_firm, an_account, signed_in
from tests.support.firm.many_addresses import a_ledger, people
from tests.support.waiting import patience

ALL = AccountSelection(matching=AccountFilter())
ENABLE, DISABLE = BulkAction.ENABLE_FOR_ALL, BulkAction.DISABLE_FOR_ALL
INVITING = BulkEdit(ALL, login=ENABLE, notify=ENABLE, invite=Invite("Welcome"))
SYNCING = BulkEdit(ALL, email_sync=ENABLE)
NO_LIMITS = {"SWITCHBOARD_LETTERS_PER_HOUR": str(10**9), "SWITCHBOARD_LETTERS_PER_RECIPIENT": str(10**9)}
WORK = ["-c", "from graph.process.cli import main; main()", "worker"]


async def run(*, addresses: int = 10_000, messages: int = 200_000, rounds: int = 2) -> list[Figure]:
    async with ground() as on:
        by = (await signed_in(on.firm)).viewer
        other, own = await _person(None), await _person(on)
        spots = await people(on.firm, addresses)
        await store.execute("ANALYZE")
        bare = best([await by_hand(on.firm, spots) for _ in range(rounds)])
        every_row = best([await every_row_by_hand(by, spots) for _ in range(rounds)])
        async with serving(on, worker=False, **NO_LIMITS) as port, child(WORK, on.environment(**NO_LIMITS)) as worker:
            quiet = await beside(on, port, other, own, asyncio.sleep(0), seconds=4)
            before = psutil.Process(worker.pid).memory_info().rss
            took = [await _round(by) for _ in range(rounds)]
            felt = await beside(on, port, other, own, _ended(by, INVITING), seconds=4)
            grown = psutil.Process(worker.pid).memory_info().rss - before
            await a_ledger(on.firm, messages)
            synced = await _ended(by, SYNCING)
    return [
        *_figures(took, bare, every_row, grown / 1e6),
        *_felt(felt, quiet),
        Figure(f"Email sync enabled for all beside {messages:,} messages", synced, "s", at_most=15),
    ]


async def _person(on: Ground | None) -> Person:
    """Somebody of that firm, or of another one."""
    firm = await a_firm("Another") if on is None else on.firm
    return Person((await signed_in(firm)).token, await an_account(firm))


async def _round(by: Viewer) -> tuple[float, float, float, float]:
    """Seconds: preview, the run, the same again, which changes nothing, and its undo."""
    begun = perf_counter()
    report = Report.of_plan(by, INVITING)
    await report.summary()
    await report.items(None, Window(50))
    previewed = perf_counter() - begun
    done = await bulk_update.start(by, INVITING)
    ran = await _until_ended(by, done.ids[0])
    again = await _ended(by, INVITING)
    undone = await _until_ended(by, (await bulk_update.undo(by, done.ids[0])).ids[0])
    return previewed, ran, again, undone


async def _ended(by: Viewer, edit: BulkEdit) -> float:
    return await _until_ended(by, (await bulk_update.start(by, edit)).ids[0])


async def _until_ended(by: Viewer, run_id: UUID) -> float:
    """Seconds since it was asked for, as the run says."""
    async with patience():
        while (run := (await bulk_update.by_ids(by, [run_id]))[run_id]).ended_at is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return (run.ended_at - run.started_at).total_seconds()


def _figures(
    took: list[tuple[float, float, float, float]], bare: float, every_row: float, grown: float
) -> list[Figure]:
    previewed, ran, again, undone = (best(one[n] for one in took) for n in range(4))
    return [
        Figure("run, from asking to its end", ran, "s", at_most=5),
        Figure("run, of bare SQL", ran / bare, "×", at_most=2.5),
        Figure("the same again, all unchanged", again, "s", at_most=2),
        Figure("undo", undone, "s", at_most=5),
        Figure("preview", previewed, "s", at_most=1),
        Figure("memory of the worker, more", grown, "MB", at_most=100),
        Figure("bare SQL", bare, "s"),
        Figure("run, of bare SQL that writes every row of a run", ran / every_row, "×"),
        Figure("bare SQL that writes every row of a run", every_row, "s"),
    ]


def _felt(felt: Felt, quiet: Felt) -> list[Figure]:
    return [
        Figure("accounts page meanwhile, p99, of a quiet server's", felt.page / quiet.page, "×", at_most=3),
        Figure("a switch of another firm meanwhile, p99, likewise", felt.other / quiet.other, "×", at_most=3),
        Figure("a switch of the same firm meanwhile, the longest", felt.own, "ms", at_most=300),
    ]
