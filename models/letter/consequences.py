"""What else changes when a letter has left, or cannot be delivered: its invitation, its address, somebody's Inbox+."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from models import clock, journal, notification, store, suppression
from models.journal import Subject
from models.letter.claiming import Claimed
from models.notification import NotificationKind
from models.viewer import System


async def invitation_sent(firm_id: UUID, invitation_id: UUID) -> None:
    """Its first letter has left."""
    _moved(firm_id, invitation_id, await store.rows(_SENT, firm_id, invitation_id, clock.now()))


def _moved(firm_id: UUID, invitation_id: UUID, covered: Sequence[Any]) -> None:
    """Tells the feeds that these toggles are to be read again; nothing to tell where it is a colleague's."""
    if covered:
        journal.record(
            journal.INVITATION_MOVED,
            by=System(firm_id),
            subject=(Subject.INVITATION, invitation_id),
            accounts=[row["account_id"] for row in covered],
            touched=[row["id"] for row in covered],
        )


def _moving(change: str) -> str:
    """Makes the change, and answers the toggles that the invitation covers."""
    return f"""
WITH moved AS ({change} RETURNING firm_id, id, address_id)
SELECT t.id, t.account_id FROM moved m
JOIN invitation_account c ON c.firm_id = m.firm_id AND c.invitation_id = m.id AND c.left_at IS NULL
JOIN toggles t ON t.firm_id = m.firm_id AND t.account_id = c.account_id AND t.address_id = m.address_id
ORDER BY t.id
"""


_SENT = _moving("UPDATE invitation SET sent_at = $3 WHERE firm_id = $1 AND id = $2 AND sent_at IS NULL")
_BOUNCED = _moving(
    "UPDATE invitation SET bounced_at = $3 WHERE firm_id = $1 AND id = $2 AND bounced_at IS NULL AND ended_at IS NULL"
)


async def undelivered(letter: Claimed, why: str, *, suppress: bool) -> None:
    """Runs inside a transaction, before the letter itself is settled."""
    if suppress and letter.address_id:
        await suppression.suppress(letter.firm_id, letter.address_id, why)
    if letter.invitation_id:
        covered = await store.rows(_BOUNCED, letter.firm_id, letter.invitation_id, clock.now())
        _moved(letter.firm_id, letter.invitation_id, covered)
    await _tell(letter, why)


async def _tell(letter: Claimed, why: str) -> None:
    """Whoever asked for it; else, or where that colleague is gone, everybody. One entry for each address."""
    about = letter.address_id or letter.member_id or letter.firm_id
    await notification.raise_for_team(
        System(letter.firm_id),
        NotificationKind.LETTER_BOUNCED,
        about=about,
        subject_id=about,
        text=f"The letter to {letter.to_address} could not be delivered. {why}",
        only=letter.asked_by,
    )
