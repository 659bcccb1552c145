"""When a contact's addresses change, switches and invitations go along: R33, R34, and the collisions of R43."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from models import store
from models.contact import linking
from models.errors import DeadLinkReason
from models.invitation.inviting import Asked, Invite, invite
from models.our_own import IS_OUR_OWN
from models.toggles import switching
from models.toggles.table import Switch, ensure
from models.viewer import Actor

Wanted = dict[Switch, bool]


async def replace(by: Actor, contact_id: UUID, before: Mapping[UUID, UUID], after: Mapping[UUID, UUID]) -> list[UUID]:
    """
    Gives the contact its new addresses (by field), and moves the switches on every account it is linked to.

    Answers the ids of the toggles that this made, moved or unlinked. Runs inside a transaction, under
    `firm.one_at_a_time` and `history.lock`. Raises RATE_LIMITED.
    """
    gone = set(before.values()) - set(after.values())
    new = set(after.values()) - set(before.values())
    rows = await _rows(by, contact_id, [*gone, *new], new)
    await store.execute("DELETE FROM contact_email WHERE firm_id = $1 AND contact_id = $2", by.firm_id, contact_id)
    await linking.hold(by, contact_id, after)
    successor = {old: after[field] for field, old in before.items() if old in gone and after.get(field) in new}
    pairs = [
        (rows[account_id, old], rows[account_id, successor[old]] if old in successor else None)
        for account_id in {account for account, _ in rows}
        for old in gone
    ]
    wanted = [change for old, new in pairs for change in _moved(old, new)]
    await _remember(
        by, contact_id, [row["id"] for row, on in wanted if on.get(Switch.LOGIN) and row["address_id"] in gone]
    )
    changed = await switching.switch(by, wanted, why=DeadLinkReason.ADDRESS_CHANGED)
    await invite(by, [asked for old, new in pairs if new for asked in _invited(old, new)])
    made = [row["id"] for (_, address_id), row in rows.items() if address_id in new]
    return list(dict.fromkeys([*changed, *made]))


def _moved(old: Any, new: Any) -> Iterator[tuple[Any, Wanted]]:
    """How the row of an address that goes, and of the one that takes its place, shall be."""
    if not old["held_by_other"]:
        stays = old["activated"] and old["login"]
        yield old, {Switch.LOGIN: stays, Switch.NOTIFY: False, Switch.EMAIL_SYNC: False}
    if new is None or new["held_by_other"]:
        return
    moves = {Switch.NOTIFY: old["notify"], Switch.EMAIL_SYNC: old["email_sync"] and not new["our_own"]}
    if _login_moves(old, new):
        moves[Switch.LOGIN] = old["login"]
    yield new, moves


def _login_moves(old: Any, new: Any) -> bool:
    return not old["activated"] and not new["login"] and not new["held_by_other"]


def _invited(old: Any, new: Any) -> Iterator[Asked]:
    """Whoever had been invited at the old address is invited at the new one, without being asked for (R33)."""
    if old["invited"] and old["login"] and _login_moves(old, new) and not new["suppressed"]:
        yield Asked(new["account_id"], new["address_id"], Invite(old["message"]))


async def _rows(by: Actor, contact_id: UUID, addresses: Sequence[UUID], new: set[UUID]) -> dict[tuple[UUID, UUID], Any]:
    """The toggles of these addresses on every account of the contact, locked; new addresses get theirs first."""
    query = "SELECT account_id FROM account_contact WHERE firm_id = $1 AND contact_id = $2"
    accounts = [row["account_id"] for row in await store.rows(query, by.firm_id, contact_id)]
    await ensure(by, [(account_id, address_id) for account_id in accounts for address_id in new])
    found = await store.rows(_ROWS, by.firm_id, contact_id, accounts, list(addresses))
    return {(row["account_id"], row["address_id"]): row for row in found}


_ROWS = f"""
SELECT t.*, p.id IS NOT NULL AS activated, {IS_OUR_OWN} AS our_own, e.suppressed_at IS NOT NULL AS suppressed,
  i.id IS NOT NULL AS invited, i.message, EXISTS (
  SELECT 1 FROM contact_email h JOIN account_contact l ON l.firm_id = h.firm_id AND l.contact_id = h.contact_id
  WHERE h.firm_id = t.firm_id AND h.address_id = t.address_id AND l.account_id = t.account_id AND h.contact_id <> $2
) AS held_by_other
FROM toggles t JOIN email_address e ON e.firm_id = t.firm_id AND e.id = t.address_id
LEFT JOIN portal_user p ON p.firm_id = t.firm_id AND p.address_id = t.address_id
LEFT JOIN (invitation i JOIN invitation_account c ON c.firm_id = i.firm_id AND c.invitation_id = i.id)
  ON i.firm_id = t.firm_id AND i.address_id = t.address_id AND i.ended_at IS NULL
  AND c.account_id = t.account_id AND c.left_at IS NULL
WHERE t.firm_id = $1 AND t.account_id = ANY($3::uuid[]) AND t.address_id = ANY($4::uuid[])
ORDER BY t.id FOR UPDATE OF t
"""


async def _remember(by: Actor, contact_id: UUID, unlinked: Sequence[UUID]) -> None:
    """An unlinked email remembers its former contact (R41)."""
    if unlinked:
        await store.execute(
            "UPDATE toggles SET former_contact_id = $2 WHERE firm_id = $1 AND id = ANY($3::uuid[])",
            by.firm_id,
            contact_id,
            list(unlinked),
        )
