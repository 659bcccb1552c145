"""A letter reaches the IMAP server: until every colleague's subscription has it, also while a past is fetched."""

import asyncio
from collections.abc import Sequence
from time import time

from bench.crowd import Client, Orders
from bench.figure import Figure, percentile
from bench.ground import Ground, ground, serving
from bench.mailboxes import until_live
from mail.demo.kept import KeptFolder
from mail.demo.launch import DemoMail
from mail.demo.users import MAIL_PASSWORD, STUDIO
from models import mailbox
from models.ground import store
from models.mailbox import NewMailbox
from models.toggles import TogglesWish, setting
from tests.support.emails.synced_mailbox import letter
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_account, signed_in
from tests.support.servers.imap import ARRIVED

DOCUMENT = """
subscription Live($after: Cursor) { emailArrived(after: $after) {
  __typename
  ... on FeedEvent { cursor }
  ... on EmailArrived { email { id subject } }
} }
"""
FRIEND = "ludovica@client.test"


async def run(*, letters: int = 40, colleagues: int = 40, past: int = 10_000) -> list[Figure]:
    """`past`: letters of somebody for whom Email sync goes on before the second half."""
    async with ground() as on:
        _keep(on, past)
        async with DemoMail.start(on.folder / "mail") as server:
            await an_account(on.firm, address=MARTA, email_sync=True)
            friend = await an_account(on.firm, address=FRIEND)
            new = NewMailbox(STUDIO.address, MAIL_PASSWORD, server.imap, server.smtp)
            ids = (await mailbox.connect(on.firm, new)).ids
            async with serving(on, worker=True) as port:
                await until_live(ids)
                crowd = [await _follows(on, port) for _ in range(colleagues)]
                quiet = await _arrivals(crowd, server, "quiet", letters)
                await setting.set_toggles(on.firm, [TogglesWish(friend.id, friend.address, email_sync=True)])
                busy = await _arrivals(crowd, server, "busy", letters)
                left = await store.value("SELECT count(*) FROM occurrence WHERE state = 'PENDING'")
    return [
        *_figures(quiet, f"arrival to {colleagues} subscriptions"),
        *_figures(busy, "the same during a backfill"),
        Figure("left of the backfill then", left, "letters", at_least=1 if past >= 10_000 else None),
    ]


def _figures(took: list[float], name: str) -> list[Figure]:
    return [
        Figure(f"{name}, p95", percentile(took, 0.95), "s", 0.5),
        Figure(f"{name}, p50", percentile(took, 0.5), "s"),
        Figure(f"{name}, worst", max(took), "s"),
    ]


def _keep(on: Ground, past: int) -> None:
    kept = KeptFolder(on.folder / "mail", mailbox=STUDIO.address, name="INBOX")
    for number in range(past):
        kept.keep(letter(FRIEND, [STUDIO.address], subject=f"Past {number}"), ARRIVED)


async def _follows(on: Ground, port: int) -> Client:
    """Another colleague."""
    client = await Client(Orders(port, (await signed_in(on.firm)).token, 1, DOCUMENT)).open()
    assert (await client.event())["__typename"] == "FeedReady"
    return client


async def _arrivals(crowd: Sequence[Client], server: DemoMail, when: str, letters: int) -> list[float]:
    """One after the other: of each colleague the seconds since SMTP has accepted it."""
    took: list[float] = []
    for number in range(letters):
        subject = f"Letter {number}, {when}"
        await server.deliver(letter(subject=subject, to=[STUDIO.address]), sender=MARTA, to=[STUDIO.address])
        delivered = time()
        async with asyncio.timeout(60):
            took += [at - delivered for at in await asyncio.gather(*(_told(client, subject) for client in crowd))]
    return took


async def _told(client: Client, subject: str) -> float:
    """When it was told of this one, beside what else it is told."""
    while (event := await client.event()).get("email", {}).get("subject") != subject:
        assert event["__typename"] == "EmailHistoryArrived", event
    return client.at
