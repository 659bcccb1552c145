"""A mail server was away while a thousand letters came: until a client's subscription has been told of each."""

import asyncio
from time import perf_counter

from bench.arrival import DOCUMENT
from bench.crowd import Client, Orders
from bench.figure import Figure
from bench.ground import ground, serving
from bench.mailboxes import connected, until, until_live
from models import mailbox
from models.ground import store
from tests.support.emails.synced_mailbox import letter
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_account, signed_in
from tests.support.servers.imap import ImapServer

BYE = b"* BYE not now\r\n"


async def run(*, letters: int = 1000) -> list[Figure]:
    """From when somebody asks for a look; the worker is a process of its own."""
    async with ground() as on, ImapServer() as server:
        await an_account(on.firm, address=MARTA, email_sync=True)
        (mailbox_id,) = await connected(on, server)
        async with serving(on, worker=True) as port:
            await until_live([mailbox_id])
            client = await Client(Orders(port, on.token, 1, DOCUMENT)).open()
            assert (await client.event())["__typename"] == "FeedReady"
            greeting, server.greeting = server.greeting, BYE
            await server.cut_all()
            await until(lambda: store.value("SELECT state = 'RETRYING' FROM mailbox WHERE id = $1", mailbox_id))
            for number in range(letters):
                server.inbox.append(letter(subject=str(number)))
            server.greeting = greeting
            begun = perf_counter()
            await mailbox.sync_now((await signed_in(on.firm)).viewer, mailbox_id)
            await _told(client, {str(number) for number in range(letters)})
            took = perf_counter() - begun
            client.close()
    return [
        Figure(f"{letters} letters that came during an outage told, each by itself", took, "s", 20),
        Figure("letters per second", letters / took, "/s"),
    ]


async def _told(client: Client, subjects: set[str]) -> None:
    async with asyncio.timeout(600):
        while subjects:
            event = await client.event()
            assert event["__typename"] == "EmailArrived", event
            subjects.remove(event["email"]["subject"])
