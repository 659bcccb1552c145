"""The past of the demo: its mail, put where the server finds it at its first start."""

import shutil
from datetime import datetime
from pathlib import Path

from mail.demo.kept import KeptFolder
from mail.demo.letters import past_mail
from mail.demo.users import STUDIO


def fill(folder: Path, *, now: datetime) -> int:
    """How many messages were put there; 0 if the firm's mailbox exists already: then it is left alone.

    All or nothing, also when killed half-way. Only while no server runs on `folder`.
    """
    if (folder / STUDIO.address).exists():
        return 0
    unfinished = folder / ".filling"
    shutil.rmtree(unfinished, ignore_errors=True)
    folders = {name: KeptFolder(unfinished, mailbox=STUDIO.address, name=name) for name in ("INBOX", "Sent")}
    kept = [folders[message.folder].keep(message.raw, message.received_at) for message in past_mail(now)]
    (unfinished / STUDIO.address).rename(folder / STUDIO.address)
    unfinished.rmdir()
    return len(kept)
