"""An address whose letters came back for good: nothing is sent there, until a person of the firm lifts it (R17)."""

from collections.abc import Iterable
from uuid import UUID

from models import journal
from models.errors import ErrorCode, Refusal
from models.ground import clock, store
from models.idempotency import Done
from models.journal import Change, JournalKind, Subject
from models.viewer import Actor, System, Viewer, must_manage_accounts

LONGEST_REASON = 500


async def suppress(firm_id: UUID, address_id: UUID, reason: str) -> None:
    """`reason` in plain words. An earlier one stands. Runs inside a transaction."""
    why = reason[:LONGEST_REASON]
    if await store.execute(_SUPPRESS, firm_id, address_id, clock.now(), why):
        await _record(System(firm_id), JournalKind.ADDRESS_SUPPRESSED, address_id, Change("suppressed", None, why))


_SUPPRESS = """
UPDATE email_address SET suppressed_at = $3, suppressed_reason = $4
WHERE firm_id = $1 AND id = $2 AND suppressed_at IS NULL
"""


async def reasons(firm_id: UUID, keys: Iterable[str]) -> dict[str, str]:
    """Of these addresses, by the keys they are compared by, those that nothing is sent to, and why."""
    return {address["key"]: address["reason"] for address in await store.rows(_REASONS, firm_id, list(keys))}


_REASONS = """
SELECT key, coalesce(suppressed_reason, '') AS reason FROM email_address
WHERE firm_id = $1 AND key = ANY($2::text[]) AND suppressed_at IS NOT NULL
"""


async def lift(by: Viewer, address_id: UUID) -> Done:
    """Letters go there again; what was not sent meanwhile stays unsent. Raises NOT_FOUND, NOT_ALLOWED."""
    must_manage_accounts(by)
    async with store.transaction(by.firm_id) as tx:
        address = await store.row(_LOCKED, by.firm_id, address_id)
        if address is None:
            raise Refusal(ErrorCode.NOT_FOUND, "There is no such address.", "addressId")
        if address["suppressed_reason"] is not None:
            await store.execute(_LIFT, by.firm_id, address_id)
            change = Change("suppressed", address["suppressed_reason"], None)
            await _record(by, JournalKind.SUPPRESSION_LIFTED, address_id, change)
    return Done((address_id,), tx.cursor)


_LOCKED = "SELECT suppressed_reason FROM email_address WHERE firm_id = $1 AND id = $2 FOR NO KEY UPDATE"
_LIFT = "UPDATE email_address SET suppressed_at = NULL, suppressed_reason = NULL WHERE firm_id = $1 AND id = $2"


async def _record(by: Actor, kind: JournalKind, address_id: UUID, change: Change) -> None:
    used = await store.rows(_USED, by.firm_id, address_id)
    journal.record(
        kind,
        by=by,
        subject=(Subject.EMAIL_ADDRESS, address_id),
        accounts=[toggles["account_id"] for toggles in used],
        touched=[toggles["id"] for toggles in used],
        changes=[change],
    )


_USED = "SELECT id, account_id FROM toggles WHERE firm_id = $1 AND address_id = $2 ORDER BY id"
