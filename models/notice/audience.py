"""Whom a notice could reach: each address that contacts of the account hold, and each contact without one (R14)."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from models import address, text
from models.address import TypedAddress
from models.errors import ErrorCode, Refusal
from models.ground import store
from models.notice.listing import RecipientView, contacts, recipient
from models.notice.notice import NotifyOutcome
from models.notification_category import NotificationCategory
from models.viewer import Actor


@dataclass(frozen=True, slots=True)
class AccountRef:
    """An account by its id, else by its code as people type it."""

    id: UUID | None = None
    code: str | None = None

    @property
    def code_key(self) -> str | None:
        """The code as it is compared; None: no account has such a code."""
        with suppress(Refusal):
            return None if self.code is None else text.code_key(text.one_line(self.code))
        return None

    @property
    def path(self) -> tuple[str, str]:
        return "account", "id" if self.code is None else "code"


@dataclass(frozen=True, slots=True)
class Recipient:
    """`view`: as it is answered. `to` None: there is no address. `letter_id`: the letter that tells of the notice."""

    view: RecipientView
    to: TypedAddress | None
    letter_id: UUID | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing stands against a letter to it."""
        return self.view.outcome is NotifyOutcome.QUEUED

    def without_room(self) -> "Recipient":
        return replace(self, view=replace(self.view, outcome=NotifyOutcome.LIMIT_REACHED))


@dataclass(frozen=True, slots=True)
class Audience:
    account_id: UUID
    account_name: str
    recipients: tuple[Recipient, ...]


async def audience(by: Actor, account: AccountRef, category: NotificationCategory) -> Audience:
    """
    By address, then by name. Inside a transaction that has taken `firm.one_at_a_time`, so that it stays so.

    Raises NOT_FOUND, ACCOUNT_ARCHIVED, with the path of the account.
    """
    rows = await store.rows(_AUDIENCE, by.firm_id, account.id, account.code_key, category)
    if not rows:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such account.", *account.path)
    if rows[0]["archived"]:
        message = "The account is archived, so its clients are told nothing. Take it back before."
        raise Refusal(ErrorCode.ACCOUNT_ARCHIVED, message, *account.path)
    return Audience(rows[0]["account_id"], rows[0]["account_name"], tuple(_recipients(rows)))


def _recipients(rows: Iterable[Any]) -> Iterable[Recipient]:
    for candidate in rows:
        if candidate["contact_ids"]:
            to = None if candidate["address_id"] is None else TypedAddress(candidate["address"], candidate["key"])
            yield Recipient(recipient(candidate, _outcome(candidate)), to)


def _outcome(candidate: Any) -> NotifyOutcome:
    """All but LIMIT_REACHED, which is known only when letters are written."""
    if candidate["address_id"] is None:
        return NotifyOutcome.NO_ADDRESS
    if not candidate["notify"]:
        return NotifyOutcome.NOTIFY_OFF
    if candidate["muted"]:
        return NotifyOutcome.CATEGORY_OFF
    return NotifyOutcome.ADDRESS_SUPPRESSED if candidate["suppressed_at"] is not None else NotifyOutcome.QUEUED


# an account that nobody is linked to has one row, without contacts; contacts without an address stand each alone
_AUDIENCE = f"""
SELECT a.id AS account_id, a.name AS account_name, a.archived_at IS NOT NULL AS archived,
  t.notify, $4::text = ANY(t.muted) AS muted, e.key, {address.COLUMNS},
  h.contact_ids, h.contact_names, h.contact_versions
FROM account a LEFT JOIN LATERAL (
  SELECT m.address_id, min(c.sort_key) AS sort_key, {contacts("c.sort_key, c.id")}
  FROM account_contact l JOIN contact c ON c.firm_id = {store.FIRM} AND c.id = l.contact_id
  LEFT JOIN contact_email m ON m.firm_id = {store.FIRM} AND m.contact_id = l.contact_id
  WHERE l.firm_id = {store.FIRM} AND l.account_id = a.id
  GROUP BY m.address_id, CASE WHEN m.address_id IS NULL THEN c.id END) h ON true
LEFT JOIN toggles t ON t.firm_id = {store.FIRM} AND t.account_id = a.id AND t.address_id = h.address_id
LEFT JOIN email_address e ON e.firm_id = {store.FIRM} AND e.id = h.address_id
LEFT JOIN portal_user p ON p.firm_id = {store.FIRM} AND p.address_id = e.id
WHERE a.firm_id = $1 AND (a.id = $2 OR a.code_key = $3)
ORDER BY e.key NULLS LAST, h.sort_key, h.contact_ids
"""
