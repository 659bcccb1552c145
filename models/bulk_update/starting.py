"""Asking for a bulk update: what is refused at once (R25, R31). What it comes to is planned when it begins."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from uuid import UUID

from models import idempotency, journal, run
from models.bulk_update.edit import AccountSelection, BulkEdit, as_json
from models.bulk_update.planning import planned
from models.errors import ErrorCode, Faults, Refusal, Refusals
from models.ground import store
from models.ground.checkpoint import checkpoint
from models.idempotency import Done
from models.invitation.inviting import checked_message
from models.journal import Change, JournalKind, Subject
from models.run import NewRun, RunKind
from models.text import has_words
from models.toggles import Switch
from models.toggles.preferences import named_twice
from models.viewer import Viewer, must_manage_accounts

MOST_IDS = 1_000
MOST_ITEMS = 100_000


async def start(by: Viewer, edit: BulkEdit, *, key: str | None = None) -> Done:
    """
    Asks for it and answers the run's id; a worker begins it when its turn comes.

    Raises what `checked` raises, and INVALID for more than 100,000 items, or where too many wait already.
    """
    must_manage_accounts(by)
    do = partial(_start, by, edit)
    done = await idempotency.once(by, key, verb="bulk update", wish=edit, do=do)
    checkpoint("after a run was asked for")
    return done


async def _start(by: Viewer, edit: BulkEdit) -> tuple[UUID, ...]:
    edit = await checked(by, edit)
    must_be_planned_at_once(await count(by, edit))
    return (await write(by, NewRun(RunKind.BULK_UPDATE, as_json(edit)), _told(edit)),)


async def write(by: Viewer, new: NewRun, changes: list[Change]) -> UUID:
    """Also records it in the journal. Runs inside a transaction. Raises INVALID where too many wait already."""
    acting = await run.write(by, new)
    assert acting.run_id is not None
    about = (Subject.BULK_UPDATE, acting.run_id)
    journal.record(JournalKind.BULK_UPDATE_STARTED, by=acting, subject=about, changes=changes)
    checkpoint("before the commit of a run that is asked for")
    return acting.run_id


def _told(edit: BulkEdit) -> list[Change]:
    return [Change(switch.api_name, None, edit.action(switch)) for switch, _ in edit.wants()]


async def count(by: Viewer, edit: BulkEdit) -> int:
    """How many items the run would have now."""
    [figures] = await planned(by, edit).rows("SELECT count(*) AS items FROM ({plan}) i")
    items: int = figures["items"]
    return items


def must_be_planned_at_once(items: int) -> None:
    """Raises INVALID."""
    if items > MOST_ITEMS:
        message = f"This would change {items:,} addresses; at most {MOST_ITEMS:,} go at once. Choose fewer accounts."
        raise Refusal(ErrorCode.INVALID, message, "accounts")


async def checked(by: Viewer, edit: BulkEdit) -> BulkEdit:
    """
    The edit as it is kept: message cleaned, each account once, search without NUL.

    Raises all faults at once: NOT_ALLOWED without the right `manageAccounts`; NOT_FOUND for an account, with its path;
    INVALID: nothing to do, an invitation without Login or categories without Notify, a category twice, a search that
    finds nothing, no account or more than 1,000, a message too long.
    """
    must_manage_accounts(by)
    faults = Faults()
    for refusal in _refusals(edit):
        with faults:
            raise refusal
    invite = edit.invite
    with faults:
        invite = replace(invite, message=checked_message(invite.message, "invite", "message")) if invite else None
    with faults:
        await _must_be_there(by, edit.accounts.ids)
    faults.must_be_none()
    return replace(edit, accounts=_kept(edit.accounts), invite=invite)


def _kept(accounts: AccountSelection) -> AccountSelection:
    ids, matching = accounts.ids, accounts.matching
    if matching and matching.search is not None:
        matching = replace(matching, search=matching.search.replace("\0", " "))  # no word has one, nor can jsonb
    return AccountSelection(None if ids is None else tuple(dict.fromkeys(ids)), matching)


def _refusals(edit: BulkEdit) -> Iterator[Refusal]:
    wants = dict(edit.wants())
    if not wants:
        yield Refusal(ErrorCode.INVALID, "Nothing is to be done. Enable or disable at least one of the three.")
    if edit.invite and not wants.get(Switch.LOGIN):
        yield Refusal(ErrorCode.INVALID, "Invitations go out only where Login is enabled.", "invite")
    if edit.preferences and not wants.get(Switch.NOTIFY):
        message = "Categories can be chosen only where Notify is enabled."
        yield Refusal(ErrorCode.INVALID, message, "notificationPreferences")
    yield from named_twice(edit.preferences, "notificationPreferences")
    matching = edit.accounts.matching
    if matching and matching.search is not None and matching.search.strip() and not has_words(matching.search):
        message = "This search finds nothing: it has neither a letter nor a digit. Leave it out to choose all."
        yield Refusal(ErrorCode.INVALID, message, "accounts", "matching", "search")


async def _must_be_there(by: Viewer, ids: tuple[UUID, ...] | None) -> None:
    if ids is None:
        return
    if not 1 <= len(ids) <= MOST_IDS:
        message = f"Give 1 to {MOST_IDS:,} accounts, not {len(ids):,}. For more, choose all that match a filter."
        raise Refusal(ErrorCode.INVALID, message, "accounts", "ids")
    known_ids = {account["id"] for account in await store.rows(_KNOWN, by.firm_id, list(ids))}
    unknown = [
        Refusal(ErrorCode.NOT_FOUND, "There is no such account.", "accounts", "ids", place)
        for place, account_id in enumerate(ids)
        if account_id not in known_ids
    ]
    if unknown:
        raise Refusals(unknown)


_KNOWN = "SELECT id FROM account WHERE firm_id = $1 AND id = ANY($2::uuid[])"
