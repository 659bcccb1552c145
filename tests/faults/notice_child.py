"""The firm's other software tells of three events, the mail server takes what is due; to be killed in it."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import orjson

from models.viewer import System
from tests.faults.outbox_child import pass_on
from tests.support.firm.notices import later
from tests.support.firm.notify_clients import as_told, notified

EVENTS = ("one", "two", "three")
"""Their subjects, each its own key. The first leaves at once, the others in one letter a minute later."""


async def notify_and_send(port: int, firm_id: UUID, account_id: UUID, answers: Path) -> None:
    for event in EVENTS:
        await tell(System(firm_id), account_id, event, answers)
        if event == EVENTS[0]:
            await pass_on(port)
    await later(timedelta(minutes=1))
    await pass_on(port)


async def tell(by: System, account_id: UUID, event: str, answers: Path) -> None:
    """What was answered is a line of `answers`."""
    told = as_told((await notified(by, account_id, key=event, subject=event)).recipients)
    with answers.open("ab") as file:
        file.write(orjson.dumps([event, told]) + b"\n")
