"""The way to the mail server that takes our letters."""

from dataclasses import dataclass

from mail.compose import Sender
from mail.smtp import Smtp, SmtpServer
from mail.smtp.door import TIMEOUT
from models.ground.settings import Settings


@dataclass(frozen=True, slots=True)
class Route:
    """
    Where letters are handed over, and whom they come from. `timeout` in seconds, for any answer of the server.

    `connections`: at once, as long as there is enough to send. A letter waits for two commits, so that it takes many to
    be fast. A server that takes fewer gets the letters by those that it takes.
    """

    server: SmtpServer
    sender: Sender
    timeout: float = TIMEOUT
    connections: int = 20

    @classmethod
    def of(cls, settings: Settings) -> "Route | None":
        """None: the settings name no server or no sender, and letters wait."""
        if settings.smtp_url is None or settings.mail_from is None:
            return None
        server = SmtpServer.of_url(settings.smtp_url.get_secret_value())
        return cls(server, Sender(settings.mail_from, settings.base_url), connections=settings.smtp_connections)

    async def connect(self) -> Smtp:
        """Raises NoWay."""
        name = self.sender.address.rpartition("@")[2]
        return await Smtp.connect(self.server, name=name if name.isascii() else "localhost", timeout=self.timeout)
