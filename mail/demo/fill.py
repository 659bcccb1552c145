"""The past of the demo: its mail, put where the server finds it at its first start."""

import shutil
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from mail.demo.kept import KeptFolder
from mail.demo.letters import PastMessage, past_mail, thread_in_two
from mail.demo.users import COLLEAGUE, STUDIO


class Folder(Protocol):
    """Of a mailbox, as its server keeps it."""

    def keep(self, raw: bytes, received_at: datetime) -> object: ...


def _kept(folder: Path, mailbox: str, name: str) -> Folder:
    return KeptFolder(folder, mailbox=mailbox, name=name)


def fill(folder: Path, *, now: datetime, open_folder: Callable[[Path, str, str], Folder] = _kept) -> int:
    """How many messages were put there. A mailbox that exists already is left alone.

    Each mailbox whole or not at all, also when killed half-way. Only while no server runs on `folder`.
    `open_folder`: a folder of a mailbox, by both names, as the server wants it.
    """
    missing = {user.address for user in (STUDIO, COLLEAGUE) if not (folder / user.address).exists()}
    messages = [message for message in _past(now) if message.mailbox in missing] if missing else []
    unfinished = folder / ".filling"
    shutil.rmtree(unfinished, ignore_errors=True)
    of = cache(open_folder)
    for message in messages:
        of(unfinished, message.mailbox, message.folder).keep(message.raw, message.received_at)
    for mailbox in missing:
        (unfinished / mailbox).rename(folder / mailbox)
    if missing:
        unfinished.rmdir()
    return len(messages)


def _past(now: datetime) -> list[PastMessage]:
    return sorted([*past_mail(now), *thread_in_two(now)], key=lambda message: message.received_at)
