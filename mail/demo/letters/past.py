"""All of it, in the order in which it came."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from random import Random

from mail.demo.letters.compose import Letter
from mail.demo.letters.others import bounced, circulars, newsletters, offers
from mail.demo.letters.shapes import PastMessage
from mail.demo.letters.threads import threads
from mail.demo.people import BELLANDI, Firm

SEED = 1494  # Pacioli's Summa, the first printed book-keeping


def past_mail(now: datetime, *, firm: Firm = BELLANDI) -> Iterator[PastMessage]:
    """About a thousand messages of the three years before `now` (which must know its time zone), oldest first."""
    chance = Random(SEED)  # noqa: S311 - meant to be the same every time
    letters = chain.from_iterable(kind(firm, now, chance) for kind in (threads, newsletters, offers, circulars))
    filed = [_filed(letter, firm) for letter in letters]
    yield from sorted([*filed, *bounced(firm, now, chance)], key=lambda message: message.received_at)


def _filed(letter: Letter, firm: Firm) -> PastMessage:
    if letter.sender[1] == firm.mailbox:
        return PastMessage("Sent", letter.sent_at, letter.raw)
    return PastMessage("INBOX", letter.sent_at + timedelta(seconds=3), letter.raw)
