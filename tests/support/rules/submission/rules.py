"""
What a firm must have that writes from two mailboxes and is answered there, in plain Python: R17 to R21, R24, R45, and
the two ways to disconnect. It hears what people do and what the servers saw, and says what the firm then has.

Whether a second copy leaves in this look or in the next nobody can say beforehand. So a letter may be in one of several
states (`Way.may_be`) until whoever compares says in which it is.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from tests.support.rules.submission.ways import HAS_LEFT, STUDIOS, Box, Copy, HandOver, Letter, Trouble, Way

SPOTS = ((0, 0), (0, 1), (1, 1))
"""Account and client: the second is a client of both accounts."""


@dataclass
class Rules:
    """
    `since`, `saves_since`: when Email sync and auto-save went on, where they are. `people`: of each stored letter, the
    clients in it; `outgoing` those that we sent. `documents`: account, name and size. `heard`: Message-IDs that belong
    to one conversation; `perhaps`, where the copy that says so may not have been read yet. `ours_until`: when a mailbox
    was disconnected.
    """

    now: int = 0
    since: dict[tuple[int, int], int] = field(default_factory=dict)
    saves_since: int | None = None
    suppressed: set[int] = field(default_factory=set)
    letters: dict[int, Letter] = field(default_factory=dict)
    ways: dict[int, Way] = field(default_factory=dict)
    boxes: list[Box | None] = field(default_factory=lambda: [None, None])
    people: dict[int, set[int]] = field(default_factory=dict)
    links: set[tuple[int, int]] = field(default_factory=set)
    outgoing: set[int] = field(default_factory=set)
    documents: set[tuple[int, str, int]] = field(default_factory=set)
    heard: set[frozenset[str]] = field(default_factory=set)
    perhaps: set[frozenset[str]] = field(default_factory=set)
    ours_until: dict[int, int] = field(default_factory=dict)

    # What people do

    def switch(self, account: int, client: int, on: bool) -> None:
        """Off: what is there stays. On: what is stored is linked (R24)."""
        if not on:
            self.since.pop((account, client), None)
            return
        self.since.setdefault((account, client), self.now)
        self.links |= {(number, account) for number, clients in self.people.items() if client in clients}

    def auto_save(self, on: bool) -> None:
        self.saves_since = (self.saves_since or self.now) if on else None

    def write(self, letter: Letter, place: int, *, conversation: Collection[str] = ()) -> None:
        """Stored whatever the switches say, linked where they ask (R45). `conversation`: what it answers is called."""
        self.letters[letter.number] = letter
        self.ways[letter.number] = Way(letter, place, self.boxes[place])
        self.outgoing.add(letter.number)
        self.heard.add(frozenset((letter.message_id, *conversation)))
        self._link(letter.number, letter.clients(full=True))

    def disconnect(self, place: int, forgets: bool) -> None:
        """Of what was stored, FORGET leaves what the other mailbox holds, and what was written here."""
        box, other = self.boxes[place], self.boxes[1 - place]
        assert box
        self.boxes[place] = None
        if box.signed_in:
            self.ours_until[place] = self.now
        for way in self.ways.values():
            if way.box is box:
                way.box = None
                if way.state == "QUEUED":
                    way.ends("CANCELLED")
        if forgets:
            held = {number for number in box.stored if other and self.letters[number].message_id in other.met}
            self._forget(box.stored - held)
            if other:  # it is its own by now
                other.stored |= held

    def _forget(self, numbers: set[int]) -> None:
        for number in numbers:
            self.people.pop(number, None)
        self.outgoing -= numbers
        self.links = {(number, account) for number, account in self.links if number not in numbers}
        alive = {self.letters[number].message_id for number in self.people}
        kept = [names for names in conversations(self.heard) if names & alive]
        self.heard = {names for names in self.heard if any(names <= conversation for conversation in kept)}

    # What the worker does

    def look(
        self, place: int, lies: Iterable[Copy], reports: Iterable[tuple[int, int, int]], *, copies: bool = True
    ) -> None:
        """
        All that lies in the mailbox is read. `reports`: UID, which letter did not arrive, and with whom. `copies`: what
        was sent has also been put into Sent.
        """
        box = self.boxes[place]
        assert box
        first, box.signed_in = not box.signed_in, True
        for way in self.ways.values():
            way.copied = way.copied or (copies and way.box is box and way.state == "SENT")
        for copy in lies:
            box.met.add(copy.message_id)
            if copy.number in self.ways:
                self._meet(copy)
            else:
                self._receive(box, copy)
        for uid, number, person in reports:
            if not first and uid > box.reports:
                self._return(self.ways[number], person)
            box.reports = max(box.reports, uid)

    def _meet(self, copy: Copy) -> None:
        """One that was written here, whatever it is called (R21). In Sent it says that it was sent."""
        way = self.ways[copy.number]
        if copy.in_sent or any(self.asking(client) for client in way.letter.clients(full=True)):
            self.heard.add(frozenset((copy.message_id, way.letter.message_id)))
        if copy.in_sent and way.state == "UNCERTAIN":
            way.may_be = {"SENT"}

    def _receive(self, box: Box, copy: Copy) -> None:
        """Stored if anybody in it is asked for (R18), and once (R21)."""
        letter, clients = self.letters[copy.number], self.letters[copy.number].clients(full=copy.full)
        if not any(self.asking(client) for client in clients):
            return
        box.stored.add(letter.number)
        if copy.in_sent or (letter.number not in self.people and self.is_ours(letter.sender, letter.at)):
            self.outgoing.add(letter.number)
        self.heard.add(letter.names)
        new = self._link(letter.number, clients)
        if letter.file and letter.file.fit and letter.number not in self.outgoing:
            self.documents |= {
                (account, letter.file.name, letter.file.size) for account in new if self._is_saved(letter, account)
            }

    def _link(self, number: int, clients: set[int]) -> set[int]:
        """Accounts that it was not linked to before."""
        self.people.setdefault(number, set()).update(clients)
        links = {(number, account) for client in clients for account in self.asking(client)}
        new = {account for _, account in links - self.links}
        self.links |= links
        return new

    def _is_saved(self, letter: Letter, account: int) -> bool:
        """It came from a client after auto-save, sync of its sender, and sync of that account were all on (R20)."""
        sender = [since for (_, client), since in self.since.items() if client == letter.sender]
        in_it = self.people[letter.number]
        asked = [since for (at, client), since in self.since.items() if at == account and client in in_it]
        if self.saves_since is None or not sender:
            return False
        return letter.at >= max(self.saves_since, min(sender), min(asked))

    def _return(self, way: Way, person: int) -> None:
        """It did not arrive. Only where it had one recipient nothing more is sent there (R17)."""
        if way.state in {"SENT", "UNCERTAIN"}:
            way.may_be = {"BOUNCED"}
            if len(way.letter.recipients) == 1:
                self.suppressed.add(person)

    def sends(self, place: int, trouble: Trouble, hand_overs: Iterable[HandOver], suppressed: Collection[int]) -> None:
        """What was due has been tried. `suppressed`: before the look, which may have read of more."""
        seen = list(hand_overs)
        due = {number: way for number, way in self.ways.items() if way.is_under_way and way.box is self.boxes[place]}
        assert {hand_over.number for hand_over in seen} <= due.keys(), "it was not to leave"
        for number, way in due.items():
            mine = [hand_over for hand_over in seen if hand_over.number == number]
            everybody = way.letter.recipients - trouble.refused
            for hand_over in mine:
                way.leaves(hand_over, [everybody.difference(suppressed), everybody.difference(self.suppressed)])
            if not mine:
                way.stays(trouble, self.suppressed)

    # What there is then

    def asking(self, client: int) -> set[int]:
        """Accounts with its Email sync on."""
        return {account for account, at in self.since if at == client}

    def is_ours(self, person: int, at: int) -> bool:
        """A mailbox that has signed in, or had then (R18)."""
        if person not in STUDIOS:
            return False
        place = STUDIOS.index(person)
        box = self.boxes[place]
        return (box is not None and box.signed_in) or at <= self.ours_until.get(place, -1)

    def answered(self, number: int, place: int, *, everybody: bool) -> tuple[list[int], list[int]]:
        """To and Cc of an answer: whoever wrote, or of ours, to whom it went; none of ours, none twice (R45)."""
        letter = self.letters[number]
        to = letter.to if number in self.outgoing else (letter.sender,)
        more = (letter.cc if number in self.outgoing else (*letter.to, *letter.cc)) if everybody else ()
        ours = {studio for studio in STUDIOS if self.is_ours(studio, letter.at)} | {STUDIOS[place]}
        main = [person for person in dict.fromkeys(to) if person not in ours]
        others = [person for person in dict.fromkeys(more) if person not in ours and person not in main]
        return (main, others) if main else (others, [])

    def shown(self, account: int, client: int | None = None) -> set[int]:
        """To the team; or in the portal, to a client: what it took part in, and what has left (R19)."""
        linked = {number for number, at in self.links if at == account}
        if client is None:
            return linked
        if (account, client) not in self.since:
            return set()
        waiting = {number for number, way in self.ways.items() if way.state not in HAS_LEFT}
        return {number for number in linked - waiting if client in self.people[number]}


def conversations(heard: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Message-IDs that any of these ties together."""
    whole: list[frozenset[str]] = []
    for names in heard:
        tied = [conversation for conversation in whole if conversation & names]
        whole = [conversation for conversation in whole if not conversation & names]
        whole.append(names.union(*tied))
    return whole
