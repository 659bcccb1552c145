"""How invitations end: revoked by the firm, or for another reason of their own (R9; models.access for the rest)."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from asyncpg import Record

from models import firm, journal, letter
from models.access import ENDED_BECAUSE, Spot, uncover
from models.errors import DeadLinkReason, ErrorCode, Refusal
from models.ground import clock, store
from models.idempotency import Done
from models.invitation.link import dead_link, dead_reason
from models.journal import Change, JournalKind, Subject
from models.viewer import Actor, must_manage_accounts


async def revoke(by: Actor, invitation_id: UUID) -> Done:
    """
    Its links die, and a letter that has not left never will. Revoked before: nothing changes (R3).

    Answers the id. Raises NOT_FOUND, NOT_ALLOWED; INVALID where nobody was invited yet, ALREADY_ACTIVE, DEAD_LINK.
    """
    must_manage_accounts(by)
    async with store.transaction(by.firm_id) as tx:
        await firm.one_at_a_time(by.firm_id)
        invitation = await store.row(_TO_REVOKE, by.firm_id, invitation_id)
        if invitation is None:
            raise await _no_row(by, invitation_id)
        if invitation["end_reason"] != DeadLinkReason.REVOKED:
            await _revoke(by, invitation)
    return Done((invitation_id,), tx.cursor)


async def _revoke(by: Actor, invitation: Record) -> None:
    reason = dead_reason(invitation)
    if reason is DeadLinkReason.USED:
        raise Refusal(ErrorCode.ALREADY_ACTIVE, "It has been accepted already. Switch Login off instead.", "id")
    if reason is not None:
        raise dead_link(reason, "id")
    await end(by, [invitation["id"]], DeadLinkReason.REVOKED)
    covered = await store.rows(_COVERED, by.firm_id, invitation["id"])
    journal.record(
        JournalKind.INVITATION_REVOKED,
        by=by,
        subject=(Subject.INVITATION, invitation["id"]),
        accounts=[spot["account_id"] for spot in covered],
        touched=[spot["toggles_id"] for spot in covered],
        changes=[Change("state", "SENT" if invitation["sent_at"] else "NOT_SENT", "REVOKED")],
    )


async def _no_row(by: Actor, toggles_id: UUID) -> Refusal:
    """The id may be that of toggles, which stands for an invitation that nobody wrote yet."""
    toggles = await store.row(_NO_ROW, by.firm_id, toggles_id)
    if toggles is None:
        return Refusal(ErrorCode.NOT_FOUND, "There is no such invitation.", "id")
    if toggles["activated"]:
        return Refusal(ErrorCode.ALREADY_ACTIVE, "This person has access already. Switch Login off instead.", "id")
    return Refusal(ErrorCode.INVALID, "Nobody has been invited there yet, so there is nothing to revoke.", "id")


_TO_REVOKE = "SELECT * FROM invitation WHERE firm_id = $1 AND id = $2 AND address_id IS NOT NULL FOR UPDATE"
_COVERED = """
SELECT c.account_id, t.id AS toggles_id FROM invitation_account c
JOIN invitation i ON i.firm_id = c.firm_id AND i.id = c.invitation_id
JOIN toggles t ON t.firm_id = c.firm_id AND t.account_id = c.account_id AND t.address_id = i.address_id
WHERE c.firm_id = $1 AND c.invitation_id = $2 AND c.left_at IS NULL ORDER BY c.account_id
"""
_NO_ROW = """
SELECT p.id IS NOT NULL AS activated FROM toggles t
LEFT JOIN portal_user p ON p.firm_id = t.firm_id AND p.address_id = t.address_id
WHERE t.firm_id = $1 AND t.id = $2 AND t.login
"""


async def withdraw(by: Actor, run_id: UUID, spots: Sequence[Spot]) -> None:
    """
    Takes each account out of what this run sent to its address (R30): for other accounts that lives on, and with none
    left its links die. What has ended before stays as it is.

    Runs inside a transaction, under `firm.one_at_a_time`, that holds their toggles.
    """
    if not spots:
        return
    accounts, addresses = [account_id for account_id, _ in spots], [address_id for _, address_id in spots]
    sent = await store.rows(store.for_many(_SENT_BY, spots), by.firm_id, run_id, accounts, addresses)
    ended = await uncover(by, [(spot["id"], spot["account_id"]) for spot in sent], DeadLinkReason.REVOKED)
    await letter.forget_accounts(by, [(spot["account_id"], spot["address_id"]) for spot in sent])
    for _, covered in groupby(sent, key=itemgetter("id")):
        _record_withdrawn(by, list(covered), ended)


def _record_withdrawn(by: Actor, covered: Sequence[Record], ended: Mapping[UUID, DeadLinkReason]) -> None:
    """The entry tells of a change only where the invitation ended."""
    first = covered[0]
    before, why = "SENT" if first["sent_at"] else "NOT_SENT", ended.get(first["id"])
    journal.record(
        JournalKind.INVITATION_REVOKED,
        by=by,
        subject=(Subject.INVITATION, first["id"]),
        accounts=[spot["account_id"] for spot in covered],
        touched=[spot["toggles_id"] for spot in covered],
        changes=[Change("state", before, why)] if why else [],
    )


# one by one (LATERAL), so that each is found by its id whatever PostgreSQL takes the size of the table to be
_SENT_BY = f"""
SELECT i.id, i.sent_at, n.account_id, n.address_id, n.toggles_id FROM (
  SELECT i.id, n.account_id, n.address_id, t.id AS toggles_id
  FROM unnest($3::uuid[], $4::uuid[]) AS n(account_id, address_id), LATERAL (
    SELECT i.id, i.ended_at FROM invitation i
    WHERE i.firm_id = {store.FIRM} AND i.run_id = $2 AND i.address_id = n.address_id OFFSET 0) i, LATERAL (
    SELECT 1 FROM invitation_account c WHERE c.firm_id = {store.FIRM} AND c.invitation_id = i.id
      AND c.account_id = n.account_id AND c.left_at IS NULL LIMIT 1) c, LATERAL (
    SELECT t.id FROM toggles t
    WHERE t.firm_id = {store.FIRM} AND t.account_id = n.account_id AND t.address_id = n.address_id LIMIT 1) t
  WHERE i.ended_at IS NULL ORDER BY i.id, n.account_id) n,
