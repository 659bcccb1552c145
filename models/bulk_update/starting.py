"""Asking for a bulk update: what is refused at once (R25, R31). What it comes to is planned when it begins."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from uuid import UUID

from uuid_utils.compat import uuid7

from models import firm, idempotency, journal
from models.bulk_update.edit import AccountSelection, BulkEdit, as_json
from models.bulk_update.planning import planned
from models.errors import ErrorCode, Faults, Refusal, Refusals
from models.ground import clock, store
from models.ground.checkpoint import checkpoint
from models.idempotency import Done
from models.invitation.inviting import checked_message
from models.journal import Change, JournalKind, Subject
from models.run import UNENDED, RunKind, RunStatus
from models.text import has_words
from models.toggles import Switch
from models.viewer import JournalSource, Viewer, must_manage_accounts

MOST_IDS = 1_000
MOST_ITEMS = 100_000
MOST_WAITING = 100
"""Of a firm, undos with them; a double click, or a script that repeats itself, is not to keep it busy for a week."""


async def start(by: Viewer, edit: BulkEdit, *, key: str | None = None) -> Done:
    """
    Asks for it and answers the run's id; a worker begins it when its turn comes.

    Raises what `checked` raises, and INVALID for more than 100,000 items, or where too many wait already.
    """
    must_manage_accounts(by)
    do = partial(_start, by, edit)
    done = await idempotency.once(by, key, verb="bulk update", asked=edit, do=do)
    checkpoint("after a run was asked for")
    return done


async def _start(by: Viewer, edit: BulkEdit) -> tuple[UUID, ...]:
    edit = await checked(by, edit)
    must_be_planned_at_once(await count(by, edit))
    return (await write(by, RunKind.BULK_UPDATE, as_json(edit), _told(edit)),)


async def write(by: Viewer, kind: RunKind, asked: str, told: list[Change], *, undoes: UUID | None = None) -> UUID:
    """
    The run as it waits for its turn, with its first entry in the journal. Runs inside a transaction.

    The turns of a firm's runs are in the order of their ids, and so one is written before the next gets its own.
    Raises INVALID where 100 of the firm have not ended yet.
    """
    await firm.one_at_a_time(by.firm_id)
    await must_have_room(by)
    run_id = uuid7()
    acting = replace(by, run_id=run_id)
    whose = (by.member_id, by.source, by.session_id if by.source is JournalSource.API_TOKEN else None)
    values = (run_id, by.firm_id, kind, RunStatus.QUEUED, asked, undoes, *whose, clock.now())
    await store.execute(_WRITE, *values)
    about = (Subject.BULK_UPDATE, run_id)
    journal.record(JournalKind.BULK_UPDATE_STARTED, by=acting, subject=about, changes=told)
    journal.record(journal.FeedKind.RUN_MOVED, by=acting, subject=about)
    checkpoint("before the commit of a run that is asked for")
    return run_id


_WRITE = """
INSERT INTO run (id, firm_id, kind, status, asked, undoes, started_by, source, token_id, started_at)
VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8, $9, $10)
"""


async def must_have_room(by: Viewer) -> None:
    """Raises INVALID."""
    waiting = await store.value(f"SELECT count(*) FROM run WHERE firm_id = $1 AND {UNENDED}", by.firm_id)
    if waiting >= MOST_WAITING:
        message = f"{waiting:,} bulk updates of this firm have not ended yet. Wait for one to end, or cancel some."
        raise Refusal(ErrorCode.INVALID, message)


def _told(edit: BulkEdit) -> list[Change]:
    return [Change(switch.api_name, None, edit.action(switch)) for switch, _ in edit.wants()]


async def count(by: Viewer, edit: BulkEdit) -> int:
    """How many items it would have now."""
    [row] = await planned(by, edit).rows("SELECT count(*) AS items FROM ({plan}) i")
    items: int = row["items"]
    return items


def must_be_planned_at_once(items: int) -> None:
    """Raises INVALID."""
    if items > MOST_ITEMS:
        message = f"This would change {items:,} addresses; at most {MOST_ITEMS:,} go at once. Choose fewer accounts."
        raise Refusal(ErrorCode.INVALID, message, "accounts")


async def checked(by: Viewer, edit: BulkEdit) -> BulkEdit:
    """
    As it shall be kept: the message as letters have it, each account once, the search without NUL.

    Raises, all that is wrong: NOT_ALLOWED without the right `manageAccounts`; NOT_FOUND for an account, with its path;
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
    yield from _named_twice(edit)
    matching = edit.accounts.matching
    if matching and matching.search is not None and matching.search.strip() and not has_words(matching.search):
        message = "This search finds nothing: it has neither a letter nor a digit. Leave it out to choose all."
        yield Refusal(ErrorCode.INVALID, message, "accounts", "matching", "search")


def _named_twice(edit: BulkEdit) -> Iterator[Refusal]:
    """Of the first that is, and no more: there may be thousands."""
    named = [each.category for each in edit.preferences]
    for place, category in enumerate(named):
        if category in named[:place]:
            path = ("notificationPreferences", place, "category")
            yield Refusal(ErrorCode.INVALID, "This category stands twice in the list.", *path)
            return


async def _must_be_there(by: Viewer, ids: tuple[UUID, ...] | None) -> None:
    if ids is None:
        return
    if not 1 <= len(ids) <= MOST_IDS:
        message = f"Give 1 to {MOST_IDS:,} accounts, not {len(ids):,}. For more, choose all that match a filter."
        raise Refusal(ErrorCode.INVALID, message, "accounts", "ids")
    known = {row["id"] for row in await store.rows(_KNOWN, by.firm_id, list(ids))}
    unknown = [
        Refusal(ErrorCode.NOT_FOUND, "There is no such account.", "accounts", "ids", place)
        for place, account_id in enumerate(ids)
        if account_id not in known
    ]
    if unknown:
        raise Refusals(unknown)


_KNOWN = "SELECT id FROM account WHERE firm_id = $1 AND id = ANY($2::uuid[])"
