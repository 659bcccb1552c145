"""Who has a mailbox on the demo mail server."""

from dataclasses import dataclass

MAIL_PASSWORD = "demo mail"  # noqa: S105 - of every mailbox here, for everybody to read: loopback only

IMAP_PORT, SMTP_PORT, TOKEN_PORT = 1143, 1025, 1180
"""Of `make run`. Tests take free ones."""


PORTAL_FROM = "portal@demo.test"
"""The address that the demo's letters come from."""


@dataclass(frozen=True, slots=True)
class MailUser:
    address: str
    password: str = MAIL_PASSWORD


STUDIO = MailUser("studio@demo.test")
"""The shared mailbox of the main demo firm."""

COLLEAGUE = MailUser("thomas.marsh@demo.test")
"""Of one colleague of the main demo firm."""

HARBOUR = MailUser("office@harbour.test")
"""The shared mailbox of the second demo firm."""

OUTSIDE = MailUser("outside@demo.test")
"""Everybody else: what was sent to any other address can be read here."""

RETURNS = MailUser("bounces@demo.test")
"""The installation's return mailbox: reports on the letters of all firms."""

MAILBOXES = (STUDIO, COLLEAGUE, HARBOUR, OUTSIDE, RETURNS)
