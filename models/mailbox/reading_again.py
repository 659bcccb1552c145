"""A look at once, and a second reading of what could not be read (R23). Back-off: `models.mailbox.health`."""

from functools import partial
from uuid import UUID

from models import idempotency, journal, submission
from models.email import history
from models.errors import ErrorCode, Refusal
from models.ground import store
from models.idempotency import Done
from models.journal import FeedKind, Subject
from models.mailbox.health import MOST_REFUSALS
from models.mailbox.lease import Leased, check
from models.mailbox.mailbox import MailboxState
from models.viewer import Viewer


async def sync_now(by: Viewer, mailbox_id: UUID, *, key: str | None = None) -> Done:
    """
    The mailbox is looked at within seconds, also where it waits for its next try or for a person; a secret that was
    refused is tried once. All that is quarantined is fetched and read once more, and quarantined again where it fails;
    it was not told before, so nothing is told twice. What waits to be sent is tried at once, too.

    Any team member may. Raises NOT_FOUND; INVALID where it is paused, which is somebody's decision and stays so.
    """
    wish = {"mailbox": mailbox_id}
    return await idempotency.once(by, key, verb="sync mailbox now", wish=wish, do=partial(_sync_now, by, mailbox_id))


async def _sync_now(by: Viewer, mailbox_id: UUID) -> tuple[UUID, ...]:
    await history.lock(by.firm_id)
    state = await store.value(_STATE, by.firm_id, mailbox_id)
    if state is None:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such mailbox.", "id")
    if state == MailboxState.PAUSED:
        message = "This mailbox is paused. Take it up again; then it is looked at by itself."
        raise Refusal(ErrorCode.INVALID, message, "id")
    await store.execute(_ASK, by.firm_id, mailbox_id, MOST_REFUSALS - 1)
    await store.execute(_READ_AGAIN.format("true"), by.firm_id, mailbox_id)
    await submission.hurry(by.firm_id, mailbox_id)
    journal.record(FeedKind.MAILBOX_MOVED, by=by, subject=(Subject.MAILBOX, mailbox_id))
    return (mailbox_id,)


_STATE = "SELECT state FROM mailbox WHERE firm_id = $1 AND id = $2 AND disconnected_at IS NULL FOR NO KEY UPDATE"
_ASK = """
UPDATE mailbox SET asks = asks + 1, retry_at = NULL, smtp_retry_at = NULL, refusals = least(refusals, $3),
  state = CASE state WHEN 'NEEDS_ATTENTION' THEN 'CHECKING' ELSE state END
WHERE firm_id = $1 AND id = $2
"""
# reason and file stay until it is settled anew: the server may be away, or have the message no more
_READ_AGAIN = """
WITH again AS (
  UPDATE occurrence SET state = 'PENDING', attempts = 0
  WHERE firm_id = $1 AND mailbox_id = $2 AND state = 'QUARANTINED' AND gone_at IS NULL AND {}
  RETURNING arrival
)
UPDATE mailbox SET backfill_total = backfill_total + (SELECT count(*) FROM again WHERE NOT arrival)
WHERE firm_id = $1 AND id = $2 AND backfill_total > 0
"""


async def with_parser(leased: Leased, version: int) -> None:
    """
    Once for each new parser: messages that could not be read are fetched and read once more, except those that the
    server never handed out. Raises LeaseLost.

    An older process that still runs may quarantine by the older parser afterwards: that waits for `sync_now` or the
    next version.
    """
    if leased.parser_version >= version:
        return
    async with store.transaction(leased.firm_id):
        await history.lock(leased.firm_id)
        await check(leased)
        if await store.execute(_PARSED_BY, leased.firm_id, leased.mailbox_id, version):
            await store.execute(_READ_AGAIN.format("raw_file IS NOT NULL"), leased.firm_id, leased.mailbox_id)


_PARSED_BY = "UPDATE mailbox SET parser_version = $3 WHERE firm_id = $1 AND id = $2 AND parser_version < $3"
