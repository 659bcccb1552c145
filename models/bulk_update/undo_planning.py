"""
The plan of an undo, in SQL over sets: from what a run did, and what the journal has of it since, to items, each with
what it comes to (R30). The undo stores it when it begins, and looks again, under its locks, with the same statement.

Each switch and each category is put back by itself: what stands against one leaves the others alone. Notify speaks for
its categories too, and is an ERROR where anything stands against one of them.
"""

from collections.abc import Iterator
from uuid import UUID

from models.bulk_update.planning import Statement
from models.ground import store
from models.in_force import IS_HELD_AMONG_MANY
from models.journal import JournalKind
from models.notification_category import NotificationCategory
from models.our_own import IS_OUR_OWN
from models.toggles import Switch
from models.viewer import Actor


def planned_undo(by: Actor, run_id: UUID, *, after: int = 0, up_to: int | None = None) -> Statement:
    """
    What that run reached and changed, with its places and turns: from how it is now to how it was before. `after`
    (exclusive), `up_to`: of these turns alone.
    """
    where = _changed(by, run_id)
    where.add("f.turn > ?", after)
    where.given("f.turn <= ?", up_to)
    done = where.after("SELECT f.* FROM bulk_update_item f")
    return Statement(f"WITH done AS ({done}), fact AS ({_FACTS}), part AS ({_PARTS}) {_DECIDED}", tuple(where.args))


async def count_changed(by: Actor, run_id: UUID) -> int:
    """How many accounts that run changed."""
    where = _changed(by, run_id)
    select = where.after("SELECT count(DISTINCT f.account_id) FROM bulk_update_item f")
    accounts: int = await store.value(select, *where.args)
    return accounts


def _changed(by: Actor, run_id: UUID) -> store.Where:
    where = store.Where("f.firm_id = ?", by.firm_id)
    where.add("f.run_id = ?", run_id)
    where.say("f.turn <= (SELECT r.turn FROM run r WHERE r.firm_id = $1 AND r.id = $2)")
    where.say(f"({' OR '.join(_CHANGED.values())})")
    return where


_TURNED = {switch: f"coalesce(f.{switch}_from <> f.{switch}_to, false)" for switch in Switch}
_CHANGED = _TURNED | {
    Switch.LOGIN: f"({_TURNED[Switch.LOGIN]} OR coalesce(f.login_outcome = 'INVITED', false))",
    Switch.NOTIFY: f"({_TURNED[Switch.NOTIFY]} OR coalesce(f.notify_outcome = 'CHANGED', false))",
}
# one by one (LATERAL), here and below, so that each is found by its id whatever PostgreSQL takes the tables to be
# all that the journal has about them: by their ids alone they are found whatever PostgreSQL knows of the run, and by
# one after the other also where it knows hardly a row of the journal; of the invitation, what is about this account:
# the run may have come to others of the same address later
_ABOUT = f"""
        SELECT j.* FROM (VALUES (b.toggles_id), (i.id)) AS about(id), LATERAL (
          SELECT * FROM journal_entry j WHERE j.firm_id = {store.FIRM} AND j.subject_id = about.id OFFSET 0) j"""
# `held`, `activated` are of the time of the run; `since`: the switches and categories that somebody has set there after
# it, by their names in the journal
_FACTS = f"""
  SELECT b.*, {", ".join(f"t.{switch} AS {switch}_now" for switch in Switch)}, t.muted AS muted_now, t.is_held,
    a.is_archived, e.is_own, p.id IS NOT NULL AS is_activated,
    p.id IS NULL AND coalesce(i.covers, false) AS is_invited, s.since
  FROM done b
  CROSS JOIN LATERAL (
    SELECT t.*, {IS_HELD_AMONG_MANY} AS is_held FROM toggles t
    WHERE t.firm_id = {store.FIRM} AND t.id = b.toggles_id LIMIT 1) t
  CROSS JOIN LATERAL (
    SELECT a.archived_at IS NOT NULL AS is_archived FROM account a
    WHERE a.firm_id = {store.FIRM} AND a.id = b.account_id LIMIT 1) a
  CROSS JOIN LATERAL (
    SELECT CASE WHEN b.email_sync_from THEN {IS_OUR_OWN} END AS is_own FROM email_address e
    WHERE e.firm_id = {store.FIRM} AND e.id = b.address_id LIMIT 1) e
  LEFT JOIN LATERAL (
    SELECT p.id FROM portal_user p WHERE p.firm_id = {store.FIRM} AND p.address_id = b.address_id LIMIT 1) p ON true
  LEFT JOIN LATERAL (
    SELECT i.id, i.ended_at IS NULL AND EXISTS (
      SELECT 1 FROM invitation_account c
      WHERE c.firm_id = {store.FIRM} AND c.invitation_id = i.id AND c.account_id = b.account_id
        AND c.left_at IS NULL) AS covers
    FROM invitation i
    WHERE i.firm_id = {store.FIRM} AND i.run_id = $2 AND i.address_id = b.address_id LIMIT 1) i ON true
  CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(c.change->>0), ARRAY[]::text[]) AS since
    FROM (
      SELECT j.*, max(j.position) FILTER (
        WHERE j.run_id = $2 AND (j.subject_id = b.toggles_id OR b.toggles_id = ANY(j.touched))) OVER () AS our_last
      FROM ({_ABOUT}) j) j,
    LATERAL jsonb_array_elements(j.changes) AS c(change)
    WHERE j.position > coalesce(j.our_last, 0)
      AND j.kind IN ('{JournalKind.TOGGLES_CHANGED}', '{JournalKind.PREFERENCES_CHANGED}')) s"""
