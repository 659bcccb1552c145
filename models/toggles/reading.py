"""Toggles as a viewer sees them; those that nobody holds and that are off are hidden (R41)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models import store
from models.toggles.table import IS_HELD, LoginState
from models.viewer import Viewer


@dataclass(frozen=True, slots=True)
class TogglesView:
    """`held`: by a contact of the account; else an unlinked email. `contact_ids`: those that hold it."""

    id: UUID
    account_id: UUID
    address_id: UUID
    login: bool
    notify: bool
    email_sync: bool
    login_state: LoginState
    contact_ids: tuple[UUID, ...]
    version: int

    @property
    def held(self) -> bool:
        return bool(self.contact_ids)


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, TogglesView]:
    """Also hidden ones, so that a feed can say that they went off."""
    found = await store.rows(f"{_SELECT} AND t.id = ANY($2::uuid[])", by.firm_id, list(ids))
    return {row["id"]: view(row, row["contact_ids"]) for row in found}


async def of_accounts(by: Viewer, account_ids: Sequence[UUID]) -> dict[UUID, list[TogglesView]]:
    """One per address that is held or may still enter, by address."""
    found = await store.rows(
        f"{_SELECT} AND t.account_id = ANY($2::uuid[]) AND (t.login OR {IS_HELD}) ORDER BY e.key",
        by.firm_id,
        list(account_ids),
    )
    grouped: dict[UUID, list[TogglesView]] = defaultdict(list)
    for row in found:
        grouped[row["account_id"]].append(view(row, row["contact_ids"]))
    return grouped


async def on_accounts(by: Viewer, pairs: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], TogglesView]:
    """By (account, address)."""
    found = await store.rows(
        f"{_SELECT} AND (t.account_id, t.address_id) IN (SELECT * FROM unnest($2::uuid[], $3::uuid[]))",
        by.firm_id,
        [account_id for account_id, _ in pairs],
        [address_id for _, address_id in pairs],
    )
    return {(row["account_id"], row["address_id"]): view(row, row["contact_ids"]) for row in found}


_SELECT = """
SELECT t.*, p.id IS NOT NULL AS activated, ARRAY(
  SELECT DISTINCT h.contact_id FROM contact_email h
  JOIN account_contact l ON l.firm_id = h.firm_id AND l.contact_id = h.contact_id AND l.account_id = t.account_id
  WHERE h.firm_id = t.firm_id AND h.address_id = t.address_id ORDER BY 1) AS contact_ids
FROM toggles t JOIN email_address e ON e.firm_id = t.firm_id AND e.id = t.address_id
LEFT JOIN portal_user p ON p.firm_id = t.firm_id AND p.address_id = t.address_id
WHERE t.firm_id = $1"""


def view(row: Any, contact_ids: Iterable[UUID]) -> TogglesView:
    """Of a row of the table, and whether its address is `activated`."""
    state = LoginState.OFF
    if row["login"]:
        state = LoginState.ACTIVE if row["activated"] else LoginState.PENDING
    return TogglesView(
        id=row["id"],
        account_id=row["account_id"],
        address_id=row["address_id"],
        login=row["login"],
        notify=row["notify"],
        email_sync=row["email_sync"],
        login_state=state,
        contact_ids=tuple(contact_ids),
        version=row["version"],
    )