LATERAL (SELECT i.id, i.sent_at FROM invitation i WHERE i.id = n.id AND i.ended_at IS NULL FOR UPDATE) i
"""


async def end(by: Actor, invitation_ids: Sequence[UUID], why: DeadLinkReason) -> None:
    """
    Their links die, and letters that have not left never will. What had expired ends as EXPIRED. In a transaction.
    """
    if invitation_ids:
        await store.execute(store.for_many(_END, invitation_ids), by.firm_id, list(invitation_ids), clock.now(), why)
        await letter.cancel(by, invitation_ids=invitation_ids)


_END = f"""
UPDATE invitation i SET ended_at = $3, end_reason = {ENDED_BECAUSE.format(now="$3", why="$4")}
FROM unnest($2::uuid[]) AS n(id), LATERAL (
  SELECT o.id FROM invitation o WHERE o.firm_id = {store.FIRM} AND o.id = n.id LIMIT 1) o
WHERE i.id = o.id AND i.ended_at IS NULL
"""


async def end_of_colleague(by: Actor, member_id: UUID, why: DeadLinkReason) -> None:
    """Ends a colleague's invitations to join the team that have not ended. Runs in a transaction."""
    out = await store.rows(_OF_COLLEAGUE, by.firm_id, member_id)
    await end(by, [invitation_id for (invitation_id,) in out], why)


_OF_COLLEAGUE = """
SELECT id FROM invitation WHERE firm_id = $1 AND member_id = $2 AND ended_at IS NULL ORDER BY id FOR UPDATE
"""
