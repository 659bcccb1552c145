"""NOTIFY (RFC 5465): what happens in other folders is told, too."""

from tests.support.servers.imap.folders import ServedFolder
from tests.support.servers.imap.talk import Talk


class Notifying(Talk):
    """`known` is how the other folders stood when they were told of last; None: nobody asked to be told."""

    known: dict[str, tuple[int, int]] | None = None

    async def notify(self, rest: bytes) -> bytes:
        if "NOTIFY" not in self.server.capabilities:
            return b"BAD what is that"
        self.known = self._standing() if rest.startswith(b"SET (SELECTED") else None
        return b"OK done"

    async def tell_of_others(self, open_folder: ServedFolder | None) -> None:
        before, self.known = self.known, self._standing() if self.known is not None else None
        for folder in self.server.folders:
            if before is not None and folder is not open_folder and before.get(folder.name) != _stands(folder):
                await self.line(self.server.wording.of_folder(self.server.wording.status, folder, len(folder.messages)))

    def _standing(self) -> dict[str, tuple[int, int]]:
        return {folder.name: _stands(folder) for folder in self.server.folders}


def _stands(folder: ServedFolder) -> tuple[int, int]:
    return folder.uidnext, len(folder.messages)
