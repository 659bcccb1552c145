"""What can go wrong while a letter leaves, in plain words. Transient and permanent are apart.

    SmtpError
    ├── NoWay                no letter could leave: try again later with all of them
    │   ├── Unreachable      no such name, refused, silent, lost or turned away
    │   ├── TlsFailed        the line could not be secured; nothing was sent
    │   ├── LoginRefused     the server looked at the name and the password, and said no
    │   ├── SenderRefused    it takes no letters from our sender's address
    │   ├── RelayRefused     it takes no letters from us for others: it does not know us, or we have not signed in
    │   └── NoSmtp           whatever answers there does not talk SMTP
    ├── Deferred             this letter, not now (4xx)
    ├── Refused              this letter, never (5xx)
    └── Unknown              the bytes were given, and no answer came: it may have left or not

No message of these holds a password; what a server said is quoted without long words, as it may quote our links.
"""

import re
from collections.abc import Sequence

from mail.nowhere import leads_nowhere

LINKS = re.compile(r"https?:\S+|\S{32,}")
STATUS = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})\b")


class SmtpError(Exception):
    """`message` may be shown to people as it is."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NoWay(SmtpError):
    """The letter is not to blame, and nothing of it has left."""


class Unreachable(NoWay):
    pass


class TlsFailed(NoWay):
    pass


class LoginRefused(NoWay):
    pass


class SenderRefused(NoWay):
    pass


class RelayRefused(NoWay):
    pass


class NoSmtp(NoWay):
    pass


class Deferred(SmtpError):
    """
    `code` is the reply's (RFC 5321), 0: none; `status` the enhanced one (RFC 3463) or empty. `of_recipients`: said of
    these alone, so that letters to others may leave.
    """

    def __init__(self, message: str, *, code: int, status: str = "", of_recipients: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.of_recipients = of_recipients


class Refused(SmtpError):
    """`no_such_mailbox`: the server says that the address leads nowhere."""

    def __init__(self, message: str, *, code: int, status: str = "", no_such_mailbox: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.no_such_mailbox = no_such_mailbox


class Unknown(SmtpError):
    pass


def of_letter(code: int, text: str) -> Deferred | Refused:
    """What a reply to one letter means: 5xx is for good, anything else for now."""
    words, status = quoted(code, text), status_of(text)
    if not 500 <= code < 600:
        return Deferred(f"The mail server does not take the letter now: {words}", code=code, status=status)
    nobody = leads_nowhere(status, text)
    return Refused(f"The mail server refused the letter: {words}", code=code, status=status, no_such_mailbox=nobody)


def of_recipient(code: int, text: str) -> Deferred | Refused | RelayRefused:
    """
    A reply to the recipient. Where it is about us (RFC 4954, 6; RFC 5321, 3.6.2), no letter and no recipient is to
    blame: servers that know the sender's address and machine from earlier say what they think of them only here.
    """
    if code == 530 or _OUR_OWN_FAULT.search(" ".join(text.lower().split())):
        return RelayRefused(f"The mail server takes nothing from us for others: {quoted(code, text)}")
    return of_letter(code, text)


def of_nobody(untaken: Sequence[SmtpError]) -> SmtpError:
    """What to say of a letter that was taken for none of its recipients: later, as long as one of them may be."""
    for error in untaken:
        if isinstance(error, Deferred):
            return Deferred(error.message, code=error.code, status=error.status, of_recipients=True)
    return untaken[0]


_OUR_OWN_FAULT = re.compile(
    r"\brelay(ing)? (access )?(is )?(denied|not (permitted|allowed|authorized)|prohibited|refused)"
    r"|\b(unable|not (permitted|allowed|authorized)|cannot|refus\w+|won't|doesn't|(do|does|will) not) (to )?relay\b"
    r"|\bno relaying\b|\brcpthosts\b|\b(client host|helo command|sender address) rejected\b"
    r"|\bmust (issue a starttls|authenticate)|\bnot (logged|signed) in\b|\bnot authenticated\b"
    r"|(?<!resolver\.rst\.authrequired; )\bauth\w* (is )?required\b"  # Exchange's is about who may write to a list
)


def status_of(text: str) -> str:
    match = STATUS.match(text.strip())
    return match[1] if match else ""


def quoted(code: int, text: str) -> str:
    """One line, without what cannot be shown, without links and other long words."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return f"{code} {LINKS.sub('…', ' '.join(shown.split()))}"[:250]
