"""
The planner, in SQL over sets: from a bulk update to items, each with what would come of it (R26). The preview reads it,
a run stores it when it begins, and each chunk asks it again under its locks: nothing else decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models import account
from models.bulk_update.deciding import decided
from models.bulk_update.edit import AccountSelection, BulkEdit
from models.bulk_update.item import BulkAction
from models.ground import clock, store
from models.in_force import IS_HELD_AMONG_MANY, IS_LIVE
from models.letter import LetterKind, limits
from models.our_own import IS_OUR_OWN
from models.toggles import Switch
from models.viewer import Actor

MOST_TOGETHER = 100
"""Accounts of an address in one turn: more would lock the firm's row for too long."""


@dataclass(frozen=True, slots=True)
class Statement:
    """`text`: SQL that gives rows of COLUMNS and can stand in brackets; `args`: its arguments."""

    text: str
    args: tuple[object, ...]

    async def rows(self, query: str, *args: object) -> Sequence[Any]:
        """`query` has `{plan}` where the statement goes, and its own arguments as `{0}`, `{1}`…"""
        places = (f"${number}" for number, _ in enumerate(args, len(self.args) + 1))
        return await store.rows(store.AFRESH + query.format(*places, plan=self.text), *self.args, *args)


def chosen(by: Actor, accounts: AccountSelection) -> store.Where:
    """The selection as a condition on accounts `a` and their switches `s` (`account.FROM`)."""
    if accounts.matching is not None:
        return account.matching(by, accounts.matching)
    where = store.Where("a.firm_id = ?", by.firm_id)
    where.add("a.id = ANY(?::uuid[])", list(accounts.ids or ()))
    return where


async def count_chosen(by: Actor, accounts: AccountSelection) -> int:
    return await store.count(chosen(by, accounts), account.FROM)


def planned(by: Actor, edit: BulkEdit) -> Statement:
    """All items, each with its place and turn."""
    where = chosen(by, edit.accounts)
    spots = f"chosen AS ({where.after(_CHOSEN)}), spot AS ({_SPOTS.format(and_unlinked=_and_unlinked(edit))})"
    ordered = _ORDERED.format(most=MOST_TOGETHER)
    return _statement(where, edit, spots, ordered=ordered, missing=_MISSING if _enables(edit) else "")


def planned_anew(by: Actor, edit: BulkEdit, run_id: UUID, *, after: int, up_to: int) -> Statement:
    """A run's items with an address, as planned now, of the turns from `after` (exclusive) to `up_to`."""
    where = store.Where("b.firm_id = ?", by.firm_id)
    where.add("b.run_id = ?", run_id)
    where.add("b.turn > ?", after)
    where.add("b.turn <= ?", up_to)
    items = where.after("SELECT * FROM bulk_update_item b")
    served = _SERVED if edit.invite else _NOBODY_SERVED
    spots = f"served AS MATERIALIZED ({served}), spot AS ({_OF_RUN.format(items=items)})"
    return _statement(where, edit, spots, ordered=_ORDERED_BEFORE, ours="i.run_id = $2")


def _statement(
    where: store.Where, edit: BulkEdit, spots: str, *, ordered: str, missing: str = "", ours: str = "false"
) -> Statement:
    """`ours`: SQL that says whether an invitation `i` is of this run."""
    now = clock.now()
    facts = _FACTS.format(
        is_live=_is_live(edit, where, now, ours),
        joins=_joins(edit, where, now, ours),
        is_own=IS_OUR_OWN if edit.email_sync.wants else "false",
    )
    items = _ITEMS.format(asks=_asks(edit)) + missing
    room = _room(where, now) if edit.invite else _NO_ROOM_NEEDED
    parts = f"{spots}, fact AS MATERIALIZED ({facts}), item AS ({items}), {ordered}, with_room AS ({room})"
    text = f"WITH {parts} {decided(edit, where)}"
    return Statement(text, tuple(where.args))


def _room(where: store.Where, now: datetime) -> str:
    per_hour, per_recipient = limits.most(LetterKind.INVITATION.urgency)
    return _ROOM.format(
        since=f"{where.value(now - limits.HOUR)}::timestamptz",
        urgency=f"{where.value(LetterKind.INVITATION.urgency.value)}::int",
        per_hour=f"{where.value(per_hour)}::bigint",
        per_recipient=f"{where.value(per_recipient)}::bigint",
    )


def _enables(edit: BulkEdit) -> bool:
    return any(on for _, on in edit.wants())


