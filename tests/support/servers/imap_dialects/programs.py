"""Programs that firms and their hosts run themselves."""

from tests.support.servers.imap import Wording
from tests.support.servers.imap_dialects.dialect import Box, Dialect, listed

_DOVECOT = Dialect(
    "Dovecot",
    "nextcloud/mail#4869 (log)",
    b"* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ AUTH=PLAIN] Dovecot ready.\r\n",
    "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT THREAD=REFERENCES MULTIAPPEND UNSELECT CHILDREN NAMESPACE"
    " UIDPLUS LIST-EXTENDED CONDSTORE QRESYNC ESEARCH WITHIN LIST-STATUS BINARY MOVE LITERAL+ NOTIFY SPECIAL-USE QUOTA",
    (
        listed("\\HasChildren", ".", "INBOX", "INBOX", quotes=False),
        listed("\\HasNoChildren \\UnMarked \\Sent", ".", "INBOX.Sent", "INBOX.Sent", quotes=False),
        listed("\\HasNoChildren \\UnMarked \\Trash", ".", "INBOX.Trash", quotes=False),
        Box(b'* LIST (\\HasNoChildren \\Drafts) "." {12}\r\nINBOX.Drafts', "INBOX.Drafts"),
    ),
    Wording(
        examine=(
            b"* OK [CLOSED] Previous mailbox closed.",
            b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)",
            b"* OK [PERMANENTFLAGS ()] Read-only mailbox.",
            b"* {exists} EXISTS",
            b"* 0 RECENT",
            b"* OK [UIDVALIDITY {validity}] UIDs valid",
            b"* OK [UIDNEXT {next}] Predicted next UID",
        ),
        examined=b"OK [READ-ONLY] Examine completed (0.001 + 0.000 secs).",
        signed_in=b"OK [CAPABILITY IMAP4rev1] Logged in",
    ),
    uidvalidity=1_560_264_811,
)

_CYRUS = Dialect(
    "Cyrus 2.4",
    "cyrusimap/cyrus-imapd#1967 (changes of flags between), imapd.conf: specialusealways (marks where asked for)",
    b"* OK [CAPABILITY IMAP4rev1 LITERAL+ ID ENABLE AUTH=PLAIN] mail Cyrus IMAP v2.4.17 server ready\r\n",
    "IMAP4rev1 LITERAL+ ID ENABLE ACL QUOTA NAMESPACE UIDPLUS CHILDREN MULTIAPPEND BINARY CATENATE CONDSTORE ESEARCH"
    " SORT LIST-EXTENDED SPECIAL-USE WITHIN QRESYNC XLIST IDLE",
    (
        listed("\\HasChildren", ".", "INBOX", "INBOX"),
        listed("\\HasNoChildren \\Sent", ".", "INBOX.Verschickt", "INBOX.Verschickt"),
        listed("\\HasNoChildren \\Trash", ".", "INBOX.Weg"),
    ),
    Wording(
        marks_on_request=True,
        between=(
            b"* 1 FETCH (FLAGS (\\Recent $X-ME-Annot-2) UID 1)",
            b"* 2 FETCH (FLAGS (\\Seen))",
            b"* {exists} EXISTS",
        ),
        examined=b"OK [READ-ONLY] Completed",
    ),
    uidvalidity=1_239_821_276,
)

_COURIER = Dialect(
    "Courier",
    "courier-mta.org/imap; NO without a code, the folder's numbers in its own order",
    b"* OK [CAPABILITY IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT SORT QUOTA IDLE ACL] Courier-IMAP"
    b" ready. Copyright 1998-2018 Double Precision, Inc.\r\n",
    "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE ACL ACL2=UNION",
    (
        listed("\\Unmarked \\HasChildren", ".", "INBOX", "INBOX"),
        listed("\\HasNoChildren", ".", "INBOX.Sent", "INBOX.Sent"),
        listed("\\HasNoChildren", ".", "INBOX.Drafts"),
        listed("\\Marked \\HasNoChildren", ".", "INBOX.Trash"),
    ),
    Wording(
        examine=(
            b"* FLAGS ($MDNSent \\Draft \\Answered \\Flagged \\Deleted \\Seen \\Recent)",
            b"* OK [PERMANENTFLAGS ()] No permanent flags permitted",
            b"* {exists} EXISTS",
            b"* 0 RECENT",
            b"* OK [UIDVALIDITY {validity}] Ok",
            b'* OK [MYRIGHTS "acdilrsw"] ACL',
        ),
        examined=b"OK [READ-ONLY] Ok",
        status_of_open=b"OK STATUS Completed.",
        signed_in=b"OK LOGIN Ok.",
    ),
    uidvalidity=1_118_134_222,
)

