"""Does the errands that are due, then sends what there is to send; to be killed in it."""

from models.errand.running import run_errands
from tests.faults.outbox_child import pass_on


async def run_and_send(port: int) -> None:
    await run_errands()
    await pass_on(port)
