"""What people write who are no colleagues at this program: clients, strangers, and colleagues at another one."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.ground import clock
from tests.support.letters.reports import a_report
from tests.support.rules.submission.post import Post, headers, people_in, raw_of, references_to, written_here
from tests.support.rules.submission.provider import PEOPLE
from tests.support.rules.submission.rules import Rules
from tests.support.rules.submission.ways import CLIENTS, STUDIOS, Copy, File, Letter


@dataclass(kw_only=True)
class Outside:
    """The post brings it, and the rules hear."""

    post: Post
    rules: Rules

    def arrive(self, sender: int, to: Sequence[int], cc: Sequence[int], file: File | None) -> None:
        """Somebody writes."""
        to = once(to, sender)
        self._posted(sender, to, once(cc, sender, *to), file=file)

    def answer(self, person: int, index: int, everybody: bool, file: File | None) -> None:
        """To anything that they have got, as their mail program has it."""
        if got := self.post.hands[person]:
            raw = got[index % len(got)]
            to = people_in(headers(raw), "From")
            cc = once(people_in(headers(raw), "To", "Cc") if everybody else (), person, *to)
            self._posted(person, to, cc, references=references_to(raw), file=file)

    def elsewhere(self, place: int, to: Sequence[int], hidden: Sequence[int], file: File | None) -> None:
        """A colleague writes by another program, which puts what it sent into Sent, with the Bcc."""
        sender = STUDIOS[place]
        to = once(to, sender)
        if letter := self._posted(sender, to, (), hidden=once(hidden, sender, *to), file=file):
            copy = Copy(letter.number, in_sent=True, full=True, message_id=letter.message_id)
            raw = raw_of(letter, full=bool(letter.hidden))
            self.post.lay(place, self.post.providers[place].sent, raw, copy)

    def forge(self, person: int, index: int, as_if: int | None) -> None:
        """Whoever got a letter of ours copies our header; some say, too, that it comes from us."""
        if got := [said for raw in self.post.hands[person] if (said := written_here(raw))]:
            sender = person if as_if is None else STUDIOS[as_if]
            self._posted(sender, once(STUDIOS, sender), (0,), written_here=got[index % len(got)])

    def _posted(
        self,
        sender: int,
        to: Sequence[int],
        cc: Sequence[int],
        *,
        hidden: Sequence[int] = (),
        references: tuple[str, ...] = (),
        file: File | None = None,
        written_here: str | None = None,
    ) -> Letter | None:
        if not to:
            return None
        number = len(self.rules.letters)
        people = (tuple(to), tuple(cc), tuple(hidden))
        letter = Letter(number, sender, *people, f"{number}@elsewhere.test", references, self.rules.now, file)
        self.rules.letters[number] = letter
        self.post.post(letter, raw_of(letter, written_here=written_here))
        return letter

    def bounce(self, index: int) -> None:
        """The server of a client who has got a letter says that it did not arrive."""
        got = sorted(key for key in self.post.reached if key[1] in CLIENTS)
        if got:
            number, person = got[index % len(got)]
            place = self.rules.ways[number].place
            raw = a_report(
                self.post.bytes_of[number], about=PEOPLE[person], to=PEOPLE[STUDIOS[place]], return_path="<>"
            )
            self.post.reports[raw] = number, person
            self.post.providers[place].imap.inbox.append(raw, clock.now())


def once(people: Sequence[int], *but: int) -> list[int]:
    return [person for person in dict.fromkeys(people) if person not in but]
