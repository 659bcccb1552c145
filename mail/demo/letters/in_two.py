"""A thread that two mailboxes hold: one client, the studio's address and a colleague who files his mail."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from mail.demo.letters import attachments
from mail.demo.letters.compose import Letter, Person
from mail.demo.letters.shapes import PastMessage
from mail.demo.letters.threads import NEWCOMER
from mail.demo.people import BELLANDI
from mail.demo.users import COLLEAGUE, STUDIO

CLIENTS = "Clients"
"""The folder where the colleague files what clients write."""
SUBJECT = "Il forno nuovo"

ORNELLA: Person = (NEWCOMER.contact, NEWCOMER.address)
FIRM: Person = (f"Chiara ({BELLANDI.name})", STUDIO.address)
THOMAS: Person = ("Thomas Marsh", COLLEAGUE.address)


@dataclass(frozen=True, slots=True)
class _Step:
    """`studio` and `colleague`: the folder in which each of them holds it; None: they never had it."""

    days: float
    sender: Person
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    text: str
    studio: str | None
    colleague: str | None
    file: str | None = None


STEPS = (
    _Step(6.3, ORNELLA, (FIRM,), (THOMAS,),
          "Buongiorno,\n\nil forno è da cambiare. Meglio il leasing o l'acquisto?", "INBOX", CLIENTS),
    _Step(6.1, THOMAS, (ORNELLA,), (FIRM,),
          "Buongiorno Ornella,\n\ndipende dal prezzo: ci manda i due preventivi?", "INBOX", "Sent"),
    _Step(5.2, ORNELLA, (THOMAS,), (),
          "Scrivo solo a Lei: con la banca come siamo messi, prima che ne parli con Dario?", None, CLIENTS),
    _Step(5.1, THOMAS, (ORNELLA,), (), "Bene, può stare tranquilla. Ne parliamo giovedì.", None, "Sent"),
    _Step(4.2, ORNELLA, (FIRM, THOMAS), (), "Ecco i preventivi.", "INBOX", CLIENTS, "preventivi.pdf"),
    _Step(2.3, FIRM, (ORNELLA,), (THOMAS,), "Grazie. A questi prezzi conviene l'acquisto.", "Sent", "INBOX"),
)  # fmt: skip


def thread_in_two(now: datetime) -> Iterator[PastMessage]:
    """
    Each copy, oldest first. Who received one finds it with a line on top that says so, as mail servers put it there:
    copies of a message are the same, and not the same bytes.
    """
    so_far: list[Letter] = []
    for number, step in enumerate(STEPS, start=1):
        letter = _letter(number, step, now - timedelta(days=step.days), so_far)
        so_far.append(letter)
        for mailbox, folder in ((STUDIO.address, step.studio), (COLLEAGUE.address, step.colleague)):
            if folder is not None:
                yield _copy(letter, mailbox, folder)


def _letter(number: int, step: _Step, at: datetime, so_far: list[Letter]) -> Letter:
    title = f"{SUBJECT}, {BELLANDI.account(NEWCOMER.code).name}"
    return Letter(
        message_id=f"<forno-{number}@{step.sender[1].rsplit('@')[-1]}>",
        sent_at=at.replace(microsecond=0),
        sender=step.sender,
        to=step.to,
        cc=step.cc,
        subject=f"Re: {SUBJECT}" if so_far else SUBJECT,
        text=f"{step.text}\n\n{step.sender[0]}",
        references=tuple(letter.message_id for letter in so_far),
        attachment=(step.file, *attachments.made(step.file, title=title, amount="9.400")) if step.file else None,
    )


def _copy(letter: Letter, mailbox: str, folder: str) -> PastMessage:
    if folder == "Sent":
        return PastMessage(folder, letter.sent_at, letter.raw, mailbox)
    delivered = f"Delivered-To: {mailbox}\r\n".encode()
    return PastMessage(folder, letter.sent_at + timedelta(seconds=3), delivered + letter.raw, mailbox)
