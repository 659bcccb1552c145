"""Toggles as the rules see them: read and locked, many in one statement, and nowhere else."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from asyncpg import Record

from models.access import Spot
from models.address import TypedAddress
from models.ground import store
from models.ground.frozen import frozen
from models.notification_category import NotificationCategory
from models.our_own import IS_OUR_OWN
from models.toggles.switches import SWITCHES, Switch, Wanted
from models.viewer import Actor


@frozen
class LockedSwitches:
    """
    The three switches of one address on one account; nobody changes them before the transaction ends. `on`: those that
    are. `muted`: the categories that are off (R13).
    """

    id: UUID
    account_id: UUID
    address_id: UUID
    on: frozenset[Switch]
    muted: frozenset[NotificationCategory]
    version: int

    @property
    def login(self) -> bool:
        return Switch.LOGIN in self.on


@frozen
class Toggles(LockedSwitches):
    """
    The same, with what the rules ask of them.

    `holders`: contacts of the account that have the address in one of their fields (R41). `archived`: the account
    (R44). `activated`: the address (R5). `suppressed`: nothing is sent there (R17). `our_own`: it is the firm's own
    (R46). `invited`: an invitation that nothing has ended covers them, `message` was its (R9).
    """

    account_name: str
    address: TypedAddress
    holders: frozenset[UUID]
    archived: bool
    activated: bool
    suppressed: bool
    our_own: bool
    invited: bool
    message: str | None

    @property
    def held(self) -> bool:
        return bool(self.holders)

    @property
    def shown(self) -> bool:
        """Held, or an unlinked email; else nobody knows of them (R41)."""
        return self.held or self.login

    @property
    def enters(self) -> bool:
        """Whether the address may enter the account once it has activated (R8, R44)."""
        return self.login and not self.archived

    def all(self) -> dict[Switch | NotificationCategory, bool]:
        """Switches and preferences as they are, to be set elsewhere."""
        preferences: Wanted = {category: category not in self.muted for category in NotificationCategory}
        return {**preferences, **{switch: switch in self.on for switch in Switch}}

    def held_without(self, contact_id: UUID) -> bool:
        return bool(self.holders - {contact_id})


async def lock(by: Actor, spots: Iterable[Spot]) -> dict[Spot, Toggles]:
    """Of each (account, address) that has toggles; locked in the order of ids."""
    spots = list(spots)
    accounts, addresses = [account_id for account_id, _ in spots], [address_id for _, address_id in spots]
    locked = map(_toggles, await store.rows(store.for_many(_LOCK, spots), by.firm_id, accounts, addresses))
    return {(toggles.account_id, toggles.address_id): toggles for toggles in locked}


async def lock_switches(by: Actor, ids: Sequence[UUID]) -> dict[UUID, LockedSwitches]:
    """By ids, without what the rules ask: a bulk update asks that in one statement of its own, under this lock."""
    rows = await store.rows(store.for_many(_LOCK_SWITCHES, ids), by.firm_id, list(ids))
    locked = (
        LockedSwitches(toggles["id"], toggles["account_id"], toggles["address_id"], *_how(toggles)) for toggles in rows
    )
    return {toggles.id: toggles for toggles in locked}


async def lock_where(by: Actor, condition: str, *args: object) -> list[Toggles]:
    """In the order of ids. `condition`: on toggles `t`, account `a`, address `e`, identity `p`; `args` from $2 on."""
    return list(map(_toggles, await store.rows(_LOCK_WHERE.format(condition=condition), by.firm_id, *args)))


_COLUMNS = f"""
t.id, t.account_id, t.address_id, t.version, {", ".join(f"t.{switch}" for switch in Switch)}, t.muted,
  a.name AS account_name, a.archived_at IS NOT NULL AS archived, e.address, e.key, p.id IS NOT NULL AS activated,
  e.suppressed_at IS NOT NULL AS suppressed, {IS_OUR_OWN} AS our_own, i.id IS NOT NULL AS invited, i.message,
  ARRAY(SELECT h.contact_id FROM contact_email h, LATERAL (
      SELECT 1 FROM account_contact l
      WHERE l.firm_id = {store.FIRM} AND l.contact_id = h.contact_id AND l.account_id = t.account_id LIMIT 1) l
    WHERE h.firm_id = {store.FIRM} AND h.address_id = t.address_id) AS holders"""
_ONE = f"LATERAL (SELECT * FROM {{table}} x WHERE x.firm_id = {store.FIRM} AND x.{{key}} = t.{{ours}} LIMIT 1)"
# whether it has ended is asked of what was found (OFFSET 0): else any index of those that live seems as good
_INVITED = f"""LATERAL (
  SELECT i.id, i.message FROM (
    SELECT * FROM invitation i WHERE i.firm_id = {store.FIRM} AND i.address_id = t.address_id OFFSET 0) i, LATERAL (
    SELECT 1 FROM invitation_account c WHERE c.firm_id = {store.FIRM} AND c.invitation_id = i.id
      AND c.account_id = t.account_id AND c.left_at IS NULL LIMIT 1) c
  WHERE i.ended_at IS NULL LIMIT 1) i ON true"""
# one by one (LATERAL), so that each is found by its id whatever PostgreSQL takes the size of the table to be
_LOCK = f"""
SELECT {_COLUMNS} FROM (
  SELECT DISTINCT s.id FROM unnest($2::uuid[], $3::uuid[]) AS n(account_id, address_id), LATERAL (
    SELECT s.id FROM toggles s
    WHERE s.firm_id = {store.FIRM} AND s.account_id = n.account_id AND s.address_id = n.address_id LIMIT 1) s
  ORDER BY s.id) n
