"""
An import, killed at every border, paused, and beside another worker: each row ends once, nobody is made or mailed
twice, and whoever comes next goes on (R40).
"""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from models import journal
from models.ground import store
from models.run import RunKind, RunStatus, claim
from models.toggles import Invite, NewToggles
from models.viewer import Viewer
from tests.faults.import_child import bring_in, work_off_all, work_off_one
from tests.faults.killing import idle_ones_end, killed, leases_end, paused
from tests.support.firm.factories import a_firm, a_member, an_account, an_address
from tests.support.firm.imports import OneByOne, all_end, asked, clients, mailed, outcomes, said, view

pytestmark = pytest.mark.faults
INVITING = NewToggles(login=True, notify=True, invite=Invite("Welcome"))
ROWS = [
    {"Client": "Rossi", "Contact": "Anna", "E-mail": "anna@client.test"},
    {"Client": "Verdi", "Contact": "Anna", "E-mail": "anna@client.test", "Work": "anna@work.test"},
    {"Client": "Rossi", "Contact": "Carla", "E-mail": "carla@client.test"},
    {"Client": "Neri", "Contact": "Carla", "E-mail": "carla@client.test"},
    {"Client": "Neri", "Contact": "Dario", "E-mail": "nobody"},
    {"Client": "There", "Contact": "Beppe", "E-mail": "beppe@client.test", "Login": "yes"},
]
CLIENTS = [
    "V1 There: Marta Valsecchi (Email beppe@client.test L)",
    "V2 Rossi: Anna (Email anna@client.test LN, Work email anna@work.test )",
    "V2 Rossi: Carla (Email carla@client.test LN)",
    "V3 Verdi: Anna (Email anna@client.test LN, Work email anna@work.test LN)",
    "V4 Neri: Carla (Email carla@client.test LN)",
]
OUTCOMES = ["CREATED", "CREATED", "CREATED", "CREATED", "ERROR", "MATCHED"]
ERRORS = ["5 E-mail ADDRESS_INVALID"]
MAILED = ["anna@client.test", "anna@work.test", "beppe@client.test", "carla@client.test"]
"""Carla has activated, and is told of her accounts once."""
FIGURES = [4, 1, 1, 3, 2, 1, 3]
WHILE_ASKED = {"killed at before the commit of a run that is asked for", "killed at after a run was asked for"}
IN_A_CHUNK = {
    "killed at after the accounts of a chunk of an import were made",
    "killed at after a chunk of an import was switched",
    "killed at before the commit of a chunk of an import",
    "killed at after the commit of a chunk of an import",
    "killed at before whoever started a run is told of its end",
}
BOTH = {
    "killed at after a run was claimed",
    "killed at after an import was planned",
    "killed at after a chunk of an import was reported",
}
IN_A_DRY_RUN = {
    "killed at before the commit of a chunk of a dry run",
    "killed at after the commit of a chunk of a dry run",
}


async def a_firm_that_moves_in() -> Viewer:
    by = await a_member(await a_firm())
    await an_account(by, code="V1", name="There", address="beppe@client.test")
    await an_address(by, "carla@client.test", activated=True)
    return by


async def must_have_happened_once(by: Viewer, run_id: UUID, stood: int, where: str | None) -> None:
    run = await view(by, run_id)
    assert (run.status, run.rows_done) == (RunStatus.FINISHED, 6), where
    assert await clients(by) == CLIENTS, where
    assert await outcomes(by, run_id) == OUTCOMES, where
    assert await said(by, run_id) == ERRORS, where
    assert await mailed(by) == MAILED, where
    assert figures(run) == FIGURES, where
    entries = await store.rows("SELECT member_id, count FROM notification WHERE about = $1", run_id)
    assert [tuple(entry) for entry in entries] == [(by.member_id, 1)], where
    written = await store.rows(_WRITTEN, by.firm_id, stood)
    assert {entry["run_id"] for entry in written} == {run_id}, where
    twice = {entry["kind"] for entry in written if entry["times"] > 1}
    assert twice <= {"RUN_MOVED", "NOTIFICATIONS_MOVED", "CONTACT_LINKED", "INVITATION_SENT"}, where


def figures(run: object) -> list[int]:
    names = ("rows_created", "rows_matched", "rows_with_errors", "accounts_created", "contacts_created")
    return [getattr(run, name) for name in (*names, "contacts_matched", "invited")]


