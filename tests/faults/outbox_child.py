"""Passes of the outbox until nothing is due, to be killed in it: python -m tests.faults.outbox_child <url> <port>"""

import asyncio
import sys

from mail.outbox import new_owner, one_pass
from mail.smtp import SmtpServer
from models.ground import keys, store
from models.mailbox import MailSecurity
from tests.keeping import KEY
from tests.letters import a_route


async def main(url: str, port: str) -> int:
    keys.use(KEY)
    await store.open_store(url)
    barred = await pass_on(port)
    await store.close()
    return 1 if barred else 0


async def pass_on(port: str) -> str | None:
    """All that is due, to the mail server there; why not, if so."""
    route = a_route(SmtpServer("127.0.0.1", int(port), MailSecurity.NONE))
    while (done := await one_pass(route, owner=new_owner())).handled:
        pass
    return done.barred


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
