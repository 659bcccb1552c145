"""What else changes when a letter has left, or cannot be delivered: its invitation, its address, somebody's Inbox+."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from models import journal, notification, suppression
from models.ground import clock, store
from models.journal import Subject
from models.letter.claiming import Claimed
from models.notification import NewNotification, NotificationKind, Said
from models.notification_category import NotificationCategory
from models.viewer import System


async def lock(firm_id: UUID, invitation_ids: Iterable[UUID | None]) -> None:
    """The invitations of letters that are about to be settled, in the order of ids; before the letters themselves."""
    if ids := list(filter(None, invitation_ids)):
        await store.rows(_LOCK, firm_id, ids)


# one by one (LATERAL), so that each is found by its id whatever PostgreSQL takes the size of the table to be
_THESE = """(SELECT DISTINCT id FROM unnest($2::uuid[]) AS n(id) ORDER BY id) n,
  LATERAL (SELECT i.id FROM invitation i WHERE i.firm_id = $1 AND i.id = n.id FOR NO KEY UPDATE) these"""
_LOCK = f"SELECT these.id FROM {_THESE}"


async def invitations_sent(firm_id: UUID, invitation_ids: Iterable[UUID | None]) -> None:
    """Their first letters have left. An invitation that was sent before stays as it is."""
    if ids := list(filter(None, invitation_ids)):
        _moved(firm_id, await store.rows(_SENT, firm_id, ids, clock.now()))


def _moved(firm_id: UUID, covered: Sequence[Any]) -> None:
    """Tells the feeds that these toggles are to be read again; nothing to tell where it is a colleague's."""
    for invitation_id, rows in groupby(covered, key=itemgetter("invitation_id")):
        spots = list(rows)
        journal.record(
            journal.FeedKind.INVITATION_MOVED,
            by=System(firm_id),
            subject=(Subject.INVITATION, invitation_id),
            accounts=[spot["account_id"] for spot in spots],
            touched=[spot["id"] for spot in spots],
        )


def _moving(change: str) -> str:
    """Makes the change, and answers the toggles that the invitations cover."""
    return f"""
WITH moved AS ({change} RETURNING i.firm_id, i.id, i.address_id)
SELECT m.id AS invitation_id, t.id, t.account_id FROM moved m
JOIN invitation_account c ON c.firm_id = m.firm_id AND c.invitation_id = m.id AND c.left_at IS NULL
JOIN toggles t ON t.firm_id = m.firm_id AND t.account_id = c.account_id AND t.address_id = m.address_id
ORDER BY m.id, t.id
"""


_SENT = _moving(f"UPDATE invitation i SET sent_at = $3 FROM {_THESE} WHERE i.id = these.id AND i.sent_at IS NULL")
_BOUNCED = _moving(f"""
UPDATE invitation i SET bounced_at = $3 FROM {_THESE}
WHERE i.id = these.id AND i.bounced_at IS NULL AND i.ended_at IS NULL
""")


async def undelivered(letter: Claimed, why: str, *, suppress: bool) -> None:
    """
    Suppresses the address, marks the invitation as bounced and tells Inbox+. In a transaction, before the letter is
    settled.
    """
    if suppress and letter.address_id:
        await suppression.suppress(letter.firm_id, letter.address_id, why)
    if letter.invitation_id:
        _moved(letter.firm_id, await store.rows(_BOUNCED, letter.firm_id, [letter.invitation_id], clock.now()))
    await _tell(letter, lambda words: words.letter_undelivered(letter.to_address, why))


async def unwanted(letter: Claimed, ended: NotificationCategory | None) -> None:
    """`ended`: what the address is told of no more. Runs inside a transaction."""
    await _tell(letter, lambda words: words.letter_unwanted(letter.to_address, ended))


async def _tell(letter: Claimed, words: Said) -> None:
    """
    Whoever asked for it; else, or where that colleague is gone, everybody. One entry for each address; where it is a
    colleague's, in Inbox+ only: a letter that tells of it could come back as well.
    """
    about = letter.address_id or letter.member_id or letter.firm_id
    new = NewNotification(
        *(NotificationKind.LETTER_BOUNCED, about, about, words),
        only=letter.asked_by,
        accounts=tuple(account_id for (account_id,) in await store.rows(_HOLDING, letter.firm_id, letter.address_id)),
        quiet=letter.member_id is not None,
    )
    await notification.raise_for_team(System(letter.firm_id), [new])


# a contact of theirs holds it, or it still enters there (R41)
_HOLDING = """
SELECT l.account_id FROM contact_email h
JOIN account_contact l ON l.firm_id = h.firm_id AND l.contact_id = h.contact_id
WHERE h.firm_id = $1 AND h.address_id = $2
UNION SELECT t.account_id FROM toggles t WHERE t.firm_id = $1 AND t.address_id = $2 AND t.login ORDER BY 1
"""
