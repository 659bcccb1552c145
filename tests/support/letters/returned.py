"""Letters that were sent, and one look at the mailbox where reports about them come back."""

from uuid import UUID

from mail.parsing import ParserPool
from mail.returns.place import Place
from mail.returns.reading import read
from mail.returns.running import reach
from models import return_mailbox
from models.ground import store
from models.viewer import System
from tests.support.firm.factories import an_address
from tests.support.letters.outbox import sent_all, state_of, written
from tests.support.servers.imap import ImapServer
from tests.support.servers.smtp import SmtpSink
from tests.support.waiting import PATIENCE


def place_of(server: ImapServer, folder: str = "INBOX", *, password: str = "secret") -> Place:
    return Place(server.server, "anna", password, folder)


async def sent(by: System, *addresses: str) -> list[tuple[UUID, bytes]]:
    """A letter to each, as it left."""
    ids = {}
    for address in addresses:
        ids[address] = await written(by, address, address_id=await an_address(by, address))
    async with SmtpSink() as sink:
        await sent_all(sink.server)
    raws = {taken.to[0]: taken.raw for taken in sink.letters}
    return [(ids[address], raws[address]) for address in addresses]


async def looked(server: ImapServer, parsers: ParserPool, *, folder: str = "INBOX", owner: str = "me") -> None:
    """One look by a worker of its own, which then ends."""
    place = place_of(server, folder)
    held = await return_mailbox.claim(owner, place.name)
    assert held is not None
    try:
        async with await reach(place, timeout=PATIENCE) as imap:
            await read(held, imap, folder, parsers)
        await return_mailbox.went_well(held)
    finally:
        await return_mailbox.release(held)


async def told() -> int:
    count: int = await store.value("SELECT coalesce(sum(count), 0) FROM notification")
    return count


async def is_bounced(letter_id: UUID) -> bool:
    return await state_of(letter_id) == "BOUNCED"
