"""Where a mailbox lives: a host, a port, and how the line to it is secured."""

from dataclasses import dataclass
from enum import StrEnum


class MailSecurity(StrEnum):
    """NONE: on the loopback of a demo only."""

    TLS = "TLS"
    STARTTLS = "STARTTLS"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class MailServer:
    host: str
    port: int
    security: MailSecurity = MailSecurity.TLS
