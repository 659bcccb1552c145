"""The rules of undo in plain Python: what becomes of each thing that a run did, by what has happened since (R30)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from models.bulk_update.item import BulkOutcome
from models.bulk_update.result import Result
from models.errors import ErrorCode
from models.notification_category import NotificationCategory
from models.toggles import Switch
from tests.support.rules.bulk.planning import Item, Muted


@dataclass(frozen=True)
class Now:
    """
    How it is there now. `covered`: the account, by an invitation that the run sent and nobody has accepted. `since`:
    what somebody has set there after the run, by the journal's names, also where it is as before again.
    """

    on: dict[Switch, bool]
    muted: Muted
    held: bool
    archived: bool
    own: bool
    activated: bool
    covered: bool
    since: frozenset[str]


def has_done(item: Item) -> bool:
    """Whether the run did anything there that can be taken back."""
    return item.one is not None and any(_is_done(which, result) for which, result in item.results.items())


def _is_done(which: Switch, result: Result) -> bool:
    return (
        result.before is not result.after
        or (which is Switch.LOGIN and result.outcome is BulkOutcome.INVITED)
        or (which is Switch.NOTIFY and result.outcome is BulkOutcome.CHANGED)
    )


def put_back(item: Item, now: Now) -> Item:
    """What its undo comes to. `off` of the answer: the categories that are off now, and afterwards."""
    done = {which: result for which, result in item.results.items() if _is_done(which, result)}
    muted, why = _muted(item, now)
    results = {which: _result(item, now, which, result) for which, result in done.items()}
    if notify := results.get(Switch.NOTIFY):
        codes = [code for code in (notify.error, *why) if code]
        if codes:  # that somebody set it is told before that the account is archived
            error = ErrorCode.CHANGED_MEANWHILE if ErrorCode.CHANGED_MEANWHILE in codes else codes[0]
            results[Switch.NOTIFY] = replace(notify, outcome=BulkOutcome.ERROR, error=error)
        elif muted != now.muted:
            results[Switch.NOTIFY] = replace(notify, outcome=BulkOutcome.CHANGED)
    return replace(item, results=results, off=(now.muted, muted))


def _result(item: Item, now: Now, which: Switch, done: Result) -> Result:
    on = now.on[which]
    if why := _why_not(item, now, which, done):
        return Result(on, on, BulkOutcome.ERROR, why)
    after = on if done.before is done.after else bool(done.before)
    takes_back = which is Switch.LOGIN and now.covered
    return Result(on, after, BulkOutcome.CHANGED if after is not on or takes_back else BulkOutcome.UNCHANGED)


def _why_not(item: Item, now: Now, which: Switch, done: Result) -> ErrorCode | None:
    turned = done.before is not done.after
    if not turned and which is not Switch.LOGIN:  # of Notify, its categories alone
        return None
    if which.api_name in now.since or (item.held and not now.held):
        return ErrorCode.CHANGED_MEANWHILE
    goes_on = turned and bool(done.before)
    if goes_on and now.archived:
        return ErrorCode.ACCOUNT_ARCHIVED
    if goes_on and which is Switch.EMAIL_SYNC and now.own:
        return ErrorCode.OWN_ADDRESS
    if which is Switch.LOGIN and not done.before and now.activated and not item.activated:
        return ErrorCode.ACTIVATED_SINCE
    return None


def _muted(item: Item, now: Now) -> tuple[Muted, list[ErrorCode]]:
    """Each category by itself; and what stands against some."""
    before, after = item.off
    muted, why = set(now.muted), list[ErrorCode]()
    for category in sorted(before ^ after):
        if code := next(_against(category, category in before, item, now), None):
            why.append(code)
        elif category in before:
            muted.add(category)
        else:
            muted.discard(category)
    return frozenset(muted), why


def _against(category: NotificationCategory, off: bool, item: Item, now: Now) -> Iterator[ErrorCode]:
    if category in now.since or (item.held and not now.held):
        yield ErrorCode.CHANGED_MEANWHILE
    if now.archived and not off:
        yield ErrorCode.ACCOUNT_ARCHIVED
