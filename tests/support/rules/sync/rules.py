"""
What two mailboxes and their switches must lead to, in plain Python: R18, R21, R22, R24, R38, R44 and the two ways to
disconnect. It is told what the servers hold, and says what the firm has then.

Where a look ends halfway nobody can say what it still did. So everything is said twice: what there is at least, and at
most. Whoever compares says what there really is (`settle`), and from there it goes on.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

SPOTS = ((0, 0), (0, 1), (1, 1), (1, 2))
"""Account and address: the second address is a client's of both accounts."""
ADDRESSES = range(3)
STRANGER, STUDIO = 3, 4
NOT_READ = "Trash"


@dataclass(frozen=True, slots=True)
class Letter:
    """
    `sender`: an address, STRANGER or STUDIO. `hidden`: in Bcc. `has_id`: a Message-ID. `back`: hours from its Date to
    its arrival; None: its Date lies in the far future.
    """

    number: int
    sender: int
    to: frozenset[int]
    hidden: frozenset[int] = frozenset()
    has_id: bool = True
    back: int | None = 0


@dataclass(frozen=True, slots=True)
class Copy:
    """Of a letter, on a server. `full`: it shows the Bcc, as the one in Sent does."""

    letter: Letter
    full: bool

    @property
    def people(self) -> set[int]:
        """The addresses of clients in it."""
        return {self.letter.sender, *self.letter.to, *(self.letter.hidden if self.full else ())}.intersection(ADDRESSES)


Folders = Mapping[str, Sequence[Copy]]


@dataclass
class Firm:
    """By the number of a letter: `stored` with an address in it, `links` with an account, `told` in Inbox+."""

    stored: set[tuple[int, int]] = field(default_factory=set)
    links: set[tuple[int, int]] = field(default_factory=set)
    told: set[int] = field(default_factory=set)

    def forget(self, numbers: set[int]) -> None:
        self.stored = {(number, address) for number, address in self.stored if number not in numbers}
        self.links = {(number, account) for number, account in self.links if number not in numbers}
        self.told -= numbers

    def is_within(self, other: "Firm") -> bool:
        return self.stored <= other.stored and self.links <= other.links and self.told <= other.told


@dataclass
class Box:
    """
    A mailbox from connecting to disconnecting. `scanned`: folders whose past is listed; None: nobody can say. `met`:
    copies that were there at a look; `doubtful` where that look ended halfway, or two lay there; the latter are
    `doubled` for ever. `listed`: what its folders held at their last look. `stored`: letters that came in by it, at
    most; of these `surely`, and `kept` the copies. `unsure`: folders have been numbered anew or renamed or have
    refused, so that a copy that turns up elsewhere may not be known again. `blurred`: one refuses, or a line has
    broken, since all was looked at. `whole`: so was its last look.
    """

    scanned: dict[str, bool | None] = field(default_factory=dict)
    met: set[Copy] = field(default_factory=set)
    doubtful: set[Copy] = field(default_factory=set)
    listed: dict[str, Sequence[Copy]] = field(default_factory=dict)
    stored: set[int] = field(default_factory=set)
    surely: set[int] = field(default_factory=set)
    kept: set[Copy] = field(default_factory=set)
    doubled: set[Copy] = field(default_factory=set)
    unsure: bool = False
    blurred: bool = False
    whole: bool = True

    def known(self) -> set[Copy]:
        """Not to be fetched again, wherever they turn up."""
        return set() if self.blurred else {copy for copy in self.kept - self.doubled if copy.letter.has_id}

    def is_arrival(self, name: str, copy: Copy) -> bool | None:
        """Whether it came in while we were watching; None: nobody can say."""
        if copy in self.doubtful:
            return None
        if copy in self.met:
            return False if copy.letter.has_id and not self.unsure else None
        return self.scanned.get(name, False)

    def holds(self, folders: Folders) -> set[int]:
        """Letters that lie there, as its last look saw; of those without a Message-ID nobody can say which they are."""
        there = (copy for name, copies in self.listed.items() for copy in copies if copy in folders.get(name, ()))
        return {copy.letter.number for copy in there if copy.letter.has_id}


