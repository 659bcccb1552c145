"""A folder of a mailbox as Dovecot keeps it (Maildir++): one file for each message, whose time is when it came."""

import os
import time
from datetime import datetime
from itertools import count
from pathlib import Path

from models.ground.embedded.programs import User

_numbers = count()


class Maildir:
    """
    <folder>/<mailbox>/{cur,new,tmp}           INBOX
    <folder>/<mailbox>/.Clients/{cur,new,tmp}  the folder Clients

    All belongs to `user`, as whom Dovecot runs: whoever else writes here is root.
    """

    def __init__(self, folder: Path, mailbox: str, name: str, *, user: User) -> None:
        self._user = user
        self.path = folder / mailbox / ("" if name == "INBOX" else f".{name}")
        for place in (folder, folder / mailbox, self.path, *(self.path / part for part in ("cur", "new", "tmp"))):
            if not place.exists():
                place.mkdir(mode=0o700)
                self._give(place)

    def keep(self, raw: bytes, received_at: datetime) -> Path:
        """Written whole or not at all; who is in IDLE there is told. `received_at` must know its time zone."""
        seconds = int(received_at.timestamp())
        name = f"{seconds}.M{next(_numbers):06}P{os.getpid()}T{time.time_ns()}.demo"  # in the order of their coming
        unfinished = self.path / "tmp" / name
        unfinished.write_bytes(raw)
        os.utime(unfinished, (seconds, seconds))
        self._give(unfinished)
        return unfinished.rename(self.path / "new" / name)

    def _give(self, path: Path) -> None:
        if not self._user.is_me:
            os.chown(path, self._user.uid, self._user.gid)
