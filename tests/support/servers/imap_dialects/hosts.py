"""Large providers."""

from tests.support.servers.imap import Wording
from tests.support.servers.imap_dialects.dialect import Box, Dialect, listed

_GMAIL = Dialect(
    "Gmail",
    "developers.google.com/gmail/imap; jstedfast/MailKit#1396 ([THROTTLED] behind OK), emersion/go-imap#561"
    " (CAPABILITY by itself), modern-email/defects#28 (a code and no words), jstedfast/MailKit#51 (odd labels)",
    b"* OK Gimap ready for requests from 192.0.2.7 x2mb241876667wmk\r\n",
    "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS COMPRESS=DEFLATE ENABLE MOVE"
    " CONDSTORE ESEARCH UTF8=ACCEPT LIST-EXTENDED LIST-STATUS LITERAL- SPECIAL-USE APPENDLIMIT=35651584",
    (
        listed("\\HasNoChildren", "/", "INBOX"),
        listed("\\HasNoChildren", "/", "Clients/R&APY-sler"),
        listed("\\HasChildren \\Noselect", "/", "[Gmail]"),
        listed("\\All \\HasNoChildren", "/", "[Gmail]/Alle Nachrichten", "[Gmail]/Alle Nachrichten"),
        listed("\\Drafts \\HasNoChildren", "/", "[Gmail]/Entw&APw-rfe"),
        listed("\\HasNoChildren \\Sent", "/", "[Gmail]/Gesendet"),
        listed("\\HasNoChildren \\Junk", "/", "[Gmail]/Spam"),
        listed("\\HasNoChildren \\Trash", "/", "[Gmail]/Papierkorb"),
        listed("\\Flagged \\HasNoChildren", "/", "[Gmail]/Markiert"),
        listed("\\HasNoChildren \\Important", "/", "[Gmail]/Wichtig"),
    ),
    Wording(
        listed=b"OK Success [THROTTLED]",
        examine=(
            b"* FLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen $NotPhishing $Phishing)",
            b"* OK [PERMANENTFLAGS ()] Flags permitted.",
            b"* OK [UIDVALIDITY {validity}] UIDs valid.",
            b"* {exists} EXISTS",
            b"* 0 RECENT",
            b"* OK [UIDNEXT {next}] Predicted next UID.",
            b"* OK [HIGHESTMODSEQ 15248913]",
        ),
        examined=b"OK [READ-ONLY] [Gmail]/Alle Nachrichten selected. (Success) [THROTTLED]",
        items=(
            b'X-GM-LABELS ({labels} [Mailbox] "\\\\Important" "Muy Importante")',
            b"UID {uid}",
            b"RFC822.SIZE {size}",
            b'INTERNALDATE "{date}"',
            b"BODY{part} {body}",
        ),
        signed_in=b"OK anna@firm.test authenticated (Success)",
        capability_outside="IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 XYZZY SASL-IR"
        " AUTH=XOAUTH2 AUTH=PLAIN AUTH=PLAIN-CLIENTTOKEN AUTH=OAUTHBEARER",
    ),
    uidvalidity=11,
    first_uid=160_528,
    drafts_in_all_mail=True,
)

_MICROSOFT = Dialect(
    "Microsoft 365",
    "jstedfast/MailKit#1494 and #638 (logs), jstedfast/MailKit#945 (tabs in a name without quotes)",
    b"* OK The Microsoft Exchange IMAP4 service is ready. [RgBSADMAUAAyADgAMQBDAEEAMAAxADUANwAu]\r\n",
    "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CLIENTACCESSRULES"
    " CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE CHILDREN IDLE NAMESPACE LITERAL+",
    (
        listed("\\HasNoChildren \\Drafts", "/", "Drafts", quotes=False),
        listed("\\Marked \\HasNoChildren", "/", "INBOX", "INBOX", quotes=False),
        listed("\\HasNoChildren \\Sent", "/", "Sent Items", "Sent Items"),
        listed("\\HasNoChildren \\Trash", "/", "Deleted Items"),
        listed("\\HasNoChildren \\Junk", "/", "Junk Email"),
        listed("\\HasNoChildren", "/", "Outbox", quotes=False),
        Box(b'* LIST (\\HasNoChildren) "/" Da\tOggetto\tRicevuto\t', "Da\tOggetto\tRicevuto", "Da\tOggetto\tRicevuto"),
    ),
    Wording(
        examine=(
            b"* {exists} EXISTS",
            b"* {exists} RECENT",
            b"* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)",
            b"* OK [PERMANENTFLAGS ()] Permanent flags",
            b"* OK [UNSEEN 1] Is the first unseen message",
            b"* OK [UIDVALIDITY {validity}] UIDVALIDITY value",
            b"* OK [UIDNEXT {next}] The next unique identifier value",
        ),
        examined=b"OK [READ-ONLY] EXAMINE completed.",
        status=b"* STATUS {name} (MESSAGES {exists} UIDNEXT {next} UIDVALIDITY {validity}) ",
        items=(b'INTERNALDATE "{date}"', b"RFC822.SIZE 1", b"BODY{part} {body}", b"UID {uid}"),
        capability_outside="IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE NAMESPACE"
        " LITERAL+",
    ),
    uidvalidity=14,
    first_uid=51,
)

