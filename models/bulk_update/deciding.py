"""What becomes of each switch of each item, as SQL (R26, R27): `f` is an item with its facts."""

from collections.abc import Iterator

from models.bulk_update.edit import BulkEdit
from models.bulk_update.item import BulkAction
from models.ground import store
from models.notification_category import NotificationCategory
from models.toggles import Switch

OF_SWITCHES = tuple(f"{switch}_{suffix}" for switch in Switch for suffix in ("from", "to", "outcome", "error"))
COLUMNS = (
    *("place", "turn", "account_id", "address_id", "contact_id", "toggles_id", "held", "activated"),
    *OF_SWITCHES,
    *("muted_from", "muted_to"),
)
"""Of an item, as the planner gives it and the table has it."""


def decided(edit: BulkEdit, where: store.Where) -> str:
    """SQL of rows with COLUMNS, and `archived` and `served`, from the table `with_room`."""
    errors = ", ".join(f"{error} AS {switch}" for switch, error in _errors(edit))
    switches = ", ".join(column for switch in Switch for column in _columns(edit, switch))
    return f"""
SELECT f.at_place AS place, f.at_turn AS turn, f.account_id, f.address_id, f.contact_id, f.toggles_id,
  coalesce(f.held, false) AS held, coalesce(f.activated, false) AS activated, {switches},
  {"f.muted" if edit.preferences else "NULL::text[]"} AS muted_from,
  CASE WHEN m.muted IS NULL OR (f.held AND e.notify IS NULL) THEN m.muted ELSE f.muted END AS muted_to,
  f.archived, f.served
FROM with_room f
CROSS JOIN LATERAL (SELECT {_muted(edit, where)} AS muted OFFSET 0) m CROSS JOIN LATERAL (SELECT {errors}) e"""


def _muted(edit: BulkEdit, where: store.Where) -> str:
    """The categories that are off afterwards, in the enum's order; NULL where none is named."""
    if not edit.preferences:
        return "NULL::text[]"
    on, off = (
        where.value([preference.category for preference in edit.preferences if preference.on is state])
        for state in (True, False)
    )
    return _MUTED.format(categories=where.value(list(NotificationCategory)), on=on, off=off)


_MUTED = """CASE WHEN f.address_id IS NOT NULL THEN ARRAY(
  SELECT c.name FROM unnest({categories}::text[]) WITH ORDINALITY AS c(name, nth)
  WHERE c.name = ANY({off}::text[]) OR (c.name = ANY(f.muted) AND c.name <> ALL({on}::text[])) ORDER BY c.nth) END"""


def _errors(edit: BulkEdit) -> Iterator[tuple[Switch, str]]:
    """Why a switch cannot be enabled, in the order in which `set_toggles` refuses; disabling never fails."""
    invites = "true" if edit.invite else "false"
    for switch in Switch:
        if edit.action(switch) is BulkAction.ENABLE_FOR_ALL:
            why_not = _WHY_NOT[switch].format(invites=invites)
            yield switch, f"CASE WHEN f.address_id IS NULL THEN 'NO_ADDRESS' {why_not} END"
        else:
            yield switch, "NULL::text"


_NOT_ASKED = "WHEN NOT f.held THEN NULL"  # of an unlinked email only Login is left (R41)
_WHY_NOT = {
    # the invitation of an archived account is refused, too (R44)
    Switch.LOGIN: """WHEN f.archived AND (NOT f.login OR {invites} AND NOT f.activated AND NOT f.live)
    THEN 'ACCOUNT_ARCHIVED'
  WHEN f.asks AND f.suppressed THEN 'ADDRESS_SUPPRESSED' WHEN f.asks AND NOT f.fits THEN 'RATE_LIMITED'""",
    Switch.NOTIFY: f"""{_NOT_ASKED} WHEN f.archived AND (NOT f.notify OR NOT f.muted <@ coalesce(m.muted, f.muted))
    THEN 'ACCOUNT_ARCHIVED'""",
    Switch.EMAIL_SYNC: f"""{_NOT_ASKED} WHEN f.archived AND NOT f.email_sync THEN 'ACCOUNT_ARCHIVED'
  WHEN f.is_own AND NOT f.email_sync THEN 'OWN_ADDRESS'""",
}


def _columns(edit: BulkEdit, switch: Switch) -> Iterator[str]:
    action = edit.action(switch)
    if action is BulkAction.DO_NOTHING:
        yield from (f"NULL::{kind} AS {switch}_{suffix}" for suffix, kind in _NOTHING)
        return
    before, after, outcome = f"f.{switch}", "false", _DISABLED
    if action is BulkAction.ENABLE_FOR_ALL:
        after, outcome = _AFTER[switch], _ENABLED[switch]
    is_asked = "f.held" if switch is not Switch.LOGIN else "true"  # of an unlinked email only Login is left (R41)
    yield f"CASE WHEN {is_asked} THEN {before} END AS {switch}_from"
    yield f"CASE WHEN {is_asked} AND f.address_id IS NOT NULL THEN {after} END AS {switch}_to"
    yield f"{outcome.format(switch=switch, asked=is_asked)} AS {switch}_outcome"
    yield f"e.{switch} AS {switch}_error"


_NOTHING = (("from", "boolean"), ("to", "boolean"), ("outcome", "text"), ("error", "text"))
_DISABLED = """CASE WHEN f.address_id IS NULL OR NOT {asked} THEN NULL
  WHEN f.{switch} THEN 'CHANGED' ELSE 'UNCHANGED' END"""
_ENABLED = dict.fromkeys(
    Switch,
    """CASE WHEN e.{switch} IS NOT NULL THEN 'ERROR' WHEN NOT {asked} THEN NULL
  WHEN f.{switch} THEN 'UNCHANGED' ELSE 'CHANGED' END""",
) | {
    Switch.LOGIN: """CASE WHEN e.login IS NOT NULL THEN 'ERROR'
  WHEN (f.asks OR f.joins) AND NOT f.activated THEN 'INVITED'
  WHEN f.login THEN 'UNCHANGED' ELSE 'CHANGED' END""",
    Switch.NOTIFY: """CASE WHEN e.notify IS NOT NULL THEN 'ERROR' WHEN NOT {asked} THEN NULL
  WHEN f.notify AND coalesce(m.muted, f.muted) = f.muted THEN 'UNCHANGED' ELSE 'CHANGED' END""",
}
_AFTER = {
    Switch.LOGIN: "f.login OR NOT f.archived",
    Switch.NOTIFY: "f.notify OR e.notify IS NULL",
    Switch.EMAIL_SYNC: "f.email_sync OR e.email_sync IS NULL",
}
