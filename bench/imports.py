"""An import of 10,000 rows of 2,000 accounts, by a worker of its own, and what others feel of it meanwhile."""

import asyncio
from uuid import UUID

import psutil

from bench.beside import beside
from bench.bulk import NO_LIMITS, WORK, _person
from bench.figure import Figure, best
from bench.ground import child, ground, serving
from models import client_import
from models.client_import import ClientImportView
from models.ground import store
from models.toggles import Invite, NewToggles
from models.viewer import Viewer
from tests.support.firm.factories import signed_in
from tests.support.firm.imports import asked

INVITING = NewToggles(login=True, notify=True, email_sync=True, invite=Invite("Welcome"))


async def run(*, accounts: int = 2_000, contacts: int = 5, rounds: int = 2) -> list[Figure]:
    async with ground() as on:
        by = (await signed_in(on.firm)).viewer
        other, own = await _person(None), await _person(on)
        await store.execute("ANALYZE")
        async with serving(on, worker=False, **NO_LIMITS) as port, child(WORK, on.environment(**NO_LIMITS)) as worker:
            process = psutil.Process(worker.pid)
            await _ended(by, _rows(1, 1, "first"))  # the worker is there
            before, spent = process.memory_info().rss, process.cpu_times()
            took = [await _ended(by, _rows(accounts, contacts, f"of round {n}")) for n in range(rounds)]
            cpu = sum(process.cpu_times()[:2]) - sum(spent[:2])
            again = await _ended(by, _rows(accounts, contacts, "of round 0"))
            dry = await _ended(by, _rows(accounts, contacts, "of nobody"), dry_run=True)
            quiet = await beside(on, port, other, own, asyncio.sleep(0), seconds=4)  # pages as full as those meanwhile
            felt = await beside(on, port, other, own, _ended(by, _rows(accounts, contacts, "felt")), seconds=4)
            grown = process.memory_info().rss - before
    return [
        Figure(f"import of {accounts * contacts:,} rows, all invited, to its end", best(took), "s", at_most=15),
        Figure("processor of the worker, each", cpu / rounds, "s"),
        Figure("the same file again, all matched", again, "s"),
        Figure("dry run", dry, "s"),
        Figure("memory of the worker, more", grown / 1e6, "MB", at_most=100),
        Figure("accounts page meanwhile, p99, of a quiet server's", felt.page / quiet.page, "×", at_most=2),
    ]


def _rows(accounts: int, contacts: int, whose: str) -> list[dict[str, str]]:
    return [
        {
            "Client": f"Client {account} {whose}",
            "Contact": f"Person {contact} of {account}",
            "E-mail": f"p{contact}.{account}@{whose.replace(' ', '-')}.test",
        }
        for account in range(accounts)
        for contact in range(contacts)
    ]


async def _ended(by: Viewer, rows: list[dict[str, str]], *, dry_run: bool = False) -> float:
    """Seconds since it was asked for, as the run says."""
    run_id = await asked(by, rows, toggles=INVITING, dry_run=dry_run)
    async with asyncio.timeout(300):
        while (run := await _view(by, run_id)).ended_at is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert run.rows_with_errors == 0
    return (run.ended_at - run.started_at).total_seconds()


async def _view(by: Viewer, run_id: UUID) -> ClientImportView:
    return (await client_import.by_ids(by, [run_id]))[run_id]
