"""The door to mail servers that take letters: the only importer of aiosmtplib."""

from mail.smtp.door import Smtp
from mail.smtp.errors import (
    Deferred,
    LoginRefused,
    NoSmtp,
    NoWay,
    Refused,
    RelayRefused,
    SenderRefused,
    SmtpError,
    TlsFailed,
    Unknown,
    Unreachable,
)
from mail.smtp.server import SmtpServer

__all__ = [
    "Deferred",
    "LoginRefused",
    "NoSmtp",
    "NoWay",
    "Refused",
    "RelayRefused",
    "SenderRefused",
    "Smtp",
    "SmtpError",
    "SmtpServer",
    "TlsFailed",
    "Unknown",
    "Unreachable",
]
