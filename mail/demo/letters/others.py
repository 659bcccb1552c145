"""The rest of what a firm's mailbox holds: newsletters, offers, a bounce now and then, circulars to many in Bcc."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from random import Random

from mail.demo.letters.compose import Letter, Person
from mail.demo.letters.shapes import PastMessage
from mail.demo.people import Firm

NEWSLETTER: Person = ("Fisco & Norme", "news@fiscoenorme.example")
HEADLINES = (
    "Le novità della settimana", "Deadlines of the month", "Fattura elettronica: le risposte alle vostre domande",
    "What changes for cross-border workers", "Bonus edilizi, il punto", "Webinar: the new reporting standard",
)  # fmt: skip
OFFERS = (
    ("Kevin Marlow", "kevin@leadboost.example", "Quick question", "Do you have fifteen minutes for more leads?"),
    ("Sara Bonetti", "sara.bonetti@posta.example", "Candidatura", "Sono neolaureata in economia e cerco uno studio."),
    ("Carta & Toner", "ordini@cartaetoner.example", "Offerta carta A4", "Cinque scatole al prezzo di quattro."),
    ("Ministry of Prizes", "winner@prizes.example", "You have been selected!!!", "Claim your prize within 24 hours."),
    ("Nuova Luce", "commerciale@nuovaluce.example", "Energia per il vostro studio", "Un preventivo senza impegno?"),
    ("Anita Rao", "anita.rao@mailbox.example", "New client?", "A friend gave me your name. Do you take freelancers?"),
    ("Municipio", "tributi@comune.example", "Avviso scadenza TARI", "Si ricorda il pagamento entro fine mese."),
)  # fmt: skip
CIRCULARS = (
    ("Circular: summer closing", "Dear clients,\n\nthe office is closed for the two middle weeks of August."),
    ("Circolare: scadenze di fine anno", "Gentili clienti,\n\nricordiamo le scadenze di dicembre. Buone feste!"),
    ("Circular: the new invoice format", "Dear clients,\n\nfrom next month invoices need the recipient code."),
)  # fmt: skip
CLOSED_DOWN: Person = ("Libreria Antonelli", "info@libreriaantonelli.example")

REPORT = """\
Return-Path: <>
From: Mail Delivery System <mailer-daemon@libreriaantonelli.example>
To: {mailbox}
Subject: Undelivered Mail Returned to Sender
Date: {at}
Auto-Submitted: auto-replied
Message-ID: <bounce.{id}@libreriaantonelli.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_{id}"

--=_{id}
Content-Type: text/plain; charset=us-ascii

The mailbox of your letter does not exist any more.

--=_{id}
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.libreriaantonelli.example

Final-Recipient: rfc822; {lost}
Action: failed
Status: 5.1.1

--=_{id}
Content-Type: text/rfc822-headers

{header}

--=_{id}--
"""


def newsletters(firm: Firm, now: datetime, chance: Random) -> Iterator[Letter]:
    marks = {"List-Id": "<news.fiscoenorme.example>", "Precedence": "bulk",
             "List-Unsubscribe": "<https://fiscoenorme.example/unsubscribe>"}  # fmt: skip
    for number in range(40):
        headline = HEADLINES[number % len(HEADLINES)]
        sent_at = now - timedelta(days=27 * number + 3, minutes=chance.randint(0, 240))
        yield _alone(
            NEWSLETTER, firm.mailbox, headline, f"{headline}.\n\nRead more on our site.", sent_at, chance, marks
        )


def offers(firm: Firm, now: datetime, chance: Random) -> Iterator[Letter]:
    for number in range(45):
        name, address, subject, text = OFFERS[number % len(OFFERS)]
        sent_at = now - timedelta(days=chance.uniform(1, 1_000))
        yield _alone((name, address), firm.mailbox, subject, text, sent_at, chance)


def circulars(firm: Firm, now: datetime, chance: Random) -> Iterator[Letter]:
    """To the firm itself, with a dozen clients in Bcc, as the copy in Sent says."""
    for number in range(9):
        subject, text = CIRCULARS[number % len(CIRCULARS)]
        hidden = chance.sample([contact.email for contact in firm.contacts if contact.email], 12)
        sent_at = now - timedelta(days=115 * number + 20, minutes=chance.randint(0, 400))
        marks = {"Bcc": ", ".join(dict.fromkeys(hidden))}
        yield _alone((firm.name, firm.mailbox), firm.mailbox, subject, text, sent_at, chance, marks)


def bounced(firm: Firm, now: datetime, chance: Random) -> Iterator[PastMessage]:
    """A letter to somebody who has closed down, and what the other side's server said (RFC 3464)."""
    for number in range(3):
        sent_at = now - timedelta(days=200 * number + 60)
        letter = _alone(
            (firm.name, firm.mailbox), CLOSED_DOWN[1], "Your documents", "May we send them back?", sent_at, chance
        )
        yield PastMessage("Sent", sent_at, letter.raw)
        returned_at = sent_at + timedelta(seconds=70)
        yield PastMessage("INBOX", returned_at, _report(firm.mailbox, letter, returned_at))


def _alone(
    sender: Person,
    to: str,
    subject: str,
    text: str,
    sent_at: datetime,
    chance: Random,
    marks: dict[str, str] | None = None,
) -> Letter:
    message_id = f"<{chance.getrandbits(80):020x}@{sender[1].rsplit('@')[-1]}>"
    sent_at = sent_at.replace(microsecond=0)
    return Letter(message_id, sent_at, sender, (("", to),), subject, text, html=bool(marks), headers=marks or {})


def _report(mailbox: str, letter: Letter, at: datetime) -> bytes:
    header = letter.raw.split(b"\r\n\r\n", 1)[0].decode("ascii")
    report = REPORT.format(
        mailbox=mailbox, at=format_datetime(at), id=letter.message_id[1:9], lost=CLOSED_DOWN[1], header=header
    )
    return report.replace("\r\n", "\n").replace("\n", "\r\n").encode()