_WRITTEN = """
SELECT run_id, kind, subject_id, count(*) AS times FROM journal_entry WHERE firm_id = $1 AND position > $2
GROUP BY 1, 2, 3
"""


async def test_killed_anywhere_another_worker_ends_an_import(own_store: str, tmp_path: Path) -> None:
    """Each time another firm's."""
    killed_at: list[str] = []
    for crash_at in range(1, 100):
        by = await a_firm_that_moves_in()
        stood = await journal.head(by.firm_id)
        where = await killed(bring_in, own_store, by, ROWS, INVITING, False, said=tmp_path / "said", crash_at=crash_at)
        run_id = await asked(by, ROWS, toggles=INVITING, key="once")
        await leases_end()
        await all_end()
        await must_have_happened_once(by, run_id, stood, where)
        if where is None:
            break
        killed_at.append(where)
    assert set(killed_at) == WHILE_ASKED | BOTH | IN_A_CHUNK, killed_at


async def test_killed_anywhere_another_worker_ends_a_dry_run_and_reports_the_same(
    own_store: str, tmp_path: Path
) -> None:
    killed_at: list[str] = []
    for crash_at in range(1, 100):
        by = await a_firm_that_moves_in()
        where = await killed(bring_in, own_store, by, ROWS, INVITING, True, said=tmp_path / "said", crash_at=crash_at)
        run_id = await asked(by, ROWS, toggles=INVITING, dry_run=True, key="once")
        await leases_end()
        await all_end()
        run = await view(by, run_id)
        assert (run.status, run.rows_done, figures(run)) == (RunStatus.FINISHED, 6, FIGURES), where
        assert (await outcomes(by, run_id), await said(by, run_id)) == (OUTCOMES, ERRORS), where
        assert await clients(by) == ["V1 There: Marta Valsecchi (Email beppe@client.test )"], where
        assert await mailed(by) == [], where
        if where is None:
            break
        killed_at.append(where)
    assert set(killed_at) == WHILE_ASKED | BOTH | IN_A_DRY_RUN, killed_at


async def another_has_begun() -> None:
    """Where there is anything left, it has the lease, and is in the middle."""
    from models.client_import.stepping import step

    await leases_end()
    if (held := await claim("another", list(RunKind))) is not None:
        await step(held, OneByOne())


@pytest.mark.parametrize("dry_run", [False, True])
async def test_whoever_was_paused_for_longer_than_the_lease_writes_nothing_more(
    own_store: str, tmp_path: Path, dry_run: bool
) -> None:
    """Wherever that is, also within a transaction. Each time another firm's."""
    paused_at: list[str] = []
    for at in range(1, 100):
        by = await a_firm_that_moves_in()
        begun = await journal.head(by.firm_id)
        run_id = await asked(by, ROWS, toggles=INVITING, dry_run=dry_run)
        async with paused(work_off_one, own_store, said=tmp_path / "said", at=at) as where:
            if where is not None:
                await idle_ones_end()
                await another_has_begun()
                stood = await journal.head(by.firm_id)
        if where is not None:
            assert await journal.head(by.firm_id) == stood, where
            paused_at.append(where)
        await leases_end()
        await all_end()
        if dry_run:
            assert (figures(await view(by, run_id)), await outcomes(by, run_id)) == (FIGURES, OUTCOMES), where
        else:
            await must_have_happened_once(by, run_id, begun, where)
        if where is None:
            break
    assert set(paused_at) == BOTH | (IN_A_DRY_RUN if dry_run else IN_A_CHUNK), paused_at


async def test_two_workers_end_two_imports_each_of_two_firms_as_if_one_had_come_after_the_other(
    own_store: str, tmp_path: Path
) -> None:
    firms = [await a_firm_that_moves_in() for _ in range(2)]
    runs = {by: [await asked(by, ROWS, toggles=INVITING) for _ in range(2)] for by in firms}
    workers = (killed(work_off_all, own_store, said=tmp_path / name) for name in ("one", "other"))
    assert await asyncio.gather(*workers) == [None, None]
    for by, (first, second) in runs.items():
        assert (await clients(by), await mailed(by)) == (CLIENTS, MAILED)
        assert figures(await view(by, first)) == FIGURES
        assert await outcomes(by, second) == ["MATCHED"] * 4 + ["ERROR", "MATCHED"]
