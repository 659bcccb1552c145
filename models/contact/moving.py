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
    Gives the contact its new addresses (by field), and moves the switches on every account it is linked to.

    Answers the ids of the toggles that this made, moved or unlinked. Runs inside a transaction, under
    `firm.one_at_a_time` and `history.lock`. Raises RATE_LIMITED.
    """
    gone = set(before.values()) - set(after.values())
    new = set(after.values()) - set(before.values())
    toggles = await _locked(by, contact_id, [*gone, *new], new)
    await store.execute("DELETE FROM contact_email WHERE firm_id = $1 AND contact_id = $2", by.firm_id, contact_id)
    await making.hold(by, [(contact_id, *pair) for pair in after.items()])
    successor = {old: after[field] for field, old in before.items() if old in gone and after.get(field) in new}
    pairs = [
        (toggles[account_id, old], toggles[account_id, successor[old]] if old in successor else None)
        for account_id in {account for account, _ in toggles}
        for old in gone
    ]
    wanted = [change for old, new in pairs for change in _moved(contact_id, old, new)]
    added = [each for (_, address_id), each in toggles.items() if address_id in new - set(successor.values())]
    wanted += [(each, EVERY_CATEGORY_ON) for each in added if not each.held_without(contact_id)]
    await remember(by, contact_id, [each for each, on in wanted if on.get(Switch.LOGIN) and each.address_id in gone])
    changed = await switch(by, wanted, why=DeadLinkReason.ADDRESS_CHANGED)
    await invite(by, [asked for old, new in pairs if new for asked in _invited(contact_id, old, new)])
    made = [each for (_, address_id), each in toggles.items() if address_id in new]
    return list(dict.fromkeys(each.id for each in (*changed, *made)))


def _moved(contact_id: UUID, old: Toggles, new: Toggles | None) -> Iterator[tuple[Toggles, Wanted]]:
    """How those of an address that goes, and of the one that takes its place, shall be."""
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
    return not old.activated and not new.login and not new.held_without(contact_id)


def _invited(contact_id: UUID, old: Toggles, new: Toggles) -> Iterator[Asked]:
    """Whoever had been invited at the old address is invited at the new one, without being asked for (R33)."""
    if old.invited and old.login and _login_moves(contact_id, old, new) and not new.suppressed:
        yield Asked(new.account_id, new.address_id, Invite(old.message))


async def _locked(by: Actor, contact_id: UUID, addresses: Sequence[UUID], new: set[UUID]) -> dict[Spot, Toggles]:
    """Those of these addresses on every account of the contact, locked; new addresses get theirs first."""
    query = "SELECT account_id FROM account_contact WHERE firm_id = $1 AND contact_id = $2"
    accounts = [row["account_id"] for row in await store.rows(query, by.firm_id, contact_id)]
    await ensure(by, [(account_id, address_id) for account_id in accounts for address_id in new])
    return await lock(by, product(accounts, addresses))
