"""Many mailboxes in which nothing has happened: a worker, in a process of its own, is asked to look at all at once."""

from collections.abc import Sequence
from time import perf_counter
from uuid import UUID

from bench.figure import Figure, best
from bench.ground import ground, serving
from bench.mailboxes import connected, until, until_live
from bench.watching import process_on
from models import mailbox
from models.ground import store
from models.viewer import Viewer
from tests.support.emails.synced_mailbox import letter, past
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_account, signed_in
from tests.support.servers.imap import ImapServer, ServedFolder


async def run(*, mailboxes: int = 100, folders: int = 20, rounds: int = 3) -> list[Figure]:
    """With a letter in each folder. The server is asked folder by folder, as those without LIST-STATUS are."""
    names = ["INBOX", *(f"Clients/{number}" for number in range(folders - 1))]
    async with ground() as on, ImapServer([ServedFolder(name) for name in names]) as server:
        for folder in server.folders:
            past(folder, letter(subject=folder.name))
        await an_account(on.firm, address=MARTA, email_sync=True)
        ids, by = await connected(on, server, mailboxes), (await signed_in(on.firm)).viewer
        async with serving(on, worker=True) as port:
            first = await until_live(ids)
            worker = process_on(port)
            spent = sum(worker.cpu_times()[:2])
            passes = [await _looked_at(by, ids) for _ in range(rounds)]
            spent = sum(worker.cpu_times()[:2]) - spent
    return [
        Figure(f"a pass over {mailboxes} mailboxes of {folders} unchanged folders", best(passes), "s", 2),
        Figure("the same, of the worker's processor", spent / rounds, "s"),
        Figure("the first, which signs in and reads them", first, "s"),
    ]


async def _looked_at(by: Viewer, ids: Sequence[UUID]) -> float:
    """Seconds from when looks are asked for, the last one as people do, which wakes the worker."""
    before = await store.value("SELECT max(last_sync_at) FROM mailbox WHERE firm_id = $1", by.firm_id)
    begun = perf_counter()
    await store.execute("UPDATE mailbox SET asks = asks + 1 WHERE id = ANY($1::uuid[])", list(ids[:-1]))
    await mailbox.sync_now(by, ids[-1])
    query = "SELECT bool_and(last_sync_at > $2) FROM mailbox WHERE firm_id = $1"
    await until(lambda: store.value(query, by.firm_id, before))
    return perf_counter() - begun