_SET_SINCE = "f.held AND NOT f.is_held OR {name} = ANY(f.since)"


def _stands_against(switch: Switch) -> Iterator[str]:
    """Putting it back, or taking an invitation back."""
    yield f"WHEN NOT {_CHANGED[switch] if switch is Switch.LOGIN else _TURNED[switch]} THEN NULL"
    yield f"WHEN {_SET_SINCE.format(name=repr(switch.api_name))} THEN 'CHANGED_MEANWHILE'"
    yield f"WHEN f.is_archived AND f.{switch}_from AND NOT f.{switch}_to THEN 'ACCOUNT_ARCHIVED'"
    if switch is Switch.EMAIL_SYNC:
        yield "WHEN f.is_own THEN 'OWN_ADDRESS'"
    if switch is Switch.LOGIN:  # nobody is locked out by an undo
        yield "WHEN NOT f.login_from AND f.is_activated AND NOT f.activated THEN 'ACTIVATED_SINCE'"


_AGAINST = ", ".join(f"CASE {' '.join(_stands_against(switch))} END AS against_{switch}" for switch in Switch)
_CATEGORIES = ", ".join(f"('{category}', {nth})" for nth, category in enumerate(NotificationCategory))
# of each category, whether it is off: before the run, now, and when it has been put back
_PARTS = f"""
  SELECT f.*, {_AGAINST}, m.* FROM fact f CROSS JOIN LATERAL (
    SELECT bool_or(c.turned) AS categories_turned, max(c.against) AS against_categories, coalesce(
      array_agg(c.name ORDER BY c.nth) FILTER (
        WHERE CASE WHEN c.turned AND c.against IS NULL THEN c.was_off ELSE c.is_off END), ARRAY[]::text[]) AS shall_mute
    FROM (
      SELECT c.*, CASE WHEN NOT c.turned THEN NULL WHEN {_SET_SINCE.format(name="c.name")} THEN 'CHANGED_MEANWHILE'
        WHEN f.is_archived AND NOT c.was_off THEN 'ACCOUNT_ARCHIVED' END AS against
      FROM (
        SELECT c.name, c.nth, c.name = ANY(f.muted_now) AS is_off, c.name = ANY(f.muted_from) AS was_off,
          coalesce((c.name = ANY(f.muted_from)) <> (c.name = ANY(f.muted_to)), false) AS turned
        FROM (VALUES {_CATEGORIES}) AS c(name, nth)) c) c) m"""
# the later of the two in the alphabet is the one to tell: that a colleague has set it, before that it is archived
_ERROR = {switch: f"f.against_{switch}" for switch in Switch} | {
    Switch.NOTIFY: "greatest(f.against_notify, f.against_categories)"
}
_BESIDE = dict.fromkeys(Switch, "") | {
    Switch.LOGIN: "OR f.is_invited",
    Switch.NOTIFY: "OR f.shall_mute <> f.muted_now",
}


def _columns(switch: Switch) -> Iterator[str]:
    """All NULL where the run did nothing to it."""
    changed, error = _CHANGED[switch], _ERROR[switch]
    after = f"CASE WHEN {_TURNED[switch]} AND f.against_{switch} IS NULL THEN f.{switch}_from ELSE f.{switch}_now END"
    yield f"CASE WHEN {changed} THEN f.{switch}_now END AS {switch}_from"
    yield f"CASE WHEN {changed} THEN {after} END AS {switch}_to"
    yield f"""CASE WHEN NOT {changed} THEN NULL WHEN {error} IS NOT NULL THEN 'ERROR'
    WHEN f.{switch}_now <> {after} {_BESIDE[switch]} THEN 'CHANGED' ELSE 'UNCHANGED' END AS {switch}_outcome"""
    yield f"CASE WHEN {changed} THEN {error} END AS {switch}_error"


_DECIDED = f"""
SELECT f.place, f.turn, f.account_id, f.address_id, f.contact_id, f.toggles_id, f.is_held AS held,
  f.is_activated AS activated, {", ".join(column for switch in Switch for column in _columns(switch))},
  CASE WHEN f.categories_turned THEN f.muted_now END AS muted_from,
  CASE WHEN f.categories_turned THEN f.shall_mute END AS muted_to
FROM part f"""