def _and_unlinked(edit: BulkEdit) -> str:
    """Disabling Login covers unlinked emails too (R26)."""
    return " OR t.login" if edit.login is BulkAction.DISABLE_FOR_ALL else ""


def _is_live(edit: BulkEdit, where: store.Where, now: datetime, ours: str) -> str:
    """SQL: whether an earlier invitation still lives, and is not to be sent again."""
    if edit.invite is None or edit.invite.again:
        return "false"
    return _live(where, now, f"({ours}) IS NOT TRUE")


def _joins(edit: BulkEdit, where: store.Where, now: datetime, ours: str) -> str:
    """SQL: whether an earlier turn of this run has sent an invitation that covers the account too."""
    if edit.invite is None:
        return "false"
    return f"s.served AND NOT s.archived AND NOT s.is_left AND {_live(where, now, ours)}"


def _live(where: store.Where, now: datetime, of_whom: str) -> str:
    is_live = IS_LIVE.format(now=f"{where.value(now)}::timestamptz")
    return _LIVE.format(is_live=f"{is_live} AND {of_whom}")


def _asks(edit: BulkEdit) -> str:
    """
    SQL: whether a letter goes to the address of `f` for this account: to one that is PENDING, without a live invitation
    or with `again`; to one that is activated, where it may enter from now on (R8, R26). None where Login is left alone,
    or where an earlier turn has written to it.
    """
    if edit.invite is None:
        return "false"
    is_asked = "CASE WHEN f.activated THEN NOT f.login ELSE NOT f.live END"
    return f"(NOT f.archived AND NOT f.is_left AND NOT f.served AND {is_asked})"


# one by one (LATERAL), here and below, so that each is found by its id whatever PostgreSQL takes the tables to be
_CHOSEN = f"SELECT a.id, a.code_key, a.archived_at IS NOT NULL AS archived {account.FROM}"
_TOGGLES = f"""
  SELECT t.id AS toggles_id, t.address_id, {", ".join(f"t.{switch}" for switch in Switch)}, t.muted,
    {IS_HELD_AMONG_MANY} AS held
  FROM toggles t WHERE t.firm_id = {store.FIRM}"""
_SPOTS = f"""
  SELECT NULL::int AS place, NULL::int AS turn, c.id AS account_id, c.code_key, c.archived, t.*, false AS is_left,
    false AS served
  FROM chosen c, LATERAL ({_TOGGLES} AND t.account_id = c.id OFFSET 0) t WHERE t.held{{and_unlinked}}"""
# the address of the first of these turns, where the turn before had the same, and whatever one of its turns has written
# to it: an invitation, or word of accounts that it may enter (R8)
_SERVED = """
  SELECT DISTINCT last.address_id FROM (
    SELECT b.address_id FROM bulk_update_item b
    WHERE b.firm_id = $1 AND b.run_id = $2 AND b.turn = $3 AND EXISTS (
      SELECT 1 FROM bulk_update_item n
      WHERE n.firm_id = $1 AND n.run_id = $2 AND n.turn = $3 + 1 AND n.address_id = b.address_id) LIMIT 1) last,
  LATERAL (
    SELECT 1 FROM bulk_update_item o
    WHERE o.firm_id = $1 AND o.run_id = $2 AND o.turn <= $3 AND o.address_id = last.address_id
      AND o.login_error IS NULL AND (o.login_outcome = 'INVITED' OR o.activated AND o.login_outcome = 'CHANGED')
    LIMIT 1) o"""
_NOBODY_SERVED = "SELECT NULL::uuid AS address_id WHERE false"
# `is_left`: Login, because somebody has decided otherwise since it was planned (CHANGED_MEANWHILE)
_OF_RUN = f"""
  SELECT b.place, b.turn, b.account_id, a.code_key, a.archived_at IS NOT NULL AS archived, t.*,
    b.held AND NOT t.held OR coalesce(b.login_from, false) AND NOT t.login AS is_left,
    EXISTS (SELECT 1 FROM served v WHERE v.address_id = b.address_id) AS served
  FROM ({{items}} AND b.toggles_id IS NOT NULL OFFSET 0) b,
  LATERAL (
    SELECT a.code_key, a.archived_at FROM account a
    WHERE a.firm_id = {store.FIRM} AND a.id = b.account_id LIMIT 1) a,
  LATERAL ({_TOGGLES} AND t.id = b.toggles_id LIMIT 1) t"""