_DOMINO = Dialect(
    "Domino",
    "IndySockets/Indy#329 (names with blanks and no quotes, \\ between), jstedfast/MailKit#1236 (INTERNALDATE of no"
    " day)",
    b"* OK Domino IMAP4 Server Release 10.0.1 ready Mon, 30 Nov 2026 08:01:00 +0100\r\n",
    "IMAP4rev1 AUTH=PLAIN LITERAL+ NAMESPACE QUOTA UIDPLUS",
    (
        Box(b'* LIST (\\HasNoChildren) "\\\\" Inbox', "Inbox", "Inbox"),
        Box(b'* LIST (\\HasNoChildren) "\\\\" Sent', "Sent", "Sent"),
        Box(b'* LIST (\\HasNoChildren) "\\\\" Drafts', "Drafts"),
        Box(b'* LIST (\\Noselect \\HasChildren) "\\\\" Folder', "Folder"),
        Box(b'* LIST (\\HasNoChildren) "\\\\" Folder\\Subfolder 1', "Folder\\Subfolder 1", "Folder\\Subfolder 1"),
    ),
    Wording(
        items=(b"UID {uid}", b"RFC822.SIZE {size}", b'INTERNALDATE "00-Jan-0000 00:00:00 +0000"', b"BODY{part} {body}"),
    ),
    uidvalidity=9_023_764,
)

_GROUPWISE = Dialect(
    "GroupWise",
    "novell.com/documentation/groupwise (IMAP); no marks, its own folders beside, dates without a zone",
    b"* OK mail.firm.test GroupWise IMAP4rev1 Server Ready\r\n",
    "IMAP4rev1 ACL AUTH=PLAIN NAMESPACE QUOTA XGWEXTENSIONS XGWMOVE SASL-IR LITERAL+ UIDPLUS",
    (
        listed("\\NoInferiors \\UnMarked", "/", "INBOX", "INBOX"),
        listed("\\HasNoChildren", "/", "Sent Items", "Sent Items"),
        listed("\\HasNoChildren", "/", "Trash"),
    ),
    Wording(
        items=(
            b"UID {uid}",
            b'INTERNALDATE "Sun, 01 Mar 2026 09:30:00 +0000"',
            b"RFC822.SIZE {size}",
            b"BODY{part} {body}",
        ),
        backwards=True,
    ),
)

_ZIMBRA = Dialect(
    "Zimbra",
    "mscdex/node-imap#20 (a folder without a name), its Chats and calendars",
    b"* OK IMAP4rev1 proxy server ready\r\n",
    "IMAP4rev1 ACL BINARY CATENATE CHILDREN CONDSTORE ENABLE ESEARCH ID IDLE LIST-EXTENDED LIST-STATUS LITERAL+"
    " MULTIAPPEND NAMESPACE QRESYNC QUOTA SASL-IR SEARCHRES SORT SPECIAL-USE UIDPLUS UNSELECT WITHIN XLIST",
    (
        Box(b'* LIST (\\NoSelect) "/" ""', "", openable=False),
        listed("\\HasNoChildren", "/", "INBOX", "INBOX"),
        listed("\\HasNoChildren \\Sent", "/", "Sent", "Sent"),
        listed("\\HasNoChildren \\Junk", "/", "Junk"),
        listed("\\HasNoChildren \\Drafts", "/", "Drafts"),
    ),
    Wording(signed_in=b"OK [CAPABILITY IMAP4rev1] LOGIN completed"),
)

_HMAIL = Dialect(
    "hMailServer",
    "hmailserver/hmailserver#459 (logs); sent mail without a mark",
    b"* OK IMAPrev1\r\n",
    "IMAP4 IMAP4rev1 CHILDREN IDLE QUOTA SORT ACL NAMESPACE RIGHTS=texk",
    (
        listed("\\HasNoChildren", ".", "INBOX", "INBOX"),
        listed("\\HasNoChildren", ".", "Sent Items", "Sent Items"),
        listed("\\HasNoChildren", ".", "Trash"),
    ),
    Wording(
        examine=(
            b"* {exists} EXISTS",
            b"* 0 RECENT",
            b"* FLAGS (\\Deleted \\Seen \\Draft \\Answered \\Flagged)",
            b"* OK [UIDVALIDITY {validity}] current uidvalidity",
            b"* OK [UNSEEN 1] unseen messages",
            b"* OK [UIDNEXT {next}] next uid",
            b"* OK [PERMANENTFLAGS ()] limited",
        ),
        items=(b"RFC822.SIZE {size}", b"UID {uid}", b'INTERNALDATE "{date}"', b"BODY{part} {body}"),
        search=b"* SEARCH{uids} ",
    ),
    uidvalidity=1_365_085_213,
)

