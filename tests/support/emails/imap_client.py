"""What the tests of the IMAP door share: how to sign in, and a message that misleads naive readers."""

from mail.imap import Imap
from tests.support.servers.imap import ImapServer
from tests.support.waiting import PATIENCE

HOTEL = (
    b"From: (5* hotel) <anna@example.test>\r\nSubject: 5* hotel * 1 FETCH (\r\n"
    b"To: b@example.test,\r\n\tc@example.test\r\n\r\n* 2 EXPUNGE\r\nA1 OK done\r\n) {5}\r\n* BYE\r\n"
)


async def signed_in(server: ImapServer, *, password: str = "secret", timeout: float = PATIENCE) -> Imap:
    return await Imap.connect(server.server, username=server.username, password=password, timeout=timeout)
