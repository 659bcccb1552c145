"""When a contact's addresses change, switches, preferences and invitations go along (R33, R34, R43)."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from uuid import UUID

from models.access import Spot
from models.contact import making
from models.errors import DeadLinkReason
from models.ground import store
from models.invitation import Asked, invite
from models.toggles import ALL_OFF, EVERY_CATEGORY_ON, Invite, Switch, Toggles, Wanted, ensure, lock, remember, switch
from models.viewer import Actor


async def replace(by: Actor, contact_id: UUID, before: Mapping[UUID, UUID], after: Mapping[UUID, UUID]) -> list[UUID]:
    """
    Gives the contact its new addresses (by field), on every account it is linked to. An address that came into the
    field of one that went succeeds it: what was set there moves in, as far as `_moved` says. An address without a
    predecessor starts anew (R13), one without a successor is removed. The same addresses again change nothing.

    Answers the ids of the toggles that this made, moved or unlinked. Runs inside a transaction, under
    `firm.one_at_a_time` and `history.lock`; all toggles are locked before anything is changed, and the locked
    ones say who held each address until then. Raises RATE_LIMITED.
    """
    gone = set(before.values()) - set(after.values())
    new = set(after.values()) - set(before.values())
    locked = await _locked(by, contact_id, [*gone, *new], new)
    await store.execute("DELETE FROM contact_email WHERE firm_id = $1 AND contact_id = $2", by.firm_id, contact_id)
    await making.hold(by, [(contact_id, *place) for place in after.items()])
    successors = {old: after[field] for field, old in before.items() if old in gone and after.get(field) in new}
    pairs = [
        (locked[account_id, old], locked[account_id, successors[old]] if old in successors else None)
        for account_id in {account_id for account_id, _ in locked}
        for old in gone
    ]
    changes = [change for old, successor in pairs for change in _moved(contact_id, old, successor)]
    made = [toggles for (_, address_id), toggles in locked.items() if address_id in new]
    anew = [toggles for toggles in made if toggles.address_id not in successors.values()]
    changes += [(toggles, EVERY_CATEGORY_ON) for toggles in anew if not toggles.held_without(contact_id)]
    unlinked = [toggles for toggles, on in changes if on.get(Switch.LOGIN) and toggles.address_id in gone]
    await remember(by, contact_id, unlinked)
    changed = await switch(by, changes, why=DeadLinkReason.ADDRESS_CHANGED)
    await invite(by, [wish for old, successor in pairs if successor for wish in _invited(contact_id, old, successor)])
    return list(dict.fromkeys(toggles.id for toggles in (*changed, *made)))


def _moved(contact_id: UUID, old: Toggles, new: Toggles | None) -> Iterator[tuple[Toggles, Wanted]]:
    """
    How the toggles of an address that goes, and of its successor, shall be. Where another contact of the account holds
    the old one, its row stays, and the new one gets a copy; where another holds the new one, nothing moves in (R43).
    An activated address stays able to enter as an unlinked email: its Login never moves (R34).
    """
    if not old.held_without(contact_id):
        yield old, {**ALL_OFF, Switch.LOGIN: old.activated and old.login}
    if new is None or new.held_without(contact_id):
        return
    moves = old.all()
    moves[Switch.EMAIL_SYNC] &= not new.our_own
    if not _login_moves(contact_id, old, new):
        del moves[Switch.LOGIN]
    yield new, moves


def _login_moves(contact_id: UUID, old: Toggles, new: Toggles) -> bool:
    """Not of an activated address, nor to one that has it (an unlinked email until now) or that another holds (R43)."""
    return not old.activated and not new.login and not new.held_without(contact_id)


def _invited(contact_id: UUID, old: Toggles, new: Toggles) -> Iterator[Asked]:
    """Whoever had been invited at the old address is invited at the new one, without being asked for (R33)."""
    if old.invited and old.login and _login_moves(contact_id, old, new) and not new.suppressed:
        yield Asked(new.account_id, new.address_id, Invite(old.message))


async def _locked(by: Actor, contact_id: UUID, addresses: Sequence[UUID], new: set[UUID]) -> dict[Spot, Toggles]:
    """Those of these addresses on every account of the contact, locked; new addresses get theirs first."""
    query = "SELECT account_id FROM account_contact WHERE firm_id = $1 AND contact_id = $2"
    accounts = [account_id for (account_id,) in await store.rows(query, by.firm_id, contact_id)]
    await ensure(by, [(account_id, address_id) for account_id in accounts for address_id in new])
    return await lock(by, product(accounts, addresses))
