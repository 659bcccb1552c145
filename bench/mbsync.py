"""mbsync, of Debian's package isync: the C program that people mirror mailboxes with."""

import shutil
import subprocess
from pathlib import Path
from time import perf_counter

from models.mailbox import MailServer

_CONFIG = """
IMAPAccount bench
Host {host}
Port {port}
User {username}
Pass {password}
SSLType None
AuthMechs LOGIN

IMAPStore far
Account bench

MaildirStore near
Path {folder}/near/
Inbox {folder}/near/inbox

Channel all
Far :far:
Near :near:
Patterns INBOX
Sync PullNew
Create Near
SyncState *
"""


def is_here() -> bool:
    return shutil.which("mbsync") is not None


def mirror(folder: Path, server: MailServer, username: str, password: str) -> float:
    """Seconds until the whole INBOX lies in a Maildir below `folder`, each message flushed (FSync, its default)."""
    config = folder / "config"
    known = {"host": server.host, "port": server.port, "username": username, "password": password}
    config.write_text(_CONFIG.format(folder=folder, **known))
    (folder / "near").mkdir()
    begun = perf_counter()
    subprocess.run(["mbsync", "-q", "-c", config, "all"], check=True, capture_output=True)
    return perf_counter() - begun
