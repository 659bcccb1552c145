"""What a worker of runs goes on with, in a process of its own."""

from contextlib import suppress

from models import bulk_update, client_import
from models.ground import store
from models.run import UNENDED
from tests.support.emails.synced_mailbox import eventually

Runner = bulk_update.Runner | client_import.Runner


async def one_look(runner: Runner) -> None:
    """One run; and nobody minds that it is lost, or the database away."""
    with suppress(Exception):
        await runner.look()


async def looks_until_all_have_ended(runner: Runner) -> None:
    """As the worker's process does, which survives what the database does; until all runs have ended, by whomever."""

    async def all_have_ended() -> bool:
        await one_look(runner)
        return not await store.value(f"SELECT count(*) FROM run WHERE {UNENDED}")

    await eventually(all_have_ended)
