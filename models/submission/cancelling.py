"""What waits to be sent when its mailbox goes."""

from uuid import UUID

from models.ground import clock, store
from models.submission.telling import tell
from models.submission.undelivered import tell_writers
from models.viewer import Actor

_WHY = "Its mailbox was disconnected before it could be sent."
_WHY_UNCERTAIN = "Its mailbox was disconnected before the mail server answered."


async def cancel_of_mailbox(by: Actor, mailbox_id: UUID) -> None:
    """
    In the transaction that disconnects the mailbox: what has not left yet is CANCELLED; what has begun to leave is
    UNCERTAIN, unless the server still answers whoever hands it over.
    """
    rows = await store.rows(_CANCEL, by.firm_id, mailbox_id, clock.now(), _WHY, _WHY_UNCERTAIN)
    ids = [email_id for (email_id,) in rows]
    await tell(by, ids)
    await tell_writers(by, ids)


_CANCEL = """
UPDATE submission SET settled_at = $3,
  state = CASE handed_over WHEN 0 THEN 'CANCELLED' ELSE 'UNCERTAIN' END,
  error = CASE handed_over WHEN 0 THEN $4 ELSE $5 END
WHERE firm_id = $1 AND mailbox_id = $2 AND settled_at IS NULL RETURNING id
"""