CROSS JOIN LATERAL (SELECT * FROM toggles t WHERE t.firm_id = {store.FIRM} AND t.id = n.id FOR UPDATE) t
CROSS JOIN {_ONE.format(table="account", key="id", ours="account_id")} a
CROSS JOIN {_ONE.format(table="email_address", key="id", ours="address_id")} e
LEFT JOIN {_ONE.format(table="portal_user", key="address_id", ours="address_id")} p ON true
LEFT JOIN {_INVITED}
"""
_LOCK_SWITCHES = f"""
SELECT t.id, t.account_id, t.address_id, t.version, {", ".join(f"t.{switch}" for switch in Switch)}, t.muted
FROM (SELECT DISTINCT id FROM unnest($2::uuid[]) AS n(id) ORDER BY id) n
CROSS JOIN LATERAL (SELECT * FROM toggles t WHERE t.firm_id = {store.FIRM} AND t.id = n.id FOR UPDATE) t
"""
_LOCK_WHERE = f"""
SELECT {_COLUMNS} FROM toggles t JOIN account a ON a.firm_id = {store.FIRM} AND a.id = t.account_id
JOIN email_address e ON e.firm_id = {store.FIRM} AND e.id = t.address_id
LEFT JOIN portal_user p ON p.firm_id = {store.FIRM} AND p.address_id = t.address_id
LEFT JOIN {_INVITED}
WHERE t.firm_id = $1 AND {{condition}} ORDER BY t.id FOR UPDATE OF t
"""


def _how(stored: Record) -> tuple[frozenset[Switch], frozenset[NotificationCategory], int]:
    on = frozenset(switch for switch in SWITCHES if stored[switch])
    return on, frozenset(map(NotificationCategory, stored["muted"])), stored["version"]


def _toggles(stored: Record) -> Toggles:
    return Toggles(
        stored["id"],
        stored["account_id"],
        stored["address_id"],
        *_how(stored),
        account_name=stored["account_name"],
        address=TypedAddress(stored["address"], stored["key"]),
        holders=frozenset(stored["holders"]),
        archived=stored["archived"],
        activated=stored["activated"],
        suppressed=stored["suppressed"],
        our_own=stored["our_own"],
        invited=stored["invited"],
        message=stored["message"],
    )
