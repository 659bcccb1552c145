"""
The mail of everybody: two servers where the firm has a mailbox each, and the hands of clients and of a stranger. What a
server takes from us lies in the other mailbox, or in somebody's hands, who may answer.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import SMTP
from email.utils import format_datetime, getaddresses

from models.ground import clock
from tests.support.rules.submission.provider import PEOPLE, Keeping, Provider
from tests.support.rules.submission.ways import STUDIOS, Copy, HandOver, Letter
from tests.support.servers.imap import ARRIVED, ServedFolder
from tests.support.servers.smtp import DROP, Taken

WRITTEN_HERE = "X-Switchboard-Email"
TAKEN = "250 2.0.0 taken"
_ID = re.compile(rb"^Message-ID: <([^<>\r\n]*)>", re.MULTILINE | re.IGNORECASE)


@dataclass
class Post:
    """
    `numbers`: of what was written here, by what our header says. `hands`: what everybody has got; `reached`: how often,
    of what was written here. `bytes_of`: the only bytes in which it may leave. `names`: other Message-IDs that it was
    given.
    """

    providers: tuple[Provider, Provider]
    numbers: dict[str, int] = field(default_factory=dict)
    copies: dict[bytes, Copy] = field(default_factory=dict)
    reports: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    hands: dict[int, list[bytes]] = field(default_factory=lambda: {person: [] for person in range(len(PEOPLE))})
    reached: Counter[tuple[int, int]] = field(default_factory=Counter)
    bytes_of: dict[int, bytes] = field(default_factory=dict)
    names: set[frozenset[str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        for place, provider in enumerate(self.providers):
            provider.smtp.answered = lambda taken, place=place: self._take(place, taken)

    def post(self, letter: Letter, raw: bytes) -> None:
        """By somebody else's server, or by another program of ours: to each recipient its copy."""
        for person in {*letter.recipients, *letter.hidden}:
            self._deliver(letter.number, person, raw)

    def lay(self, place: int, folder: ServedFolder, raw: bytes, copy: Copy) -> None:
        """Each server writes down by whom it got a letter, so that no two copies are the same bytes."""
        received = b"Received: by mx%d.firm.test\r\n" % place + raw
        self.copies[received] = copy
        folder.append(received, clock.now())

    def lies(self, place: int) -> Iterator[Copy]:
        for folder in self.providers[place].imap.folders:
            yield from (self.copies[message.raw] for message in folder.messages if message.raw in self.copies)

    def reports_at(self, place: int) -> Iterator[tuple[int, int, int]]:
        """Where it lies, which letter did not arrive, and with whom."""
        for message in self.providers[place].imap.inbox.messages:
            if message.raw in self.reports:
                yield message.uid, *self.reports[message.raw]

    def copies_in_sent(self, place: int) -> Counter[int]:
        return Counter(copy.number for copy in self.lies(place) if copy.in_sent)

    def put_there(self, place: int) -> None:
        """What we have put into Sent ourselves is what has left."""
        for message in self.providers[place].sent.messages:
            if message.raw not in self.copies:
                number = _number(self, message.raw)
                assert message.raw == self.bytes_of[number], "the copy in Sent is another message"
                self.copies[message.raw] = Copy(number, in_sent=True, full=False, message_id=id_of(message.raw))

    async def _take(self, place: int, taken: Taken) -> None:
        provider, number = self.providers[place], _number(self, taken.raw)
        assert taken.sender == PEOPLE[STUDIOS[place]], "its reports would go elsewhere"
        assert self.bytes_of.setdefault(number, taken.raw) == taken.raw, "it left in other bytes"
        people = frozenset(PEOPLE.index(address) for address in taken.to)
        assert len(people) == len(taken.to), "somebody would get it twice"
        took = provider.cuts.pop(0) if provider.cuts else None
        provider.smtp.after_data = TAKEN if took is None else DROP
        kept = took is not False and provider.keeping is not Keeping.NOT
        provider.seen.append(HandOver(number, people, took is None, kept))
        if took is not False:
            raw = renamed(taken.raw) if provider.keeping is Keeping.RENAMED else taken.raw
            self.names.add(frozenset((id_of(raw), id_of(taken.raw))))
            if kept:
                self.lay(place, provider.sent, raw, Copy(number, in_sent=True, full=False, message_id=id_of(raw)))
            for person in people:
                self.reached[number, person] += 1
                self._deliver(number, person, raw)

    def _deliver(self, number: int, person: int, raw: bytes) -> None:
        if person in STUDIOS:
            place = STUDIOS.index(person)
            copy = Copy(number, in_sent=False, full=False, message_id=id_of(raw))
            self.lay(place, self.providers[place].imap.inbox, raw, copy)
        else:
            self.hands[person].append(raw)


def _number(post: Post, raw: bytes) -> int:
    return post.numbers[written_here(raw)]


def written_here(raw: bytes) -> str:
    """Our header, on one line; empty where there is none."""
    return "".join(str(headers(raw)[WRITTEN_HERE] or "").split())


def headers(raw: bytes) -> Message:
    return message_from_bytes(raw)


def people_in(said: Message, *names: str) -> list[int]:
    """Whom these headers name."""
    return [PEOPLE.index(address) for _, address in getaddresses([str(said[name] or "") for name in names]) if address]


def id_of(raw: bytes) -> str:
    """Without the brackets."""
    name = _ID.search(raw)
    assert name
    return name[1].decode()


def renamed(raw: bytes) -> bytes:
    """As Microsoft does it."""
    return _ID.sub(rb"Message-ID: <renamed.\1>\r\nX-Microsoft-Original-Message-ID: <\1>", raw, count=1)


def references_to(raw: bytes) -> tuple[str, ...]:
    """As a mail program names what it answers: all that this names, and itself."""
    named = str(headers(raw)["References"] or "").replace("<", " ").replace(">", " ").split()
    return (*named, id_of(raw))


def moment_of(second: int) -> datetime:
    return ARRIVED + timedelta(seconds=second)


def raw_of(letter: Letter, *, full: bool = False, written_here: str | None = None) -> bytes:
    """As a mail program writes it. `full`: with the Bcc; `written_here`: with this as our header."""
    message = EmailMessage(SMTP)
    message["From"], message["To"] = PEOPLE[letter.sender], addresses(letter.to)
    if letter.cc:
        message["Cc"] = addresses(letter.cc)
    if full:
        message["Bcc"] = addresses(letter.hidden)
    message["Subject"], message["Message-ID"] = str(letter.number), f"<{letter.message_id}>"
    message["Date"] = format_datetime(moment_of(letter.at))
    if letter.references:
        message["In-Reply-To"] = f"<{letter.references[-1]}>"
        message["References"] = " ".join(f"<{name}>" for name in letter.references)
    if written_here:
        message[WRITTEN_HERE] = written_here
    message.set_content(f"This is letter {letter.number}.")
    if letter.file:
        content = b"%PDF-1.4".ljust(letter.file.size, b"x")
        message.add_attachment(content, "application", "pdf", filename=letter.file.name)
        message.set_boundary("the same in each copy")
    return bytes(message)


def addresses(people: Sequence[int]) -> str:
    return ", ".join(PEOPLE[person] for person in people)
