"""What lies on two mail servers, and what happens there; the rules (rules.py) are told."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from models.ground import clock
from models.mailbox.folders import LONGEST_REST
from tests.support.emails.synced_mailbox import letter
from tests.support.rules.sync.rules import ADDRESSES, NOT_READ, STUDIO, Copy, Folders, Letter, Rules
from tests.support.servers.imap import ARRIVED, ImapServer, Served, ServedFolder

PEOPLE = [*(f"client{number}@client.test" for number in ADDRESSES), "nobody@elsewhere.test", "studio@firm.test"]
FOLDERS = ("INBOX", "Sent", "Clients", NOT_READ)
OTHER_NAMES = ("Clients", "Clients of old")
FUTURE = timedelta(days=25_000)


@dataclass
class Servers:
    """`refusing`: of each server the folder that cannot be opened."""

    servers: tuple[ImapServer, ImapServer]
    rules: Rules = field(default_factory=Rules)
    letters: dict[int, Letter] = field(default_factory=dict)
    copies: dict[bytes, Copy] = field(default_factory=dict)
    refusing: list[str | None] = field(default_factory=lambda: [None, None])

    def arrive(self, kind: tuple[Any, ...], places: tuple[int, ...], folder: int) -> None:
        new = Letter(len(self.letters), *kind)
        self.letters[new.number] = new
        for place in places:
            self._put(place, self._folder(place, folder), new)

    def copy(self, place: int, number: int, folder: int) -> None:
        """Of any letter that there ever was."""
        if self.letters:
            self._put(place, self._folder(place, folder), self.letters[number % len(self.letters)])

    def move(self, place: int, index: int, target: int) -> None:
        if found := self._pick(place, index):
            folder, message = found
            folder.expunge(message.uid)
            self._lay(place, self._folder(place, target), message.raw, message.received_at)

    def expunge(self, place: int, index: int) -> None:
        if found := self._pick(place, index):
            folder, message = found
            folder.expunge(message.uid)

    def renumber(self, place: int, folder: int) -> None:
        served = self._folder(place, folder)
        served.renumber()
        if box := self.rules.boxes[place]:
            box.scanned[served.name], box.unsure = False, True

    def rename(self, place: int) -> None:
        served = self._folder(place, FOLDERS.index("Clients"))
        served.name = next(name for name in OTHER_NAMES if name != served.name)
        if box := self.rules.boxes[place]:
            box.scanned[served.name], box.unsure = None, True

    def refuse(self, place: int, folder: int) -> None:
        """Until `relent`; what it says of its figures goes on."""
        self.relent(place)
        name = self.refusing[place] = self._folder(place, folder).name
        self.servers[place].say[f'EXAMINE "{name}"'] = b"{tag} NO [NOPERM] Keep out\r\n"
        if box := self.rules.boxes[place]:
            box.unsure = box.blurred = True

    def relent(self, place: int) -> None:
        """So much later that nothing rests any more."""
        self.servers[place].say.clear()
        self.refusing[place] = None
        passes(LONGEST_REST)

    def _folder(self, place: int, number: int) -> ServedFolder:
        return self.servers[place].folders[number]

    def _pick(self, place: int, index: int) -> tuple[ServedFolder, Served] | None:
        """One of all that lie in a mailbox."""
        there = [(folder, message) for folder in self.servers[place].folders for message in folder.messages]
        return there[index % len(there)] if there else None

    def there(self, place: int) -> Folders:
        """What is read of a mailbox."""
        read = [folder for folder in self.servers[place].folders if folder.name != NOT_READ]
        return {folder.name: [self.copies[message.raw] for message in folder.messages] for folder in read}

    def readable(self, place: int) -> Folders:
        return {name: copies for name, copies in self.there(place).items() if name != self.refusing[place]}

    def _put(self, place: int, folder: ServedFolder, new: Letter) -> None:
        copy = Copy(new, full=folder.name == "Sent" and bool(new.hidden))
        raw = raw_of(copy, place)
        self.copies[raw] = copy
        self._lay(place, folder, raw, received_at(new, place))

    def _lay(self, place: int, folder: ServedFolder, raw: bytes, at: datetime) -> None:
        """Where one lies already, the other is not known again."""
        copy = self.copies[raw]
        if (box := self.rules.boxes[place]) and any(copy in there for there in self.there(place).values()):
            box.doubtful.add(copy)
            box.doubled.add(copy)
        folder.append(raw, at)

    def fetched(self, place: int) -> Iterator[Copy]:
        """Whose bodies were asked for."""
        folders = {folder.name: folder for folder in self.servers[place].folders}
        name = ""
        for command in self.servers[place].commands:
            if command.startswith("EXAMINE"):
                name = command.split('"')[1]
            elif "BODY.PEEK[]" in command:
                uids = _numbers(command.split()[2])
                yield from (self.copies[message.raw] for message in folders[name].messages if message.uid in uids)


def _numbers(uids: str) -> set[int]:
    """Such as 1:3,7."""
    runs = [[int(end) for end in run.split(":")] for run in uids.split(",")]
    return {uid for run in runs for uid in range(run[0], run[-1] + 1)}


def received_at(new: Letter, place: int) -> datetime:
    """By the server's clock: letters come an hour apart, copies of one within seconds."""
    return ARRIVED + timedelta(hours=new.number, minutes=30, seconds=place)


def raw_of(copy: Copy, place: int) -> bytes:
    """As the server of this place got it."""
    new = copy.letter
    back = FUTURE if new.back is None else timedelta(seconds=new.number) - timedelta(hours=new.back)
    more = {"Received": f"by mx{place}.firm.test"}
    if copy.full:
        more["Bcc"] = ", ".join(PEOPLE[one] for one in sorted(new.hidden))
    raw = letter(
        PEOPLE[new.sender],
        [PEOPLE[one] for one in sorted(new.to or {STUDIO})],
        subject=str(new.number),
        text=f"This is letter {new.number}.",
        message_id=f"{new.number}@client.test",
        date=ARRIVED + timedelta(hours=new.number) + back,
        **more,
    )
    return raw if new.has_id else raw.replace(f"Message-ID: <{new.number}@client.test>\r\n".encode(), b"")


def passes(time: timedelta) -> None:
    moment = clock.now() + time
    clock.set_source(lambda: moment)


def folders() -> list[ServedFolder]:
    return [ServedFolder(name, f"\\{name}" if name in ("Sent", NOT_READ) else "") for name in FOLDERS]
