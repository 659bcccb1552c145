"""A mail server where the firm has a mailbox: what it takes by SMTP, what lies there by IMAP, and what goes wrong."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

from tests.support.rules.submission.ways import HandOver, Trouble
from tests.support.servers.imap import ImapServer, ServedFolder
from tests.support.servers.imap.talk import Cut
from tests.support.servers.smtp import SmtpSink

PEOPLE = (
    "client0@client.test",
    "client1@client.test",
    "nobody@elsewhere.test",
    "studio0@firm.test",
    "studio1@firm.test",
)


class Keeping(Enum):
    """Whether a provider itself puts what it was given into Sent; some give it another Message-ID."""

    NOT = auto()
    AS_IT_IS = auto()
    RENAMED = auto()


@dataclass
class Provider:
    """
    Of one mailbox. `cuts`: how the next hand-overs end without an answer: whether it took the letter. `was_cut`: the
    line to the mailbox was, when a copy had been put into Sent.
    """

    imap: ImapServer
    smtp: SmtpSink
    keeping: Keeping = Keeping.NOT
    refused: set[int] = field(default_factory=set)
    cuts: list[bool] = field(default_factory=list)
    seen: list[HandOver] = field(default_factory=list)
    was_cut: bool = False

    @property
    def sent(self) -> ServedFolder:
        return self.imap.folders[1]

    @property
    def trouble(self) -> Trouble:
        return Trouble(frozenset(self.refused), "MAIL" in self.smtp.answers, self.was_cut)

    def refuse(self, person: int) -> None:
        self.refused.add(person)
        self.smtp.answers[f"RCPT {PEOPLE[person]}"] = "550 5.7.1 we do not like them"

    def later(self) -> None:
        self.smtp.answers["MAIL"] = "451 4.3.0 come back later"

    def cut_when_put(self) -> None:
        """Whoever puts a copy into Sent next hears no answer."""

        def cut(_: ServedFolder, __: bytes) -> None:
            self.imap.on_append, self.was_cut = _goes_on, True
            raise Cut

        self.imap.on_append = cut

    def begin(self) -> None:
        """Of a look."""
        self.seen.clear()
        self.was_cut = False

    def relent(self) -> None:
        self.imap.on_append = _goes_on
        self.smtp.answers = {"AUTH": "235 2.7.0 in"}
        self.refused.clear()
        self.cuts.clear()


def _goes_on(_: ServedFolder, __: bytes) -> None:
    pass


@asynccontextmanager
async def two_providers(keeping: Sequence[Keeping]) -> AsyncIterator[tuple[Provider, Provider]]:
    async with AsyncExitStack() as stack:
        first, second = [
            Provider(
                await stack.enter_async_context(ImapServer([ServedFolder("INBOX"), ServedFolder("Sent", "\\Sent")])),
                await stack.enter_async_context(SmtpSink(extensions=("AUTH PLAIN",))),
                keeps,
            )
            for keeps in keeping
        ]
        first.relent()
        second.relent()
        yield first, second
