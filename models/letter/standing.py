"""How things stand for a notice when it is claimed: whether it may still leave, and what it says then (R14, R15)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from asyncpg import Record

from models import firm_settings
from models.firm_settings import SETTINGS, FirmSettings
from models.ground import clock, store
from models.in_force import IS_HELD, IS_LIVE
from models.notification_category import NotificationCategory


class Stop(StrEnum):
    """Why a notice that has not left never will, in words for the team. Login off stops none."""

    NOT_HELD = "No contact of this account holds the address any more."
    ARCHIVED = "The account has been archived."
    SUPPRESSED = "Letters to this address came back before, so nothing is sent to it."
    NOTIFY_OFF = "Notify has been switched off for this address."
    CATEGORY_OFF = "Notices of this kind have been switched off for this address."


WHY_STOPPED = f"""(
  SELECT CASE WHEN t.id IS NULL OR NOT {IS_HELD} THEN '{Stop.NOT_HELD.name}'
    WHEN a.archived_at IS NOT NULL THEN '{Stop.ARCHIVED.name}'
    WHEN e.suppressed_at IS NOT NULL THEN '{Stop.SUPPRESSED.name}'
    WHEN NOT t.notify THEN '{Stop.NOTIFY_OFF.name}'
    WHEN {{letter}}.category = ANY(t.muted) THEN '{Stop.CATEGORY_OFF.name}' END
  FROM account a JOIN email_address e ON e.firm_id = a.firm_id AND e.id = {{letter}}.address_id
  LEFT JOIN toggles t ON t.firm_id = a.firm_id AND t.account_id = a.id AND t.address_id = e.id
  WHERE a.firm_id = {{letter}}.firm_id AND a.id = {{letter}}.account_id)"""
"""Of a notice `{letter}`, as a value; NULL: nothing stops it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A live invitation that covers the account: what its link is made of."""

    id: UUID
    seed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """
    `pending`: Login is on, and the person has not activated; then `offer`, if any, is what they can accept.
    `among_several`: the address is held on other accounts too. `settings`: the firm's. `at`: the moment of all this.
    """

    at: datetime
    settings: FirmSettings
    pending: bool = False
    offer: Offer | None = None
    among_several: bool = False
    stop: Stop | None = None


@dataclass(frozen=True, slots=True)
class Aim:
    """Whom a notice is for, and what it is about."""

    firm_id: UUID
    account_id: UUID
    address_id: UUID
    category: NotificationCategory


async def standings(aims: Sequence[Aim]) -> list[Standing]:
    """In order; one statement, however many."""
    if not aims:
        return []
    now = clock.now()
    rows = await store.rows(
        store.for_many(_STANDINGS, aims),
        [aim.firm_id for aim in aims],
        [aim.account_id for aim in aims],
        [aim.address_id for aim in aims],
        [aim.category for aim in aims],
        now,
    )
    return [_standing(notice, now) for notice in rows]


# one by one (LATERAL with LIMIT), so that each is found by its id whatever PostgreSQL takes the size of the table to be
_STANDINGS = f"""
SELECT {WHY_STOPPED.format(letter="n")} AS stop, coalesce(here.login AND p.id IS NULL, false) AS pending,
  i.id AS invitation_id, i.seed, EXISTS (
    SELECT 1 FROM toggles t JOIN account a ON a.firm_id = t.firm_id AND a.id = t.account_id AND a.archived_at IS NULL
    WHERE t.firm_id = n.firm_id AND t.address_id = n.address_id AND t.account_id <> n.account_id AND {IS_HELD}
  ) AS among_several, f.id, f.version, {", ".join(f"f.{name}" for name in SETTINGS)}
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) WITH ORDINALITY
  AS n(firm_id, account_id, address_id, category, place)
JOIN LATERAL (SELECT * FROM firm f WHERE f.id = n.firm_id LIMIT 1) f ON true
LEFT JOIN LATERAL (
  SELECT t.login FROM toggles t
  WHERE t.firm_id = n.firm_id AND t.account_id = n.account_id AND t.address_id = n.address_id LIMIT 1) here ON true
LEFT JOIN LATERAL (
  SELECT p.id FROM portal_user p WHERE p.firm_id = n.firm_id AND p.address_id = n.address_id LIMIT 1) p ON true
LEFT JOIN LATERAL (
  SELECT i.id, i.seed FROM (
    SELECT * FROM invitation i WHERE i.firm_id = n.firm_id AND i.address_id = n.address_id OFFSET 0) i, LATERAL (
    SELECT 1 FROM invitation_account c WHERE c.firm_id = i.firm_id AND c.invitation_id = i.id
      AND c.account_id = n.account_id AND c.left_at IS NULL LIMIT 1) c
  WHERE {IS_LIVE.format(now="$5")} LIMIT 1) i ON true
ORDER BY n.place
"""


def _standing(notice: Record, now: datetime) -> Standing:
    return Standing(
        at=now,
        settings=firm_settings.settings_of(notice),
        pending=notice["pending"],
        offer=Offer(notice["invitation_id"], notice["seed"]) if notice["invitation_id"] else None,
        among_several=notice["among_several"],
        stop=Stop[notice["stop"]] if notice["stop"] else None,
    )
