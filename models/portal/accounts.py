"""What a client sees of its accounts: where it may enter, which one is in use, and what waits in the others."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

import orjson
from asyncpg import Record

from models.client_event import ClientEvent
from models.ground import store
from models.in_force import IS_HELD
from models.notification_category import NotificationCategory
from models.submission.leaving import may_be_there
from models.toggles.preferences import Preferences, preferences_without
from models.viewer import Client


@dataclass(frozen=True, slots=True)
class Waiting:
    """Notices of one category."""

    category: NotificationCategory
    count: int


@dataclass(frozen=True, slots=True)
class PortalAccount:
    """
    All that a client may know of an account. `waiting_emails` and `waiting`, in the enum's order: what came for this
    address since the person last worked there, whether or not Notify is on; nothing for the account in use (R36).
    `may_set_preferences`: a contact holds the address there, and the firm leaves them to the client (R13).
    """

    id: UUID
    name: str
    notify: bool
    notification_preferences: Preferences
    may_set_preferences: bool
    email_sync: bool
    waiting_emails: int
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Portal:
    """`accounts`: where Login is on for the address, by name. `account`: the one in use; None: none picked (R36)."""

    accounts: tuple[PortalAccount, ...]
    account: PortalAccount | None
    notice_dismissed: bool

    @property
    def show_notice(self) -> bool:
        """Whether to name the account in use: there are several, and it was not closed since signing in (R37)."""
        return self.account is not None and len(self.accounts) > 1 and not self.notice_dismissed

    @property
    def shows_emails(self) -> bool:
        """Whether Email sync is on for the address in the account in use (R19)."""
        return self.account is not None and self.account.email_sync


async def of(by: Client) -> Portal:
    rows = await store.rows(_ACCOUNTS, by.firm_id, by.user_id, by.address_id, by.account_id, by.session_id)
    accounts = tuple(map(_account, rows))
    in_use = next((account for account in accounts if account.id == by.account_id), None)
    return Portal(accounts, in_use, bool(rows and rows[0]["notice_dismissed"]))


def _account(account: Record) -> PortalAccount:
    return PortalAccount(
        account["id"],
        account["name"],
        account["notify"],
        preferences_without(account["muted"]),
        account["may_set_preferences"],
        account["email_sync"],
        account["emails"],
        _waiting(account["notices"]),
    )


def _waiting(notices: str) -> tuple[Waiting, ...]:
    """From counts by event, as JSON."""
    counts: Counter[NotificationCategory] = Counter()
    for event, count in orjson.loads(notices).items():
        counts[ClientEvent[event].category] += count
    return tuple(Waiting(category, counts[category]) for category in NotificationCategory if counts[category])


_ACCOUNTS = f"""
SELECT a.id, a.name, t.notify, t.muted, t.email_sync,
  f.clients_may_set_preferences AND {IS_HELD} AS may_set_preferences,
  (SELECT notice_dismissed FROM session WHERE firm_id = $1 AND id = $5) AS notice_dismissed,
  CASE WHEN NOT t.email_sync OR a.id = $4 THEN 0 ELSE (
    SELECT count(*) FROM email_account l JOIN email m ON m.firm_id = {store.FIRM} AND m.id = l.email_id
    WHERE l.firm_id = {store.FIRM} AND l.account_id = a.id AND m.direction = 'OUTGOING' AND m.received_at > was.there_at
      AND EXISTS (
        SELECT 1 FROM email_participant x WHERE x.firm_id = {store.FIRM} AND x.email_id = m.id AND x.key = e.key)
      AND {may_be_there("m.id")}
  ) END AS emails,
  CASE WHEN a.id = $4 THEN '{{}}' ELSE (
    SELECT coalesce(jsonb_object_agg(of.event, of.count), '{{}}') FROM (
      SELECT n.event, count(*) FROM notice n
      WHERE n.firm_id = {store.FIRM} AND n.account_id = a.id AND n.raised_at > was.there_at AND EXISTS (
        SELECT 1 FROM notice_recipient r WHERE r.firm_id = {store.FIRM} AND r.notice_id = n.id AND r.address_id = $3)
      GROUP BY n.event) of
  ) END AS notices
FROM toggles t JOIN account a ON a.firm_id = {store.FIRM} AND a.id = t.account_id
JOIN email_address e ON e.firm_id = {store.FIRM} AND e.id = t.address_id
JOIN portal_user p ON p.firm_id = $1 AND p.id = $2
JOIN firm f ON f.id = $1
CROSS JOIN LATERAL (SELECT greatest(
  p.activated_at,
  (SELECT last_at FROM portal_visit v WHERE v.firm_id = {store.FIRM} AND v.user_id = $2 AND v.account_id = a.id),
  (SELECT max(last_used_at) FROM session s WHERE s.firm_id = {store.FIRM} AND s.user_id = $2 AND s.account_id = a.id)
) AS there_at) was
WHERE t.firm_id = $1 AND t.address_id = $3 AND t.login AND a.archived_at IS NULL ORDER BY a.sort_key, a.id
"""
"""It was last worked in when it was picked or left, or when a session there asked last."""
