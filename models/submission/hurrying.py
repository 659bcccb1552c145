"""What waits for its next try is tried at once."""

from uuid import UUID

from models.ground import store


async def hurry(firm_id: UUID, mailbox_id: UUID) -> None:
    """
    Of a mailbox that somebody has mended, or asks for a look at. Not what is UNCERTAIN: that is looked for first. In
    the transaction of whoever asks.
    """
    await store.execute(_HURRY, firm_id, mailbox_id)


_HURRY = """
UPDATE submission SET due_at = now()
WHERE firm_id = $1 AND mailbox_id = $2 AND settled_at IS NULL AND state = 'QUEUED' AND due_at > now()
"""
