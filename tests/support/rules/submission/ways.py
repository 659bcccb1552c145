"""Letters, what lies in a mailbox, and the way of what was written here, in plain Python (R45, P2)."""

from collections.abc import Collection
from dataclasses import dataclass, field

CLIENTS = range(2)
STRANGER, STUDIOS = 2, (3, 4)
HAS_LEFT = {"SENT", "UNCERTAIN", "BOUNCED"}


@dataclass(frozen=True, slots=True)
class File:
    """`fit`: it may be saved at all (tests/test_document.py says which may)."""

    name: str
    size: int
    fit: bool = True


@dataclass(frozen=True, slots=True)
class Letter:
    """
    `sender`, `to`, `cc`, and `hidden` in Bcc: people. `message_id`, `references`: what it is called, and what it names.
    `at`: the second in which a server got it.
    """

    number: int
    sender: int
    to: tuple[int, ...]
    cc: tuple[int, ...] = ()
    hidden: tuple[int, ...] = ()
    message_id: str = ""
    references: tuple[str, ...] = ()
    at: int = 0
    file: File | None = None

    @property
    def recipients(self) -> frozenset[int]:
        return frozenset((*self.to, *self.cc))

    @property
    def names(self) -> frozenset[str]:
        return frozenset((self.message_id, *self.references))

    def clients(self, *, full: bool) -> set[int]:
        return {self.sender, *self.recipients, *(self.hidden if full else ())}.intersection(CLIENTS)


@dataclass(frozen=True, slots=True)
class Copy:
    """What lies in a mailbox. `full`: it shows the Bcc. `message_id`: by which this copy is called."""

    number: int
    in_sent: bool
    full: bool
    message_id: str


@dataclass
class Box:
    """
    A mailbox from connecting to disconnecting. `met`: Message-IDs of what lay there; `stored`: letters that came
    in by it; `reports` below this UID have been read, or lay there before.
    """

    met: set[str] = field(default_factory=set)
    stored: set[int] = field(default_factory=set)
    reports: int = 0
    signed_in: bool = False


@dataclass(frozen=True, slots=True)
class HandOver:
    """Its bytes were handed over to a server, for these people. `kept`: it put a copy into Sent by itself."""

    number: int
    people: frozenset[int]
    answered: bool
    kept: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    Of a server that takes letters: people whom it refuses; `later`: it takes nothing now. `cut`: the line to the
    mailbox broke meanwhile, and nobody knows how far sending came.
    """

    refused: frozenset[int] = frozenset()
    later: bool = False
    cut: bool = False


@dataclass
class Way:
    """
    Of a letter that was written here, by `place`. `box` None: that was disconnected. `begun`: how often its bytes began
    to leave. `copied`: it was sent, and the mailbox has been looked at since, so that it lies in Sent.
    """

    letter: Letter
    place: int
    box: Box | None
    state: str = "QUEUED"
    may_be: set[str] = field(default_factory=lambda: {"QUEUED"})
    begun: int = 0
    copied: bool = False

    @property
    def is_under_way(self) -> bool:
        return self.state in {"QUEUED", "UNCERTAIN"} and self.begun < 2 and self.box is not None

    def ends(self, state: str) -> None:
        """Of what an earlier copy may have arrived nobody says that it did not leave (P2)."""
        self.may_be = {"UNCERTAIN" if self.begun else state}

    def settle(self, state: str) -> None:
        """In this one it is."""
        self.state, self.may_be = state, {state}

    def leaves(self, hand_over: HandOver, may_name: Collection[frozenset[int]]) -> None:
        """At most twice, and never again once a server has taken it."""
        assert "SENT" not in self.may_be, "it was sent, and sent again"
        assert self.begun < 2, "it left three times"
        assert hand_over.people in may_name, "it was sent to others than it is for"
        self.begun += 1
        if hand_over.answered and self.may_be != {"BOUNCED"}:
            self.may_be = {"SENT"}
        elif self.may_be != {"BOUNCED"}:
            self.may_be = {"UNCERTAIN", "SENT"} if hand_over.kept else {"UNCERTAIN"}

    def stays(self, trouble: Trouble, suppressed: Collection[int]) -> None:
        """It did not begin to leave."""
        if self.may_be != {self.state}:  # what lay in the mailbox has told of it
            return
        reachable = self.letter.recipients.difference(suppressed)
        if not reachable:
            self.ends("CANCELLED")
        elif not trouble.later and reachable <= trouble.refused:
            self.ends("REFUSED")
        else:
            assert trouble.later or trouble.cut or self.begun, "it was due, and did not leave"
        if trouble.cut:
            self.may_be.add(self.state)