_YAHOO = Dialect(
    "Yahoo",
    "jstedfast/MailKit#242 and #358 (logs: Inbox, the same UIDVALIDITY for all, no IDLE), whiteout-io/imap-client#40",
    b"* OK [CAPABILITY IMAP4rev1 ID MOVE NAMESPACE X-ID-ACLID UIDPLUS LITERAL+ CHILDREN AUTH=PLAIN AUTH=XOAUTH2]"
    b" IMAP4rev1 imapgate-1.8.1_01.20166\r\n",
    "IMAP4rev1 ID MOVE NAMESPACE X-ID-ACLID UIDPLUS LITERAL+ XAPPLEPUSHSERVICE XYMHIGHESTMODSEQ",
    (
        listed("\\HasNoChildren \\Junk", "/", "Bulk Mail"),
        listed("\\Drafts \\HasNoChildren", "/", "Draft"),
        listed("\\Inbox \\HasNoChildren", "/", "Inbox", "Inbox"),
        listed("\\Sent \\HasNoChildren", "/", "Sent", "Sent"),
        listed("\\Trash \\HasNoChildren", "/", "Trash"),
    ),
    Wording(
        examine=(
            b"* {exists} EXISTS",
            b"* 0 RECENT",
            b"* OK [UIDVALIDITY {validity}] UIDs valid",
            b"* OK [UIDNEXT {next}] Predicted next UID",
            b"* FLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen $Forwarded $Junk $NotJunk)",
            b"* OK [PERMANENTFLAGS ()] No permanent flags permitted",
            b"* OK [HIGHESTMODSEQ 102784]",
        ),
        examined=b"OK [READ-ONLY] EXAMINE completed; now in selected state",
        signed_in=b"OK AUTHENTICATE completed - Mailbox size in bytes is 7150780663",
    ),
    first_uid=333_878,
)

_ICLOUD = Dialect(
    "iCloud",
    "nextcloud/mail#3401 (log: no marks, LIST-STATUS), modern-email/defects#36 (BODY[] only),"
    " Foundry376/Mailspring-Sync#91",
    b"* OK [CAPABILITY XAPPLEPUSHSERVICE IMAP4 IMAP4rev1 SASL-IR AUTH=ATOKEN AUTH=PLAIN] (2109B29-d3afe4d5aba6)\r\n",
    "XAPPLEPUSHSERVICE IMAP4 IMAP4rev1 CONDSTORE ENABLE QRESYNC QUOTA NAMESPACE UIDPLUS CHILDREN BINARY UNSELECT SORT"
    " ESEARCH WITHIN SASL-IR SEARCHRES METADATA ID IDLE LIST-STATUS",
    (
        listed("\\Noinferiors", "/", "INBOX", "INBOX"),
        listed("", "/", "Deleted Messages"),
        listed("", "/", "Drafts"),
        listed("", "/", "Junk"),
        listed("", "/", "Sent Messages", "Sent Messages"),
    ),
    Wording(
        examined=b"OK [READ-ONLY] EXAMINE completed (took 4 ms)",
        fetch=(b"* {number} FETCH (UID {uid} RFC822.SIZE {size})", b"* {number} FETCH ({items})"),
    ),
    uidvalidity=1_404_123_456,
)

_NETEASE = Dialect(
    "Netease (163.com, Coremail)",
    "pimalaya/himalaya#651 and OfflineIMAP/offlineimap#696 (ID before a folder), chatmail/core#5049 and"
    " modern-email/defects#15 (no UIDNEXT anywhere), smiley22/S22.Imap#167 (no IDLE)",
    b"* OK Coremail System IMap Server Ready(163com[10774b260cc7a37d26d71b52404dcf5c])\r\n",
    "IMAP4rev1 XLIST SPECIAL-USE ID LITERAL+ STARTTLS APPENDLIMIT=71680000 UIDPLUS X-CM-EXT-1 SASL-IR AUTH=XOAUTH2",
    (
        listed("", "/", "INBOX", "INBOX"),
        listed("\\Drafts", "/", "&g0l6P3ux-"),
        listed("\\Sent", "/", "&XfJT0ZAB-", "已发送"),
        listed("\\Trash", "/", "&XfJSIJZk-"),
        listed("\\Junk", "/", "&V4NXPpCuTvY-"),
    ),
    Wording(
        examine=(b"* {exists} EXISTS", b"* 0 RECENT", b"* OK [UIDVALIDITY {validity}] UIDs valid", b"* FLAGS (\\Seen)"),
        examined=b"OK [READ-ONLY] EXAMINE completed",
        unless_introduced=b"NO EXAMINE Unsafe Login. Please contact kefu@188.com for help",
        status=b'* STATUS "{name}" ()',
    ),
    first_uid=1_320_000_000,
)