_MDAEMON = Dialect(
    "MDaemon",
    "help.altn.com/mdaemon (IMAP); folders end in .IMAP on disk, lower case answers",
    b"* OK firm.test IMAP4rev1 MDaemon 23.0.1 ready\r\n",
    "IMAP4rev1 NAMESPACE AUTH=PLAIN IDLE ACL UNSELECT UIDPLUS ID CHILDREN QUOTA SPECIAL-USE",
    (
        listed("\\Marked", "/", "INBOX", "INBOX"),
        listed("\\Sent", "/", "Sent Items", "Sent Items"),
        listed("\\Trash", "/", "Deleted Items"),
    ),
    Wording(
        examine=(b"* ok [uidvalidity {validity}]", b"* ok [uidnext {next}]", b"* {exists} exists", b"* 0 recent"),
        examined=b"ok examine completed",
        status=b'* status "{name}" (messages {exists} uidnext {next} uidvalidity {validity})',
        search=b"* search{uids}",
        searched=b"ok done",
        fetch=(b"* {number} fetch ({items})",),
        items=(b"uid {uid}", b"UID {uid}", b"RFC822.SIZE {size}", b'INTERNALDATE "{date}"', b"BODY{part} {body}"),
    ),
)

_WINMAIL = Dialect(
    "Winmail Pro",
    "modern-email/defects#43 (UIDNEXT by STATUS only)",
    b"* OK firm.test Winmail Pro Mail Server IMAP4 ready\r\n",
    "IMAP4rev1 UIDPLUS IDLE AUTH=LOGIN AUTH=PLAIN",
    (listed("", "/", "INBOX", "INBOX"), listed("", "/", "Sent", "Sent"), listed("", "/", "Trash")),
    Wording(
        examine=(b"* FLAGS (\\Draft)", b"* {exists} EXISTS", b"* 0 RECENT", b"* OK [UIDVALIDITY {validity}] Ok"),
        examined=b"OK [READ-ONLY] Ok EXAMINE completed",
        status=b'* STATUS "{name}" (MESSAGES {exists} UIDNEXT {next} UIDVALIDITY {validity})',
    ),
    uidvalidity=1_697_802_109,
)

_XEAMS = Dialect(
    "Xeams",
    "nextcloud/mail#10199 and postalsys/imapflow#237 (EXAMINE tells no UIDVALIDITY)",
    b"* OK Xeams IMAP server ready\r\n",
    "IMAP4rev1 AUTH=PLAIN IDLE",
    (listed("", "/", "INBOX", "INBOX"), listed("", "/", "Sent", "Sent")),
    Wording(
        examine=(b"* {exists} EXISTS", b"* 0 RECENT", b"* OK [UIDNEXT {next}] next"),
        status=b"* STATUS {name} (MESSAGES {exists} UIDNEXT {next})",
    ),
)

_SEINE = Dialect(
    "Yahoo Japan and SEINE",
    "emailjs/emailjs-imap-client#27 and #36 (NIL between folders, words among what it can do)",
    b"* OK [CAPABILITY IMAP4rev1 LITERAL+] IMAP4rev1 SEINE IMAP server ready (0.17.131210.01)\r\n",
    "SEINE IMAP server IMAP4rev1 LITERAL+",
    (
        Box(b'* LIST (\\NoInferiors) NIL "INBOX"', "INBOX", "INBOX"),
        Box(b'* LIST (\\NoInferiors \\UnMarked) NIL "Sent Messages"', "Sent Messages", "Sent Messages"),
        listed("\\NoInferiors \\UnMarked", "/", "Drafts"),
    ),
)

_GREENMAIL = Dialect(
    "GreenMail and smtp4dev",
    "rnwood/smtp4dev#1519 (log), a UIDVALIDITY of milliseconds",
    b"* OK smtp4dev\r\n",
    "IMAP4rev1 LITERAL+ UIDPLUS SORT IDLE MOVE QUOTA",
    (listed("", ".", "INBOX", "INBOX"), listed("", ".", "Sent", "Sent")),
    uidvalidity=1_797_802_109_123,
)

PROGRAMS = (
    *(_DOVECOT, _CYRUS, _COURIER, _DOMINO, _GROUPWISE, _ZIMBRA),
    *(_HMAIL, _MDAEMON, _WINMAIL, _XEAMS, _SEINE, _GREENMAIL),
)
