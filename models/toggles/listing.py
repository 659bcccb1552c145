"""Toggles as a viewer sees them; those that nobody holds and that are off are hidden (R41)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from asyncpg import Record

from models import address
from models.ground import store
from models.toggles.preferences import preferences_without
from models.toggles.switches import LoginState, Switch, TogglesView
from models.viewer import Viewer


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, TogglesView]:
    """Also hidden ones, so that a feed can say that they went off."""
    rows = await store.rows(f"{_SELECT} AND t.id = ANY($2::uuid[])", by.firm_id, list(ids))
    return {toggles["id"]: view(toggles, toggles["contact_ids"]) for toggles in rows}


async def of_accounts(by: Viewer, account_ids: Sequence[UUID]) -> dict[UUID, list[TogglesView]]:
    """Of each account, in the order of its addresses: those that a contact holds, or that may still enter."""
    query = f"{_SELECT} AND t.account_id = ANY($2::uuid[]) AND (t.login OR k.contact_ids <> '{{}}') ORDER BY e.key"
    rows = await store.rows(query, by.firm_id, list(account_ids))
    grouped: dict[UUID, list[TogglesView]] = defaultdict(list)
    for toggles in rows:
        grouped[toggles["account_id"]].append(view(toggles, toggles["contact_ids"]))
    return grouped


async def on_accounts(by: Viewer, pairs: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], TogglesView]:
    """By (account, address)."""
    rows = await store.rows(
        f"{_SELECT} AND (t.account_id, t.address_id) IN (SELECT * FROM unnest($2::uuid[], $3::uuid[]))",
        by.firm_id,
        [account_id for account_id, _ in pairs],
        [address_id for _, address_id in pairs],
    )
    return {(toggles["account_id"], toggles["address_id"]): view(toggles, toggles["contact_ids"]) for toggles in rows}


COLUMNS = f"t.id, t.account_id, {', '.join(f't.{switch}' for switch in Switch)}, t.muted, t.version, {address.COLUMNS}"
"""Of toggles `t`, their address `e` and its identity `p`, if any."""
_SELECT = f"""
SELECT {COLUMNS}, k.contact_ids FROM toggles t CROSS JOIN LATERAL (SELECT ARRAY(
  SELECT h.contact_id FROM contact_email h
  JOIN account_contact l ON l.firm_id = {store.FIRM} AND l.contact_id = h.contact_id AND l.account_id = t.account_id
  WHERE h.firm_id = {store.FIRM} AND h.address_id = t.address_id) AS contact_ids OFFSET 0) k
JOIN email_address e ON e.firm_id = {store.FIRM} AND e.id = t.address_id
LEFT JOIN portal_user p ON p.firm_id = {store.FIRM} AND p.address_id = t.address_id
WHERE t.firm_id = {store.FIRM}"""


_NAMES = tuple(switch.value for switch in Switch)
_OFF, _PENDING, _ACTIVE = LoginState  # an enum's members take Python 3.11 longer to find than all the rest


def view(toggles: Record, contact_ids: Iterable[UUID]) -> TogglesView:
    """Of a row with COLUMNS."""
    of = address.view(toggles)
    return TogglesView(  # type: ignore[call-arg]  # the switches, each by its name
        toggles["id"],
        toggles["account_id"],
        of,
        *[toggles[name] for name in _NAMES],
        _OFF if not toggles["login"] else _PENDING if of.portal_user is None else _ACTIVE,
        tuple(sorted(contact_ids)),
        preferences_without(toggles["muted"]),
        toggles["version"],
    )