_FACTS = f"""
  SELECT s.*, e.key, e.suppressed, e.is_own, p.id IS NOT NULL AS activated, {{is_live}} AS live,
    {{joins}} AS joins
  FROM spot s CROSS JOIN LATERAL (
    SELECT e.key, e.suppressed_at IS NOT NULL AS suppressed, {{is_own}} AS is_own
    FROM email_address e WHERE e.firm_id = {store.FIRM} AND e.id = s.address_id LIMIT 1) e
  LEFT JOIN LATERAL (
    SELECT p.id FROM portal_user p WHERE p.firm_id = {store.FIRM} AND p.address_id = s.address_id LIMIT 1) p ON true"""
_LIVE = f"""EXISTS (
  SELECT 1 FROM (SELECT * FROM invitation i WHERE i.firm_id = {store.FIRM} AND i.address_id = s.address_id OFFSET 0) i
  WHERE {{is_live}})"""
_OF_ITEM = ("place", "turn", "account_id", "code_key", "address_id", "key", "toggles_id", "held", "archived",
            "activated", "suppressed", "is_own", "live", "joins", "served", *Switch, "muted")  # fmt: skip
_ITEMS = f"""
  SELECT {", ".join(f"f.{name}" for name in _OF_ITEM)}, NULL::uuid AS contact_id, NULL::text AS contact_key,
    {{asks}} AS asks FROM fact f"""
# an account that nobody holds an address of is one item; where some do, each contact without one is
_MISSING = f"""
  UNION ALL
  SELECT {", ".join({"account_id": "c.id", "code_key": "c.code_key"}.get(name, "NULL") for name in _OF_ITEM)},
    k.id, k.sort_key, false
  FROM chosen c CROSS JOIN LATERAL (
    SELECT bool_or(h.has_one) AS has_one, coalesce(array_agg(h.id) FILTER (WHERE NOT h.has_one), '{{}}') AS without
    FROM account_contact l, LATERAL (
      SELECT l.contact_id AS id, EXISTS (
        SELECT 1 FROM contact_email m
        WHERE m.firm_id = {store.FIRM} AND m.contact_id = l.contact_id) AS has_one OFFSET 0) h
    WHERE l.firm_id = {store.FIRM} AND l.account_id = c.id) h
  CROSS JOIN LATERAL (
    SELECT NULL::uuid AS id, NULL::text AS sort_key WHERE h.has_one IS NOT TRUE
    UNION ALL SELECT k.id, k.sort_key FROM contact k
    WHERE h.has_one AND k.firm_id = {store.FIRM} AND k.id = ANY(h.without)) k"""
_ORDERED = """placed AS (
  SELECT i.*, row_number() OVER (
    ORDER BY i.code_key, i.account_id, i.key NULLS LAST, i.contact_key, i.contact_id)::int AS at_place FROM item i
), first AS (
  SELECT p.*, min(p.at_place) OVER whole AS first_place,
    (row_number() OVER (whole ORDER BY p.at_place) - 1) / {most} AS part
  FROM placed p WINDOW whole AS (PARTITION BY coalesce(p.address_id, p.contact_id, p.account_id))
), turned AS (
  SELECT f.*, dense_rank() OVER (ORDER BY f.first_place, f.part)::int AS at_turn FROM first f
)"""
_ORDERED_BEFORE = """turned AS (
  SELECT i.*, i.place AS at_place, i.turn AS at_turn, min(i.place) OVER (PARTITION BY i.address_id) AS first_place
  FROM item i
)"""
_NO_ROOM_NEEDED = "SELECT t.*, true AS fits FROM turned t"
# as models.letter.limits has it: of one address as many as fit, of all of the firm the first ones; one letter a turn.
# The letters of the hour are gone through once: for each address PostgreSQL, which takes the table to be small while it
# grows, would read all of them
_ROOM = """
  WITH hour AS MATERIALIZED (
    SELECT l.to_key, count(*)::int AS letters, count(*) FILTER (WHERE l.urgency = {urgency}) AS alike
    FROM letter l WHERE l.firm_id = $1 AND l.copy_of IS NULL AND l.created_at > {since} GROUP BY l.to_key)
  SELECT t.*, t.has_room AND count(*) FILTER (WHERE t.leads AND t.has_room) OVER (ORDER BY t.at_turn)
    <= {per_hour} - (SELECT coalesce(sum(h.letters), 0) FROM hour h) AS fits
  FROM (
    SELECT t.*, t.key NOT IN (SELECT h.to_key FROM hour h WHERE h.alike >= {per_recipient}) AS has_room,
      t.asks AND NOT t.suppressed AND row_number() OVER (
        PARTITION BY t.first_place ORDER BY t.asks DESC, t.at_place) = 1 AS leads
    FROM turned t) t"""
