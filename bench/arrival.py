"""A letter reaches the IMAP server: until a client's subscription has it. One process serves and fetches, with IDLE."""

import asyncio
from time import time

from bench.crowd import Client, Orders
from bench.figure import Figure, percentile
from bench.ground import Ground, ground, serving
from mail.demo.launch import DemoMail
from mail.demo.users import MAIL_PASSWORD, STUDIO
from models import mailbox
from models.ground import store
from models.mailbox import NewMailbox
from tests.make import an_account
from tests.syncing import CLIENT, eventually, letter

DOCUMENT = """
subscription Live($after: Cursor) { emailArrived(after: $after) {
  __typename
  ... on FeedEvent { cursor }
  ... on EmailArrived { email { id subject } }
} }
"""


async def run(*, letters: int = 40) -> list[Figure]:
    async with ground() as on, DemoMail.start(on.folder / "mail") as server:
        await an_account(on.firm, address=CLIENT, email_sync=True)
        new = NewMailbox(STUDIO.address, MAIL_PASSWORD, server.imap, server.smtp)
        mailbox_id = (await mailbox.connect(on.firm, new)).ids[0]
        async with serving(on, worker=True) as port:
            await eventually(lambda: store.value("SELECT state = 'LIVE' FROM mailbox WHERE id = $1", mailbox_id))
            took = await _arrivals(on, server, port, letters)
    return [
        Figure("arrival to subscription, p95", percentile(took, 0.95), "s", 2),
        Figure("arrival to subscription, p50", percentile(took, 0.5), "s"),
        Figure("arrival to subscription, worst", max(took), "s"),
    ]


async def _arrivals(on: Ground, server: DemoMail, port: int, letters: int) -> list[float]:
    """One after the other, in seconds from when SMTP has accepted it."""
    client = await Client(Orders(port, on.token, 1, DOCUMENT)).open()
    assert (await client.event())["__typename"] == "FeedReady"
    took = []
    for number in range(letters):
        subject = f"Letter {number}"
        await server.deliver(letter(subject=subject, to=[STUDIO.address]), sender=CLIENT, to=[STUDIO.address])
        delivered = time()
        async with asyncio.timeout(60):
            event = await client.event()
        assert event["email"]["subject"] == subject, event
        took.append(client.at - delivered)
    client.close()
    return took
