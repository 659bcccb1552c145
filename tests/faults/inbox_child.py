"""Writes what is due of Inbox+ at a moment, then sends what there is to send; to be killed in it."""

from datetime import datetime

from models.ground import clock
from models.inbox_mail import write_digests, write_entries
from tests.faults.outbox_child import pass_on


async def write_and_send(port: int, moment: datetime) -> None:
    clock.set_source(lambda: moment)
    await write_entries()
    await write_digests()
    await pass_on(port)
