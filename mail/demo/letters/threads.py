"""What the firm and its clients wrote to each other: each account lives through some of the templates."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from random import Random

from mail.demo.letters import attachments, english, italian
from mail.demo.letters.compose import Letter, Person
from mail.demo.letters.shapes import By, Step, Template
from mail.demo.people import SPOUSE_EMAIL, Account, Contact, Firm, Language

YEARS = 3
ROME = timezone(timedelta(hours=1))
MONTHS = {
    Language.ENGLISH: "January February March April May June July August September October November December",
    Language.ITALIAN: "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
}
WEEKDAYS = {
    Language.ENGLISH: "Monday Tuesday Wednesday Thursday Friday",
    Language.ITALIAN: "lunedì martedì mercoledì giovedì venerdì",
}
TEMPLATES = {Language.ENGLISH: english.TEMPLATES, Language.ITALIAN: italian.TEMPLATES}
THOUSANDS = {Language.ENGLISH: ",", Language.ITALIAN: "."}
AWAY = {Language.ENGLISH: "Automatic reply: ", Language.ITALIAN: "Risposta automatica: "}


@dataclass(frozen=True, slots=True)
class Newcomer:
    """An address whose Email sync is off on `code`, with a past in the mailbox that shows when it is switched on."""

    code: str
    contact: str
    address: str


NEWCOMER = Newcomer("T1", "Ornella Biagi", "ornella@trattoriaornella.example")
THREADS_OF_THE_NEWCOMER = 6


def threads(firm: Firm, now: datetime, chance: Random) -> Iterator[Letter]:
    """In no order. A thread that reaches `now` is left open: its later letters have not been written yet."""
    for account in firm.accounts:
        for number in range(THREADS_OF_THE_NEWCOMER if account.code == NEWCOMER.code else chance.randint(4, 7)):
            talk = _talk(firm, account, number, now, chance)
            yield from (letter for letter in talk.letters() if letter.sent_at < now)


def _talk(firm: Firm, account: Account, number: int, now: datetime, chance: Random) -> "_Talk":
    begun = _in_office_hours(now - timedelta(days=chance.uniform(1, 365 * YEARS)), chance)
    contact, address = _somebody(firm, account, chance)
    suitable = [template for template in TEMPLATES[contact.language] if account.kind in template.kinds]
    template = suitable[(number + sum(account.code.encode())) % len(suitable)]
    colleague = chance.choice(firm.colleagues).name
    words = _words(account, contact, begun, chance) | {"colleague": colleague.split()[0]}
    copied = _copied(firm, account, address, chance)
    return _Talk((contact.name, address), (f"{colleague} ({firm.name})", firm.mailbox), copied, contact.language,
                 template, words, begun, chance)  # fmt: skip


def _somebody(firm: Firm, account: Account, chance: Random) -> tuple[Contact, str]:
    if account.code == NEWCOMER.code:
        return firm.contact(NEWCOMER.contact), NEWCOMER.address
    contact = chance.choice(firm.linked(account))
    own = [address for name, address in contact.emails.items() if name != SPOUSE_EMAIL]
    return contact, chance.choice(own)


def _copied(firm: Firm, account: Account, address: str, chance: Random) -> tuple[Person, ...]:
    people = [(contact.name, held) for contact in firm.linked(account) for held in contact.emails.values()]
    possible = [(name, held) for name, held in people if held != address]
    return (chance.choice(possible),) if possible and chance.random() < 0.35 else ()


def _words(account: Account, contact: Contact, begun: datetime, chance: Random) -> dict[str, str]:
    return {
        "first": contact.name.removeprefix("Padre ").split()[0],
        "account": account.name,
        "month": MONTHS[contact.language].split()[begun.month - 1],
        "weekday": chance.choice(WEEKDAYS[contact.language].split()),
        "year": str(begun.year),
        "quarter": str((begun.month + 2) // 3),
        "number": f"{begun.year}/{chance.randint(11, 480)}",
        "amount": f"{chance.randint(180, 18_000):,}".replace(",", THOUSANDS[contact.language]),
    }


def _in_office_hours(moment: datetime, chance: Random) -> datetime:
    day = moment.astimezone(ROME) + timedelta(days=(0, 0, 0, 0, 0, 2, 1)[moment.astimezone(ROME).weekday()])
    hour, minute = chance.randint(8, 18), chance.randint(0, 59)
    return max(day.replace(hour=hour, minute=minute, second=chance.randint(0, 59), microsecond=0), moment)


def _attribution(letter: Letter, language: Language) -> str:
    if language is Language.ITALIAN:
        return f"Il {letter.sent_at:%d/%m/%Y} {letter.sender[0]} ha scritto:"
    return f"On {letter.sent_at:%d %b %Y} {letter.sender[0]} wrote:"


@dataclass(frozen=True, slots=True)
class _Talk:
    """One thread. `copied` are on the Cc of every letter but the automatic ones."""

    client: Person
    firm: Person
    copied: tuple[Person, ...]
    language: Language
    template: Template
    words: Mapping[str, str]
    begun: datetime
    chance: Random

    def letters(self) -> Iterator[Letter]:
        at = self.begun
        so_far: list[Letter] = []
        for step in self.template.steps:
            letter = self._letter(step, at, so_far)
            yield letter
            if step.by is not By.ABSENCE:
                so_far.append(letter)
            at = self._later(at)

    def _later(self, at: datetime) -> datetime:
        if self.chance.random() < 0.4:
            return at + timedelta(minutes=self.chance.randint(7, 90))
        return _in_office_hours(at + timedelta(hours=self.chance.uniform(14, 90)), self.chance)

    def _letter(self, step: Step, at: datetime, so_far: list[Letter]) -> Letter:
        sender, receiver = (self.firm, self.client) if step.by is By.FIRM else (self.client, self.firm)
        absent = step.by is By.ABSENCE
        return Letter(
            message_id=f"<{self.chance.getrandbits(80):020x}@{sender[1].rsplit('@')[-1]}>",
            sent_at=at,
            sender=sender,
            to=(receiver,),
            cc=() if absent else self.copied,
            subject=self._subject(step, is_answer=bool(so_far)),
            text=f"{step.text.format_map(self.words)}\n\n{sender[0]}",
            references=tuple(letter.message_id for letter in so_far),
            quoted="" if absent or not so_far else so_far[-1].text,
            attribution=_attribution(so_far[-1], self.language) if so_far else "",
            attachment=self._attachment(step),
            html=not absent and self.chance.random() < 0.4,
            charset="windows-1252" if self.chance.random() < 0.1 else "utf-8",
            headers={"Auto-Submitted": "auto-replied"} if absent else {},
        )

    def _subject(self, step: Step, *, is_answer: bool) -> str:
        subject = self.template.subject.format_map(self.words)
        if step.by is By.ABSENCE:
            return AWAY[self.language] + subject
        return f"Re: {subject}" if is_answer else subject

    def _attachment(self, step: Step) -> tuple[str, str, bytes] | None:
        if step.file is None:
            return None
        title = f"{step.file.rsplit('.', 1)[0]} {self.words['year']}, {self.words['account']}"
        return step.file, *attachments.made(step.file, title=title, amount=self.words["amount"])
