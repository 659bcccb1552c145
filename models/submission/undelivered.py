"""Whoever wrote an e-mail hears in Inbox+ that it did not leave, or whom it did not reach (R17, R45)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from models import notification
from models.ground import store
from models.letter.letter import LetterState
from models.notification import NewNotification, NotificationKind, Said
from models.viewer import Actor


async def tell_writers(by: Actor, ids: Sequence[UUID]) -> None:
    """
    Of these, tells of those that are REFUSED, CANCELLED, or SENT to some of their recipients only. In the transaction
    that made them so. As many statements for 500 as for one.
    """
    if ids and (emails := await store.rows(_UNDELIVERED, by.firm_id, list(ids))):
        await notification.raise_for_team(by, [undelivered(email, _said(email)) for email in emails])


_UNDELIVERED = f"""
SELECT s.id, s.state, s.member_id, s.error, m.subject,
  ARRAY(SELECT account_id FROM email_account WHERE firm_id = {store.FIRM} AND email_id = s.id ORDER BY 1) AS accounts
FROM submission s JOIN email m ON m.firm_id = {store.FIRM} AND m.id = s.id
WHERE s.firm_id = $1 AND s.id = ANY($2::uuid[])
  AND (s.state IN ('REFUSED', 'CANCELLED') OR (s.state = 'SENT' AND s.error IS NOT NULL))
ORDER BY s.created_at, s.id
"""


def _said(email: Any) -> Said:
    subject, why = email["subject"], email["error"]
    if email["state"] == LetterState.SENT:
        return lambda words: words.email_not_sent_to_all(subject, why)
    return lambda words: words.email_not_sent(subject, why)


def undelivered(email: Any, text: Said) -> NewNotification:
    """For its writer; else, where that colleague is gone, for everybody. `email`: `id`, `member_id` and `accounts`."""
    return NewNotification(
        *(NotificationKind.LETTER_BOUNCED, email["id"], email["id"], text),
        only=email["member_id"],
        accounts=tuple(email["accounts"]),
    )
