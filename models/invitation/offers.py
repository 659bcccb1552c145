"""What an address is offered: the invitation that lives, or a new one, and which accounts it covers (R9)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from models.access import unended
from models.errors import DeadLinkReason
from models.ground import clock, secret_link, store
from models.invitation.ending import end
from models.viewer import Actor, Viewer


@dataclass(slots=True)
class AddressWish:
    """
    To invite one address, on however many accounts that was asked for. The first message counts. `path`: where it
    stands first.
    """

    accounts: list[UUID] = field(default_factory=list)
    message: str | None = None
    again: bool = False
    path: tuple[str | int, ...] = ()


@dataclass(slots=True)
class Offer:
    """
    The invitation that an address has now. `accounts`: those that came in by this call; of a letter that is printed
    again, all asked for.
    """

    id: UUID
    expires_at: datetime
    is_new: bool
    accounts: list[UUID] = field(default_factory=list)


async def offers_to(by: Actor, wishes: Mapping[UUID, AddressWish], *, reprint: bool = False) -> dict[UUID, Offer]:
    """
    By address: the invitation that lives, or a new one where none does, or where it is to be sent again; then the links
    of the one before die first. Locks those that have not ended.
    """
    if not wishes:
        return {}
    now = clock.now()
    offers, dying = {}, []
    for last in await unended(by, list(wishes)):
        lives = last["bounced_at"] is None and last["expires_at"] > now
        if lives and not wishes[last["address_id"]].again:
            offers[last["address_id"]] = Offer(last["id"], last["expires_at"], is_new=False)
        else:
            dying.append(last["id"])
    await end(by, dying, DeadLinkReason.SENT_AGAIN)
    messages = {address_id: wish.message for address_id, wish in wishes.items() if address_id not in offers}
    offers |= await _written(by, messages)
    await _cover(by, wishes, offers, reprint)
    return offers


async def _written(by: Actor, messages: Mapping[UUID, str | None]) -> dict[UUID, Offer]:
    if not messages:
        return {}
    new = await store.rows(
        _WRITE,
        by.firm_id,
        clock.now(),
        by.member_id,
        [uuid7() for _ in messages],
        list(messages),
        [secret_link.new_seed() for _ in messages],
        list(messages.values()),
        by.run_id if isinstance(by, Viewer) else None,
    )
    return {address_id: Offer(invitation_id, expires_at, is_new=True) for invitation_id, address_id, expires_at in new}


_WRITE = """
INSERT INTO invitation (id, firm_id, address_id, seed, message, invited_by, created_at, expires_at, run_id)
SELECT n.id, f.id, n.address_id, n.seed, n.message, $3, $2, $2::timestamptz + f.invitation_days * interval '1 day', $8
FROM firm f, unnest($4::uuid[], $5::uuid[], $6::bytea[], $7::text[]) AS n(id, address_id, seed, message)
WHERE f.id = $1 RETURNING id, address_id, expires_at
"""


async def _cover(by: Actor, wishes: Mapping[UUID, AddressWish], offers: Mapping[UUID, Offer], reprint: bool) -> None:
    """
    Each offer covers the accounts it was asked for; a new one also those that the address's last invitation covered to
    its end: sent again, it is for old and new ones (R9). Notes in the offers which accounts came in by this; `reprint`:
    also which were in already. Asked for the same again, it notes none.
    """
    pairs = [(offers[address_id].id, account_id) for address_id, wish in wishes.items() for account_id in wish.accounts]
    covered = await store.rows(
        store.for_many(_COVER, pairs),
        by.firm_id,
        [invitation_id for invitation_id, _ in pairs],
        [account_id for _, account_id in pairs],
        [offer.id for offer in offers.values() if offer.is_new],
        [address_id for address_id, offer in offers.items() if offer.is_new],
        reprint,
    )
    offer_of = {offer.id: offer for offer in offers.values()}
    for invitation_id, account_id in covered:
        offer_of[invitation_id].accounts.append(account_id)


# of new invitations: the accounts that the address's `last` one before covered `still`, where its Login is on and which
# are not archived. One by one (LATERAL), so that each is found by its id whatever PostgreSQL takes the tables to be
_STILL_COVERED = f"""
  SELECT n.id, still.account_id FROM unnest($4::uuid[], $5::uuid[]) AS n(id, address_id),
  LATERAL (
    SELECT o.id FROM invitation o WHERE o.firm_id = {store.FIRM} AND o.address_id = n.address_id AND o.id <> n.id
    ORDER BY o.id DESC LIMIT 1) last,
  LATERAL (
    SELECT k.account_id FROM invitation_account k
    WHERE k.firm_id = {store.FIRM} AND k.invitation_id = last.id AND k.left_at IS NULL OFFSET 0) still,
  LATERAL (
    SELECT 1 FROM toggles t
    WHERE t.firm_id = {store.FIRM} AND t.account_id = still.account_id AND t.address_id = n.address_id AND t.login
    LIMIT 1) t,
  LATERAL (
    SELECT 1 FROM account a
    WHERE a.firm_id = {store.FIRM} AND a.id = still.account_id AND a.archived_at IS NULL LIMIT 1) a
"""
# an account that had left its invitation comes back; one that it covers already is returned for a reprint ($6) only.
# UNION leaves no pair twice, which ON CONFLICT would not take
_COVER = f"""
INSERT INTO invitation_account AS c (id, firm_id, invitation_id, account_id)
SELECT gen_random_uuid(), $1, invitation_id, account_id FROM (
  SELECT * FROM unnest($2::uuid[], $3::uuid[]) AS asked(invitation_id, account_id)
  UNION {_STILL_COVERED}
) AS covered
ON CONFLICT (firm_id, invitation_id, account_id) DO UPDATE SET left_at = NULL WHERE c.left_at IS NOT NULL OR $6
RETURNING invitation_id, account_id
"""
