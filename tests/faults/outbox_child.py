"""Passes of the outbox until nothing is due, to be killed in it."""

from mail.outbox import new_owner, one_pass
from mail.smtp import SmtpServer
from models.mailbox import MailSecurity
from tests.support.letters.outbox import a_route


async def pass_on(port: int) -> None:
    """All that is due, to the mail server there."""
    route = a_route(SmtpServer("127.0.0.1", port, MailSecurity.NONE))
    while (done := await one_pass(route, owner=new_owner())).handled:
        pass
    assert done.barred is None
