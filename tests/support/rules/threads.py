"""Threads and entries of Inbox+ in plain Python (R38): what the database has to agree with, whatever came in first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from hypothesis import strategies as st

from models.email import Message
from models.participant import Participant, Role
from tests.support.emails.received import a_message

ON = {
    "anna@client.test": {0},
    "bruno@client.test": {1},
    "carla@client.test": {0, 1},
    "dora@client.test": {0},
}
"""Who is on which accounts; Dora is where Anna is."""
CLIENTS = list(ON)
SENDERS = [*CLIENTS, "studio@firm.test"]
LETTERS = 8
NEVER_SEEN = 3
"""More Message-IDs, which letters may answer and which never come."""


class Letter(NamedTuple):
    number: int
    sender: str
    copied: str
    answers: tuple[int, ...]
    arrival: bool

    def message(self) -> Message:
        plain = a_message(self.number, answers=self.answers, sender=self.sender)
        return replace(plain, participants=(*plain.participants, Participant(Role.CC, None, self.copied)))

    @property
    def subject(self) -> str:
        return f"VAT return {self.number}"

    @property
    def senders(self) -> frozenset[int]:
        return frozenset(ON.get(self.sender, ()))

    @property
    def accounts(self) -> frozenset[int]:
        return self.senders | ON[self.copied]


def letter(number: int) -> st.SearchStrategy[Letter]:
    answers = st.lists(st.integers(0, LETTERS + NEVER_SEEN - 1), max_size=2, unique=True).map(tuple)
    people = (st.sampled_from(SENDERS), st.sampled_from(CLIENTS))
    return st.builds(Letter, st.just(number), *people, answers, st.integers(0, 4).map(bool))


LETTERS_WRITTEN = st.tuples(*map(letter, range(LETTERS)))


@dataclass(eq=False)
class Told:
    """A letter in somebody's Inbox+. `at`: when it came, counted. `past`: it was read before the entry moved again."""

    letter: Letter
    at: int
    read: bool = False
    archived: bool = False
    past: bool = False


@dataclass
class Entry:
    """What was told of one thread, of senders on the same accounts, in the order in which it came."""

    told: list[Told]

    @property
    def last(self) -> Told:
        return self.told[-1]

    @property
    def unread(self) -> list[Told]:
        return [one for one in self.told if not one.read]

    @property
    def archived(self) -> bool:
        return all(one.archived for one in self.told)

    def is_about(self, account: int) -> bool:
        return any(account in one.letter.accounts for one in self.told if not one.past or one is self.last)


@dataclass
class Conversing:
    stored: dict[int, Letter] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)

    def receive(self, letters: Sequence[Letter]) -> None:
        new = [one for one in dict.fromkeys(letters) if one.number not in self.stored]
        self.stored |= {one.number: one for one in new}
        news = [one for one in new if one.arrival and one.senders]
        told = [Told(one, at) for at, one in enumerate(news, start=len(self.told))]
        self.told += told
        for entry in self.entries():
            if entry.last in told:
                self.archive(entry, False)
            for one in entry.told:
                one.past |= one.read and bool(entry.unread)

    def read(self, entry: Entry) -> None:
        for one in entry.told:
            one.read = True

    def archive(self, entry: Entry, archived: bool) -> None:
        for one in entry.told:
            one.archived = archived

    def threads(self) -> list[set[int]]:
        """Numbers of letters, and of those that they answer: joined as long as two have one in common."""
        threads: list[set[int]] = []
        for one in self.stored.values():
            names = {one.number, *one.answers}
            apart = [thread for thread in threads if not thread & names]
            threads = [*apart, names.union(*(thread for thread in threads if thread & names))]
        return threads

    def thread_of(self, number: int) -> set[int]:
        """Of those that are stored."""
        (thread,) = (thread for thread in self.threads() if number in thread)
        return thread & self.stored.keys()

    def entries(self) -> list[Entry]:
        """What moved last comes first."""
        return sorted(self._entries(), key=lambda entry: -entry.last.at)

    def _entries(self) -> Iterator[Entry]:
        for thread in self.threads():
            told = [one for one in self.told if one.letter.number in thread]
            for senders in {one.letter.senders for one in told}:
                yield Entry([one for one in told if one.letter.senders == senders])
