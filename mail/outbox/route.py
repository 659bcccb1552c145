"""The way to the mail server that takes our letters."""

from dataclasses import dataclass
from uuid import UUID

from mail.compose import Sender
from mail.returns.address import return_address
from mail.smtp import Smtp, SmtpServer
from mail.smtp.door import TIMEOUT
from models.ground.settings import Settings


@dataclass(frozen=True, slots=True)
class Route:
    """
    Where letters are handed over, and whom they come from. `timeout` in seconds, for any answer of the server.

    `return_path`: where reports go, with `{letter}` in it; None: to the sender.

    `connections`: how many at once, where there is enough to send; each letter waits for two commits, so that over one
    connection few would leave. If the server takes fewer, the letters leave over those that it takes.
    """

    server: SmtpServer
    sender: Sender
    timeout: float = TIMEOUT
    connections: int = 20
    return_path: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Route | None":
        """None: the settings name no server or no sender, and letters wait."""
        if settings.smtp_url is None or settings.mail_from is None:
            return None
        server = SmtpServer.of_url(settings.smtp_url.get_secret_value())
        sender = Sender(settings.mail_from, settings.base_url)
        return cls(server, sender, connections=settings.smtp_connections, return_path=settings.return_path)

    def returns_to(self, letter_id: UUID) -> str:
        """The sender of its envelope."""
        return return_address(self.return_path, letter_id) if self.return_path else self.sender.address

    async def connect(self) -> Smtp:
        """Raises NoWay."""
        name = self.sender.address.rpartition("@")[2]
        return await Smtp.connect(self.server, name=name if name.isascii() else "localhost", timeout=self.timeout)
