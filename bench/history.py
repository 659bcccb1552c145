"""Email sync goes on for somebody with a history of 50,000: how soon the newest of it stand in the account."""

from time import perf_counter

from bench.figure import Figure
from bench.ground import ground, serving
from bench.mailboxes import connected, until, until_live
from models.ground import store
from models.toggles import TogglesWish, setting
from tests.support.emails.synced_mailbox import past
from tests.support.firm.cast import MARTA, STUDIO
from tests.support.firm.factories import an_account
from tests.support.servers.imap import ImapServer

_THERE = """
SELECT count(*) = $4 FROM email_account l JOIN email m ON m.firm_id = l.firm_id AND m.id = l.email_id
WHERE l.firm_id = $1 AND l.account_id = $2 AND m.subject::int >= $3
"""


async def run(*, letters: int = 50_000, newest: int = 50) -> list[Figure]:
    """The worker, in a process of its own, has listed it all before, and watches the mailbox."""
    async with ground() as on, ImapServer() as server:
        past(server.inbox, *map(_letter, range(letters)))
        made = await an_account(on.firm, address=MARTA)
        ids = await connected(on, server)
        async with serving(on, worker=True):
            listed = await until_live(ids)
            begun = perf_counter()
            wish = TogglesWish(made.id, made.address, email_sync=True)
            await setting.set_toggles(on.firm, [wish])
            set_after = perf_counter() - begun
            await until(lambda: store.value(_THERE, on.firm.firm_id, made.id, letters - newest, newest))
            there = perf_counter() - begun
    return [
        Figure(f"the newest {newest} of {letters} in the account, from the switch", there, "s", 5),
        Figure("of this, until the switch is set", set_after, "s"),
        Figure(f"all {letters} listed, before", listed, "s"),
    ]


def _letter(number: int) -> bytes:
    return (
        f"From: {MARTA}\r\nTo: {STUDIO}\r\nSubject: {number}\r\nMessage-ID: <{number}@client.test>\r\n"
        "Date: Sun, 1 Mar 2026 09:30:00 +0000\r\n\r\nWhen does the glass come?\r\n"
    ).encode()