@dataclass
class Rules:
    """`boxes`: None where none is connected. `leaving`: disconnected, and still to be ended, with `forgets`."""

    on: set[tuple[int, int]] = field(default_factory=set)
    archived: set[int] = field(default_factory=set)
    boxes: list[Box | None] = field(default_factory=lambda: [None, None])
    leaving: list[tuple[Box, bool]] = field(default_factory=list)
    least: Firm = field(default_factory=Firm)
    most: Firm = field(default_factory=Firm)

    def asking(self, address: int) -> set[int]:
        """Accounts with its Email sync on."""
        return {account for account, at in self.on if at == address and account not in self.archived}

    def settle(self, firm: Firm) -> None:
        self.least, self.most = firm, deepcopy(firm)

    def switch(self, account: int, address: int, on: bool) -> None:
        """Off: what is there stays. On: what is stored is linked (R24)."""
        (self.on.add if on else self.on.discard)((account, address))
        self._link_stored()

    def archive(self, account: int, archived: bool) -> None:
        (self.archived.add if archived else self.archived.discard)(account)
        self._link_stored()

    def _link_stored(self) -> None:
        for firm in (self.least, self.most):
            firm.links |= {(number, account) for number, at in firm.stored for account in self.asking(at)}

    def look(self, box: Box, folders: Folders) -> None:
        """All of it is looked at."""
        asked_for = self._asked_for(folders)
        certain = self._told(box, folders)
        for firm in (self.least, self.most):
            self._receive(firm, asked_for)
            firm.told |= {number for number, told in certain.items() if told or (told is None and firm is self.most)}
        for numbers in (box.stored, box.surely):
            numbers |= {copy.letter.number for copy in asked_for}
        box.met |= {copy for copies in folders.values() for copy in copies}
        box.scanned |= dict.fromkeys(folders, True)
        box.listed |= folders
        box.kept |= set(asked_for)
        box.doubled |= _twice(folders)
        box.doubtful -= box.met
        box.whole = True

    def look_in_part(self, box: Box, folders: Folders) -> None:
        """Some of it, who knows how much."""
        asked_for = self._asked_for(folders)
        self._receive(self.most, asked_for)
        self.most.told |= {number for number, told in self._told(box, folders).items() if told is not False}
        box.stored |= {copy.letter.number for copy in asked_for}
        box.doubtful |= {copy for copies in folders.values() for copy in copies if copy not in box.met}
        box.scanned |= {name: box.scanned.get(name) or None for name in folders}
        box.listed.clear()
        box.unsure, box.blurred, box.whole = True, True, False

    def _asked_for(self, folders: Folders) -> list[Copy]:
        copies = (copy for copies in folders.values() for copy in copies)
        return [copy for copy in copies if any(self.asking(address) for address in copy.people)]

    def _receive(self, firm: Firm, copies: Iterable[Copy]) -> None:
        for copy in copies:
            number, people = copy.letter.number, copy.people
            firm.stored |= {(number, address) for address in people}
            firm.links |= {(number, account) for address in people for account in self.asking(address)}

    def _told(self, box: Box, folders: Folders) -> dict[int, bool | None]:
        """Of letters that are new to the firm and from a client: whether Inbox+ tells of it (R38)."""
        arrivals: dict[int, set[bool | None]] = {}
        for name, copies in folders.items():
            for copy in copies:
                if self._is_news(copy):
                    arrivals.setdefault(copy.letter.number, set()).add(box.is_arrival(name, copy))
        return {number: answers.pop() if len(answers) == 1 else None for number, answers in arrivals.items()}

    def _is_news(self, copy: Copy) -> bool:
        known = {number for number, _ in self.least.stored}
        return copy.letter.number not in known and bool(self.asking(copy.letter.sender))

    def disconnect(self, place: int, forgets: bool) -> None:
        if box := self.boxes[place]:
            self.boxes[place] = None
            self.leaving.append((box, forgets))

    def end(self, folders: Sequence[Folders]) -> None:
        """What was disconnected goes. `folders`: of both servers."""
        connected = [(box, folders[place]) for place, box in enumerate(self.boxes) if box]
        while self.leaving:
            box, forgets = self.leaving.pop(0)
            if forgets:
                held = {number for other, there in connected for number in other.holds(there)}
                others = [*(other for other, _ in connected), *(other for other, _ in self.leaving)]
                perhaps_held = held.union(*(other.stored for other in others))
                self.least.forget(box.stored - held)
                self.most.forget(set(_with_id(box)) - perhaps_held)
                for other, there in connected:  # it is theirs by now
                    other.stored |= box.stored & other.holds(there)

    def shown(self, account: int, letters: Mapping[int, Letter]) -> list[int]:
        """Of what there is, newest first (R21)."""
        numbers = [number for number, at in self.least.links if at == account]
        return sorted(numbers, key=lambda number: sorted_at(letters[number]), reverse=True)


def _twice(folders: Folders) -> set[Copy]:
    counted = Counter(copy for copies in folders.values() for copy in copies)
    return {copy for copy, count in counted.items() if count > 1}


def _with_id(box: Box) -> Iterator[int]:
    yield from box.surely & {copy.letter.number for copy in box.met if copy.letter.has_id}


def sorted_at(letter: Letter) -> float:
    """In hours: its Date, unless that lies in the future."""
    return letter.number + 0.5 if letter.back is None else letter.number - letter.back + letter.number / 3_600
