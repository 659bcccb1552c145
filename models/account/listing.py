"""Accounts as the team sees them: one statement a list, whatever its size. Which columns: `models.account_columns`."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

from models.account.account import AccountKind, LoginIndicator, LoginStatus
from models.ground import clock, store
from models.ground.frozen import frozen
from models.ground.page import Order, Page, Window, count_of_each, page_of_each
from models.ground.page import page as read_page
from models.invitation.invitation import InvitationState
from models.invitation.state import LAST, ON_TOGGLES
from models.text import beginnings
from models.viewer import Actor, Viewer


@frozen
class AccountView:
    """`login_status`, `notify` and `email_sync` are derived from the switches, never stored (R11)."""

    id: UUID
    code: str
    name: str
    kind: AccountKind
    archived: bool
    login_status: LoginStatus
    notify: bool
    email_sync: bool
    version: int

    @property
    def login_indicator(self) -> LoginIndicator:
        return LoginIndicator.BEIGE if self.login_status is LoginStatus.OFFLINE else LoginIndicator.GREEN


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """
    `search`: beginnings of words, in any order. `invitations`: with a PENDING address whose last invitation is in one
    of these states. `archived` None: archived or not.
    """

    search: str | None = None
    kinds: tuple[AccountKind, ...] | None = None
    login_statuses: tuple[LoginStatus, ...] | None = None
    invitations: tuple[InvitationState, ...] | None = None
    notify: bool | None = None
    email_sync: bool | None = None
    archived: bool | None = False


class AccountOrder(Enum):
    NAME_ASC = Order("NAME_ASC", "a.sort_key")
    NAME_DESC = Order("NAME_DESC", "a.sort_key", descending=True)
    CODE_ASC = Order("CODE_ASC", "a.code_key")
    CODE_DESC = Order("CODE_DESC", "a.code_key", descending=True)
    NEWEST_FIRST = Order("NEWEST_FIRST", "a.created_at", "timestamptz", descending=True)


async def page(by: Viewer, filter: AccountFilter, order: AccountOrder, window: Window) -> Page[AccountView]:
    where = matching(by, filter)
    select = where.after(f"{_SELECT}, {{sort}} {FROM}")
    return await read_page(select, where.args, order=order.value, window=window, read=_view)


async def count(by: Viewer, filter: AccountFilter) -> int:
    return await store.count(matching(by, filter), FROM)


async def of_contacts(by: Viewer, contact_ids: Sequence[UUID], window: Window) -> dict[UUID, Page[AccountView]]:
    """A page for each contact, by name, in one statement."""
    select = f"{_SELECT}, {{sort}} {FROM} WHERE a.firm_id = $1 AND {_LINKED_TO.replace('?', '{parent}')}"
    order = AccountOrder.NAME_ASC.value
    return await page_of_each(contact_ids, select, [by.firm_id], order=order, window=window, read=_view)


async def counts_of_contacts(by: Viewer, contact_ids: Sequence[UUID]) -> dict[UUID, int]:
    return await count_of_each(by.firm_id, contact_ids, "account_contact", "contact_id")


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, AccountView]:
    query = f"{_SELECT} {FROM} WHERE a.firm_id = $1 AND a.id = ANY($2::uuid[])"
    return {account["id"]: _view(account) for account in await store.rows(query, by.firm_id, list(ids))}


_SELECT = """SELECT a.id, a.code, a.name, a.kind, a.archived_at, a.version,
  s.login AND a.archived_at IS NULL AS login, s.active, s.notify, s.email_sync"""
FROM = f"""
FROM account a CROSS JOIN LATERAL (
  SELECT coalesce(bool_or(t.login), false) AS login,
         coalesce(bool_or(t.login AND p.id IS NOT NULL), false) AS active,
         coalesce(bool_or(t.notify), false) AS notify, coalesce(bool_or(t.email_sync), false) AS email_sync
  FROM toggles t LEFT JOIN portal_user p ON p.firm_id = {store.FIRM} AND p.address_id = t.address_id
  WHERE t.firm_id = {store.FIRM} AND t.account_id = a.id
) s"""
_STATUS = """(CASE WHEN NOT s.login OR a.archived_at IS NOT NULL THEN 'OFFLINE'
  WHEN s.active THEN 'ACTIVE' ELSE 'PENDING' END)"""


def matching(by: Actor, filter: AccountFilter) -> store.Where:
    """The filter as conditions on accounts `a` and their switches `s` (FROM)."""
    where = store.Where("a.firm_id = ?", by.firm_id)
    for beginning in beginnings(filter.search or ""):
        where.add(_FOUND_BY, beginning, afresh=True)
    where.given("a.kind = ANY(?::text[])", _listed(filter.kinds))
    where.given(f"{_STATUS} = ANY(?::text[])", _listed(filter.login_statuses))
    if filter.invitations is not None:
        where.add(_INVITED.format(now=where.value(clock.now())), list(filter.invitations))
    where.given("s.notify = ?", filter.notify)
    where.given("s.email_sync = ?", filter.email_sync)
    where.given("(a.archived_at IS NOT NULL) = ?", filter.archived)
    return where


def _listed(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


_FOUND_BY = """a.id IN (
  SELECT id FROM account WHERE firm_id = $1 AND array_to_tsvector(words) @@ ?::text::tsquery
  UNION SELECT l.account_id FROM contact c JOIN account_contact l ON l.firm_id = c.firm_id AND l.contact_id = c.id
  WHERE c.firm_id = $1 AND array_to_tsvector(c.words) @@ ?::text::tsquery)"""
_INVITED = f"""EXISTS (
  SELECT 1 FROM toggles t LEFT JOIN portal_user p ON p.firm_id = t.firm_id AND p.address_id = t.address_id
  {LAST}
  WHERE t.firm_id = a.firm_id AND t.account_id = a.id AND t.login AND p.id IS NULL
    AND {ON_TOGGLES} = ANY(?::text[]))"""
_LINKED_TO = """EXISTS (
  SELECT 1 FROM account_contact l WHERE l.firm_id = a.firm_id AND l.account_id = a.id AND l.contact_id = ?)"""


def _view(account: Any) -> AccountView:
    status = LoginStatus.OFFLINE
    if account["login"]:
        status = LoginStatus.ACTIVE if account["active"] else LoginStatus.PENDING
    return AccountView(
        account["id"],
        account["code"],
        account["name"],
        AccountKind(account["kind"]),
        account["archived_at"] is not None,
        status,
        account["notify"],
        account["email_sync"],
        account["version"],
    )
