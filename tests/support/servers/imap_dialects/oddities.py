"""Single quirks, of whichever server had them."""

from tests.support.servers.imap import Wording
from tests.support.servers.imap_dialects.dialect import INBOX_AND_SENT, Box, Dialect

_PLAIN = "IMAP4rev1 IDLE SPECIAL-USE LITERAL+"
_OK = b"* OK ready\r\n"


def _odd(
    name: str, known_from: str, wording: Wording, *boxes: Box, capabilities: str = _PLAIN, first_uid: int = 4
) -> Dialect:
    return Dialect(name, known_from, _OK, capabilities, (*INBOX_AND_SENT, *boxes), wording, first_uid=first_uid)


_EXAMINE = Wording().examine
_NO_UIDNEXT = tuple(line for line in _EXAMINE if b"UIDNEXT" not in line)

ODDITIES = (
    _odd(
        "UIDNEXT of nought",
        "jstedfast/MailKit#1010, mscdex/node-imap#549",
        Wording(
            examine=(*_NO_UIDNEXT, b"* OK [UIDNEXT 0] next"),
            status=b'* STATUS "{name}" (MESSAGES {exists} UIDNEXT 0 UIDVALIDITY {validity})',
        ),
    ),
    _odd(
        "UIDNEXT too low",
        "issue 12: the new ones lie beyond it",
        Wording(
            examine=(*_NO_UIDNEXT, b"* OK [UIDNEXT {low}] next"),
            status=b'* STATUS "{name}" (MESSAGES {exists} UIDNEXT {low} UIDVALIDITY {validity})',
        ),
        first_uid=60,
    ),
    _odd("a message that no search finds", "issue 12", Wording(hidden=frozenset({5}))),
    _odd(
        "UIDNEXT of one for ever",
        "issue 12",
        Wording(examine=(*_NO_UIDNEXT, b"* OK [UIDNEXT 1] next")),
    ),
    _odd(
        "no UIDNEXT, and STATUS refused while the folder is open",
        "RFC 3501, 6.3.10: STATUS should not be used on the open folder",
        Wording(examine=_NO_UIDNEXT, status_of_open=b"BAD that folder is open"),
    ),
    _odd("no search by UID", "issue 12", Wording(search=b"", searched=b"BAD Could not parse command")),
    _odd(
        "a search answered as in IMAP4rev2",
        "sweetrb/apple-mail-mcp#246",
        Wording(search=b'* ESEARCH (TAG "A1") UID ALL 1:4000000'),
    ),
    _odd(
        "UIDVALIDITY of nought",
        "modern-email/defects#52",
        Wording(
            examine=tuple(line.replace(b"{validity}", b"0") for line in _EXAMINE),
            status=b'* STATUS "{name}" (MESSAGES {exists} UIDNEXT {next} UIDVALIDITY 0)',
        ),
    ),
    _odd("ends of lines that vary", "issue 12", Wording(ends=(b"\r\n", b"\n", b"\r\r\n"))),
    _odd("blanks at the end", "issue 12", Wording(ends=(b" \r\n",))),
    _odd(
        "ALERT and changes of others between",
        "RFC 3501, 7.1",
        Wording(
            between=(
                b"* OK [ALERT] The disk is nearly full",
                b"* NO [ALERT] really",
                b"* 0 RECENT",
                b"* {exists} EXISTS",
                b"* 1 FETCH (FLAGS (\\Seen) MODSEQ (9))",
                b"* BAD nothing of ours",
            )
        ),
    ),
    _odd(
        "quotes and literals where others are usual",
        "RFC 3501, 4.3",
        Wording(
            items=(
                b"UID {uid}",
                b'RFC822.SIZE "{size}"',
                b"INTERNALDATE {26}\r\n 1-Mar-2026 09:30:00 +0000",
                b"BODY{part} {body}",
            )
        ),
    ),
    _odd("binary literals", "RFC 3516", Wording(body=b"~{{length}}\r\n{content}")),
    _odd("literals with a plus", "RFC 7888", Wording(body=b"{{length}+}\r\n{content}")),
    _odd(
        "answers in pieces",
        "jstedfast/MailKit#1401",
        Wording(
            fetch=(
                b"* {number} FETCH (UID {uid} RFC822.SIZE {size})",
                b"* {number} FETCH ({items})",
                b"* {number} FETCH (UID {uid} FLAGS (\\Seen))",
            )
        ),
    ),
    _odd("answers backwards", "RFC 3501, 7.4.2", Wording(backwards=True)),
    _odd(
        "PEEK in the answer",
        "jstedfast/MailKit#954",
        Wording(items=(b"UID {uid}", b"RFC822.SIZE {size}", b'INTERNALDATE "{date}"', b"BODY.PEEK{part} {body}")),
    ),
    _odd(
        "no INTERNALDATE and no size",
        "issue 12",
        Wording(items=(b"UID {uid}", b"RFC822.SIZE NIL", b"BODY{part} {body}")),
    ),
    _odd(
        "a size that is wrong",
        "jstedfast/MailKit#954",
        Wording(items=(b"UID {uid}", b"RFC822.SIZE 4294967296999", b'INTERNALDATE "{date}"', b"BODY{part} {body}")),
    ),
    _odd("IDLE offered and refused", "smiley22/S22.Imap#167", Wording(idle=b"NO not for you")),
    _odd("it says what it can do to those it knows", "nextcloud/mail#7334", Wording(capability_outside="")),
    _odd("no password by LOGIN", "RFC 3501, 6.2.3", Wording(capability_outside="IMAP4rev1 LOGINDISABLED AUTH=PLAIN")),
    _odd("passwords by AUTH=LOGIN only", "issue 12", Wording(capability_outside="IMAP4rev1 LOGINDISABLED AUTH=LOGIN")),
    _odd(
        "folders listed with more than asked for refused",
        "floatpane/matcha#1433",
        Wording(),
        capabilities="IMAP4rev1 SPECIAL-USE LIST-EXTENDED-NOT IDLE",
    ),
    _odd(
        "odd lines in the list",
        "jstedfast/MailKit#482 (a folder named NIL)",
        Wording(),
        Box(b"* LIST (", "x", openable=False),
        Box(b"* LIST", "y", openable=False),
        Box(b'* LIST () "/" "', "z", openable=False),
        Box(b'* LIST () "/" NIL', "NIL", "NIL"),
        Box(b'* LIST () "/" ~{7}\r\nClients', "Clients", "Clients"),
        Box(b'* LIST () "/" "the "odd" one"', 'the "odd" one', 'the "odd" one'),
    ),
    _odd(
        "names that are not in modified UTF-7",
        "RFC 3501, 5.1.3; old servers write what their machine does, newer ones UTF-8",
        Wording(),
        Box('* LIST () "/" "Café"'.encode("latin-1"), "Café", "Café"),
        Box('* LIST () "/" "Società"'.encode(), "Società".encode().decode("latin-1"), "Società"),
        Box(b'* LIST () "/" "R&D"', "R&D", "R&D"),
        Box(b'* LIST () "/" "R&-D"', "R&-D", "R&D (R&-D)"),
    ),
)
