"""A mailbox has signed in. The first time its address becomes the firm's own, and Email sync of it ends (R46)."""

from typing import Any

from models import firm, our_own
from models.email import history
from models.errors import ErrorCode, Refusal
from models.ground import clock, store
from models.mailbox import health
from models.mailbox.lease import Leased, check
from models.toggles import end_email_sync
from models.viewer import System


class NotEntrusted(Refusal):
    """A contact holds the address, and whoever connected or last changed the mailbox may not manage accounts."""


async def signed_in(leased: Leased) -> None:
    """
    Records that the password is good.

    Raises LeaseLost, NotEntrusted: the right is asked for again, for since the mailbox was connected a contact may have
    got its address, or whoever connected it may have lost the right.
    """
    if not leased.signed_in_before:
        await _for_the_first_time(leased)
    await health.reached(leased)


async def _for_the_first_time(leased: Leased) -> None:
    async with store.transaction(leased.firm_id):
        await firm.one_at_a_time(leased.firm_id)
        await history.lock(leased.firm_id)
        await check(leased)
        (mailbox,) = await store.rows(_MAILBOX, leased.firm_id, leased.mailbox_id)
        await _must_be_entrusted(leased, mailbox)
        signed_in = "UPDATE mailbox SET signed_in_at = $3 WHERE firm_id = $1 AND id = $2"
        await store.execute(signed_in, leased.firm_id, leased.mailbox_id, clock.now())
        await end_email_sync(System(leased.firm_id), mailbox["address_key"], of=our_own.OurOwn.MAILBOX)


_MAILBOX = """
SELECT b.address, b.address_key, b.changed_by IS NULL OR EXISTS (
  SELECT 1 FROM team_member m WHERE m.firm_id = b.firm_id AND m.id = b.changed_by AND m.state = 'ACTIVE'
  AND (m.role <> 'EMPLOYEE' OR m.manage_accounts)) AS entrusted
FROM mailbox b WHERE b.firm_id = $1 AND b.id = $2
"""


async def _must_be_entrusted(leased: Leased, mailbox: Any) -> None:
    if not mailbox["entrusted"] and await our_own.is_held(leased.firm_id, mailbox["address_key"]):
        message = (
            f"A client's contact holds {mailbox['address']}, and its Email sync would end. Whoever may change clients"
            " can pause this mailbox and take it up again; then it signs in."
        )
        raise NotEntrusted(ErrorCode.NOT_ALLOWED, message, "address")
