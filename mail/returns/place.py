"""Where the return mailbox is: `imaps://name:password@host:993/folder`."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from mail.smtp.server import LOOPBACK
from models.ground.settings import Settings
from models.mailbox.server import MailSecurity, MailServer


@dataclass(frozen=True, slots=True)
class Place:
    """The line is always secured, and plain on the loopback only."""

    server: MailServer
    username: str
    password: str = field(repr=False)
    folder: str

    @classmethod
    def of(cls, settings: Settings) -> "Place | None":
        """None: the settings name none."""
        if settings.return_mailbox is None:
            return None
        parts = urlsplit(settings.return_mailbox.get_secret_value())
        host = parts.hostname or ""
        if parts.scheme == "imaps":
            security, port = MailSecurity.TLS, 993
        else:
            security, port = MailSecurity.NONE if host in LOOPBACK else MailSecurity.STARTTLS, 143
        server = MailServer(host, parts.port or port, security)
        folder = unquote(parts.path.strip("/")) or "INBOX"
        return cls(server, unquote(parts.username or ""), unquote(parts.password or ""), folder)

    @property
    def name(self) -> str:
        """By which mailboxes are told apart; without the password."""
        return f"{self.username}@{self.server.host}:{self.server.port}/{self.folder}"
