"""One look into the return mailbox, to be killed in it: python -m tests.faults.returns_child <url> <port>"""

import asyncio
import sys

from mail.parsing import ParserPool
from mail.returns.place import Place
from mail.returns.reading import read
from mail.returns.running import reach
from models import return_mailbox
from models.ground import keys, store
from models.mailbox import MailSecurity, MailServer
from tests.keeping import KEY


async def main(url: str, port: str) -> int:
    keys.use(KEY)
    await store.open_store(url)
    place = Place(MailServer("127.0.0.1", int(port), MailSecurity.NONE), "anna", "secret", "INBOX")
    held = await return_mailbox.claim("child", place.name)
    assert held is not None
    async with ParserPool(workers=1) as parsers, await reach(place) as imap:
        await read(held, imap, place.folder, parsers)
        await return_mailbox.went_well(held)
    await return_mailbox.release(held)
    await store.close()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