_QQ = Dialect(
    "QQ (exmail)",
    "modern-email/defects#40 (runs of UIDs ascending only); its folders without marks",
    b"* OK [CAPABILITY IMAP4 IMAP4rev1 ID AUTH=PLAIN AUTH=LOGIN AUTH=XOAUTH2 NAMESPACE] QQMail XMIMAP4Server ready\r\n",
    "IMAP4 IMAP4rev1 XLIST MOVE IDLE XAPPLEPUSHSERVICE NAMESPACE CHILDREN ID UIDPLUS COMPRESS=DEFLATE",
    (
        listed("\\HasNoChildren", "/", "INBOX", "INBOX"),
        listed("\\HasNoChildren", "/", "Sent Messages", "Sent Messages"),
        listed("\\HasNoChildren", "/", "Drafts"),
        listed("\\HasNoChildren", "/", "Deleted Messages"),
        listed("\\NoSelect \\HasChildren", "/", "&UXZO1mWHTvZZOQ-"),
    ),
    Wording(signed_in=b"OK Success login ok"),
)

_YANDEX = Dialect(
    "Yandex",
    "yandex.com/support/mail; its folders with | between and marks",
    b"* OK Yandex IMAP4rev1 at iva5-1a2b3c.qloud-c.yandex.net:993 ready to talk with ::ffff:192.0.2.7:12345, 2026\r\n",
    "IMAP4rev1 CHILDREN UNSELECT LITERAL+ NAMESPACE XLIST UIDPLUS ENABLE ID IDLE MOVE",
    (
        listed("\\HasNoChildren \\Unmarked \\NoInferiors", "|", "INBOX", "INBOX"),
        listed("\\HasNoChildren \\Unmarked \\Sent", "|", "Sent", "Sent"),
        listed("\\HasNoChildren \\Unmarked \\Drafts", "|", "Drafts"),
        listed("\\HasNoChildren \\Unmarked \\Junk", "|", "Spam"),
        listed("\\HasNoChildren \\Unmarked \\Trash", "|", "Trash"),
    ),
    Wording(
        signed_in=b"OK LOGIN Completed.",
        capability_outside="IMAP4rev1 CHILDREN UNSELECT LITERAL+ NAMESPACE XLIST UIDPLUS ENABLE ID AUTH=PLAIN"
        " AUTH=XOAUTH2 IDLE MOVE",
    ),
    uidvalidity=1_331_814_932,
)

_GMX = Dialect(
    "GMX and WEB.DE",
    "hilfe.gmx.net (IMAP); German names, marks only where they are asked for",
    b"* OK [CAPABILITY IMAP4rev1 CHILDREN ENABLE ID IDLE LIST-EXTENDED LIST-STATUS LITERAL- MOVE NAMESPACE SASL-IR SORT"
    b" SPECIAL-USE UIDPLUS UNSELECT WITHIN AUTH=LOGIN AUTH=PLAIN] IMAP server ready H mieue109 1MPXta-1\r\n",
    "IMAP4rev1 CHILDREN ENABLE ID IDLE LIST-EXTENDED LIST-STATUS LITERAL- MOVE NAMESPACE SASL-IR SORT SPECIAL-USE"
    " THREAD=ORDEREDSUBJECT UIDPLUS UNSELECT WITHIN AUTH=LOGIN AUTH=PLAIN",
    (
        listed("\\HasNoChildren \\Drafts", "/", "Entw&APw-rfe", quotes=False),
        listed("\\HasNoChildren \\Sent", "/", "Gesendet", "Gesendet", quotes=False),
        listed("\\HasNoChildren \\Trash", "/", "Gel&APY-scht", quotes=False),
        listed("\\HasNoChildren \\Junk", "/", "Spamverdacht", quotes=False),
        listed("\\HasNoChildren", "/", "INBOX", "INBOX", quotes=False),
    ),
    Wording(marks_on_request=True, signed_in=b"OK LOGIN completed"),
    uidvalidity=1_128_431_742,
)

_ARUBA = Dialect(
    "Aruba PEC",
    "guide.pec.it (folders); everything lies below INBOX, Italian names without marks",
    b"* OK IMAP4 ready\r\n",
    "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE AUTH=PLAIN",
    (
        Box(b'* LIST (\\Unmarked \\HasChildren) "." "INBOX"', "INBOX", "INBOX"),
        listed("\\HasNoChildren", ".", "INBOX.Posta inviata", "INBOX.Posta inviata"),
        listed("\\HasNoChildren", ".", "INBOX.Bozze"),
        listed("\\HasNoChildren", ".", "INBOX.Societ&AOA-", "INBOX.Società"),
        listed("\\HasNoChildren", ".", "INBOX.Cestino"),
        listed("\\HasNoChildren", ".", "INBOX.Spam"),
    ),
    Wording(examined=b"OK [READ-ONLY] Ok"),
    uidvalidity=1_215_508_912,
)

HOSTS = (_GMAIL, _MICROSOFT, _YAHOO, _ICLOUD, _NETEASE, _QQ, _YANDEX, _GMX, _ARUBA)
