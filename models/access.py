"""Who may enter an account, and losing it: the one place where an address stops being a way in, with what follows."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record

from models import journal, letter
from models.errors import DeadLinkReason
from models.ground import clock, store
from models.journal import FeedKind
from models.viewer import Actor

Spot = tuple[UUID, UUID]
"""An account and an address."""
MAY_ENTER = """EXISTS (
  SELECT 1 FROM toggles t JOIN account a ON a.firm_id = t.firm_id AND a.id = t.account_id
  WHERE t.firm_id = p.firm_id AND t.address_id = p.address_id AND t.login AND a.archived_at IS NULL{and_also})"""
"""Whether the portal identity `p` may enter some account; with `{and_also}`: some that is so, too (R10, R44, R47)."""


ENDED_BECAUSE = "CASE WHEN i.expires_at <= {now} THEN 'EXPIRED' ELSE {why} END"
"""Why an invitation `i` ended: what had expired says so, whatever ends it now."""


async def lose_access(by: Actor, spots: Sequence[Spot], why: DeadLinkReason) -> None:
    """
    These addresses lose these accounts (R9, R10, R44, R47): invitations cover them no more, for this reason; letters
    that have not left tell of them no more; sessions end where an address may enter no account at all now; open sockets
    look again, in every process.

    Inside a transaction that holds their toggles, after the change.
    """
    if not spots:
        return
    invited = await _uncover(by, spots, why)
    activated = await _end_sessions(by, [address_id for _, address_id in spots])
    if written_to := invited | activated:
        await letter.forget_accounts(by, [spot for spot in spots if spot[1] in written_to])
    journal.record(FeedKind.ACCESS_ENDED, by=by)


async def _uncover(by: Actor, spots: Sequence[Spot], why: DeadLinkReason) -> set[UUID]:
    """
    These accounts leave the coverage of what their addresses were sent; what then covers none ends, for this reason.
    Answers the addresses that had been invited.

    Inside a transaction that holds their toggles. One statement where nobody had been invited.
    """
    living = await unended(by, [address_id for _, address_id in spots])
    invitations = {invitation["address_id"]: invitation["id"] for invitation in living}
    if covered := [(invitations[address], account) for account, address in spots if address in invitations]:
        await uncover(by, covered, why)
    return set(invitations)


async def uncover(by: Actor, covered: Sequence[tuple[UUID, UUID]], why: DeadLinkReason) -> dict[UUID, DeadLinkReason]:
    """
    Of each (invitation, account), the account leaves its coverage; what then covers none ends, and letters that have
    not left never will. Answers those that ended, with the reason that they have now. Runs inside a transaction that
    has locked them.
    """
    ended = await store.rows(
        store.for_many(_UNCOVER, covered),
        by.firm_id,
        [invitation_id for invitation_id, _ in covered],
        [account_id for _, account_id in covered],
        clock.now(),
        why,
    )
    if ended:
        await letter.cancel(by, invitation_ids=[invitation["id"] for invitation in ended])
    return {invitation["id"]: DeadLinkReason(invitation["end_reason"]) for invitation in ended}


async def unended(by: Actor, address_ids: Sequence[UUID]) -> Sequence[Record]:
    """The one of each address that nothing has ended, if any, expired or not; locked."""
    return await store.rows(store.for_many(_UNENDED, address_ids), by.firm_id, list(address_ids))


# one by one (LATERAL), here and below, so that each is found by its id however large PostgreSQL takes the table to be;
# whether it has ended is asked of what was found (OFFSET 0): else any index of those that live seems as good
_UNENDED = f"""
SELECT i.* FROM (
  SELECT DISTINCT u.id FROM unnest($2::uuid[]) AS n(address_id), LATERAL (
    SELECT u.id, u.ended_at FROM invitation u WHERE u.firm_id = {store.FIRM} AND u.address_id = n.address_id OFFSET 0) u
  WHERE u.ended_at IS NULL ORDER BY u.id) n,
  LATERAL (SELECT * FROM invitation i WHERE i.id = n.id AND i.ended_at IS NULL FOR UPDATE) i
"""
# what `gone` has changed is not seen yet: a link dies where as many accounts go as were covered
_UNCOVER = f"""
WITH gone AS (
  UPDATE invitation_account c SET left_at = $4
  FROM unnest($2::uuid[], $3::uuid[]) AS g(invitation_id, account_id), LATERAL (
    SELECT k.id FROM invitation_account k WHERE k.firm_id = {store.FIRM} AND k.invitation_id = g.invitation_id
      AND k.account_id = g.account_id AND k.left_at IS NULL LIMIT 1) k
  WHERE c.id = k.id RETURNING c.invitation_id
)
UPDATE invitation i SET ended_at = $4, end_reason = {ENDED_BECAUSE.format(now="$4", why="$5")}
FROM (SELECT invitation_id, count(*) AS accounts FROM gone GROUP BY invitation_id) g, LATERAL (
  SELECT count(*) AS accounts FROM invitation_account k
  WHERE k.firm_id = {store.FIRM} AND k.invitation_id = g.invitation_id AND k.left_at IS NULL) k
WHERE i.firm_id = {store.FIRM} AND i.id = g.invitation_id AND k.accounts = g.accounts RETURNING i.id, i.end_reason
"""


async def _end_sessions(by: Actor, address_ids: Sequence[UUID]) -> set[UUID]:
    """
    Of clients who may enter no account any more: Login on again lets them sign in, and revives no session (R47).
    Answers which of the addresses have activated.
    """
    statement = store.for_many(_END_SESSIONS, address_ids)
    return {user["address_id"] for user in await store.rows(statement, by.firm_id, list(address_ids))}


_END_SESSIONS = f"""
WITH activated AS MATERIALIZED (
  SELECT p.* FROM unnest($2::uuid[]) AS n(address_id), LATERAL (
    SELECT p.firm_id, p.id, p.address_id FROM portal_user p
    WHERE p.firm_id = {store.FIRM} AND p.address_id = n.address_id LIMIT 1) p
), locked_out AS (
  DELETE FROM session s USING activated p
  WHERE s.firm_id = {store.FIRM} AND s.user_id = p.id AND NOT {MAY_ENTER.format(and_also="")}
)
SELECT address_id FROM activated
"""
