"""From a mailbox to a connection."""

from mail.calling import call
from mail.imap import Imap, SecretRefused
from mail.sync.tools import PortClosed, Tools
from models.ground.keys import WrongKey
from models.mailbox.connecting import unsealed
from models.mailbox.lease import Leased
from models.mailbox.ports import why_not


async def reach(leased: Leased, tools: Tools) -> Imap:
    """Signed in. Raises ImapError."""
    if why := why_not(leased.server.port):
        raise PortClosed(why)
    return await call(
        leased.server,
        username=leased.username,
        password=await _password(leased),
        private=tools.development,
        timeout=tools.timeout,
    )


async def _password(leased: Leased) -> str:
    try:
        return await unsealed(leased.firm_id, leased.mailbox_id, leased.secret)
    except WrongKey:
        raise SecretRefused("The password kept for this mailbox cannot be opened any more. Enter it again.") from None
