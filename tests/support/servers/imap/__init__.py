r"""A small honest IMAP server (RFC 3501 with IDLE, SPECIAL-USE, UIDPLUS, STARTTLS) with faults on demand. For tests.

    async with ImapServer(folders=[ServedFolder("INBOX"), ServedFolder("Sent", "\\Sent")]) as server:
        uid = server.inbox.append(raw)                # wakes whoever is idling
        server.inbox.expunge(uid)                     # told at the next command, or in the midst of UID FETCH
        server.inbox.renumber()                       # another UIDVALIDITY, UIDs from 1; open connections are cut
        server.password = "changed"
        server.cut_after = 997                        # cut after so many more bytes sent, in the midst of whatever it
                                                      # is; once: it is None again, and the next connection is whole
        server.cut_append_after = 997                 # the same of a message that is put there, of its own bytes
        server.reads.clear()                          # what is to be put there is not read until it is set again
        server.on_append = lambda folder, raw: …      # called when it is there, before anybody hears of it
        server.refused_uids.add(uid)                  # any FETCH that names it is answered NO, nothing sent
        server.on_fetch = lambda uid: …               # called before each message of a FETCH goes out
        server.say["LIST"] = b"* BYE\r\n"             # raw bytes for a command, "{tag}" filled in; b"" is silence
        server.greeting = b"…"                        # raw bytes for the first line
        server.wording = Wording(…)                   # how it says the rest: see tests/support/servers/imap_dialects
        server.commands, server.sent, server.server   # what came in; bytes sent; the MailServer to connect to

`say` also takes "UID FETCH", and a command to the letter such as 'EXAMINE "Sent"'. The words of a sign-in are not kept
in `commands`.
"""

from tests.support.servers.imap.folders import ARRIVED, Served, ServedFolder
from tests.support.servers.imap.server import ImapServer
from tests.support.servers.imap.wording import Wording

__all__ = ["ARRIVED", "ImapServer", "Served", "ServedFolder", "Wording"]
