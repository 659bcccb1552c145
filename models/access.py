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
    open_ones = await unended(by, [address_id for _, address_id in spots])
    if not open_ones:
        return set()
    ended = await store.rows(
        _UNCOVER,
        by.firm_id,
        [row["id"] for row in open_ones],
        [account_id for account_id, _ in spots],
        [address_id for _, address_id in spots],
        clock.now(),
        why,
    )
    if ended:
        await letter.cancel(by, invitation_ids=[row["id"] for row in ended])
    return {row["address_id"] for row in open_ones}


async def unended(by: Actor, address_ids: Sequence[UUID]) -> Sequence[Record]:
    """The one of each address that nothing has ended, if any, expired or not; locked."""
    return await store.rows(_UNENDED, by.firm_id, list(address_ids))


_UNENDED = """
SELECT * FROM invitation WHERE firm_id = $1 AND address_id = ANY($2::uuid[]) AND ended_at IS NULL ORDER BY id FOR UPDATE
"""
_UNCOVER = f"""
WITH gone AS (
  UPDATE invitation_account c SET left_at = $5
  FROM invitation i, unnest($3::uuid[], $4::uuid[]) AS g(account_id, address_id)
  WHERE c.firm_id = $1 AND c.invitation_id = ANY($2::uuid[]) AND c.left_at IS NULL AND c.account_id = g.account_id
    AND i.firm_id = c.firm_id AND i.id = c.invitation_id AND i.address_id = g.address_id
  RETURNING c.id, c.invitation_id
)
UPDATE invitation i SET ended_at = $5, end_reason = {ENDED_BECAUSE.format(now="$5", why="$6")}
WHERE i.firm_id = $1 AND i.id IN (SELECT invitation_id FROM gone) AND NOT EXISTS (
  SELECT 1 FROM invitation_account c
  WHERE c.firm_id = i.firm_id AND c.invitation_id = i.id AND c.left_at IS NULL AND c.id NOT IN (SELECT id FROM gone))
RETURNING i.id
"""


async def _end_sessions(by: Actor, address_ids: Sequence[UUID]) -> set[UUID]:
    """
    Of clients who may enter no account any more: Login on again lets them sign in, and revives no session (R47).
    Answers which of the addresses have activated.
    """
    return {row["address_id"] for row in await store.rows(_END_SESSIONS, by.firm_id, list(address_ids))}


_END_SESSIONS = f"""
WITH locked_out AS (
  DELETE FROM session s USING portal_user p
  WHERE s.firm_id = $1 AND p.firm_id = s.firm_id AND p.id = s.user_id AND p.address_id = ANY($2::uuid[])
    AND NOT {MAY_ENTER.format(and_also="")}
)
SELECT address_id FROM portal_user WHERE firm_id = $1 AND address_id = ANY($2::uuid[])
"""
