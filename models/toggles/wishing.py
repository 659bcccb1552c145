"""Why a wish, for switches or for preferences, is refused; each refusal with its place in the input."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from models.errors import Conflict, ErrorCode, Refusal, Refusals
from models.journal import Subject
from models.notification_category import NotificationCategory
from models.toggles.locking import Toggles, lock
from models.toggles.preferences import Preferences
from models.toggles.switches import PreferencesWish, Switch, TogglesWish
from models.viewer import Actor

W = TypeVar("W", TogglesWish, PreferencesWish)


async def locked_as_wished(
    by: Actor, wishes: Sequence[W], why_not: Callable[[W, Toggles], Iterable[Refusal]]
) -> list[Toggles]:
    """
    The toggles of each wish, in their order. `why_not`: refuses a wish for further reasons than those here.

    Runs inside a transaction. Raises Refusals, for all wishes: NOT_FOUND, CHANGED_MEANWHILE, what `why_not` says;
    INVALID where two are of the same toggles.
    """
    locked = await lock(by, [(wish.account_id, wish.address_id) for wish in wishes])
    in_order = [locked.get((wish.account_id, wish.address_id)) for wish in wishes]
    must_be_none(
        placed(refusal, "toggles", index)
        for index, wish in enumerate(wishes)
        for refusal in _against(wish, in_order[index], why_not)
    )
    if len(locked) != len(wishes):  # asked once all are there: ids of nothing may be alike
        raise Refusal(ErrorCode.INVALID, "An address of an account stands twice in the list.", "toggles")
    return [toggles for toggles in in_order if toggles]


def _against(wish: W, toggles: Toggles | None, why_not: Callable[[W, Toggles], Iterable[Refusal]]) -> Iterable[Refusal]:
    if toggles is None or not toggles.shown:
        yield Refusal(ErrorCode.NOT_FOUND, "This account has no such address.")
        return
    if wish.expected_version is not None and wish.expected_version != toggles.version:
        yield Conflict("Somebody changed these switches since you looked.", subject=(Subject.TOGGLES, toggles.id))
    yield from why_not(wish, toggles)


def why_not_on(which: Switch | NotificationCategory, toggles: Toggles, *path: str | int) -> Iterable[Refusal]:
    if toggles.archived:
        yield Refusal(ErrorCode.ACCOUNT_ARCHIVED, "The account is archived. Take it back before switching on.", *path)
    elif not toggles.held:
        yield Refusal(ErrorCode.NOT_LINKED, "No contact of this account holds the address any more.", *path)
    elif which is Switch.EMAIL_SYNC and toggles.our_own:
        yield Refusal(ErrorCode.OWN_ADDRESS, "This is an address of the firm itself; its mail is not synced.", *path)


def why_not_preferred(preferences: Preferences, toggles: Toggles, *path: str | int) -> Iterable[Refusal]:
    """`path`: of their list. Stops at the first category that stands twice, as there may be thousands."""
    named = set[NotificationCategory]()
    for index, preference in enumerate(preferences):
        if preference.category in named:
            yield Refusal(ErrorCode.INVALID, "This category stands twice in the list.", *path, index, "category")
            return
        named.add(preference.category)
        if preference.on and preference.category in toggles.muted:
            yield from why_not_on(preference.category, toggles, *path, index, "on")


def must_be_none(refusals: Iterable[Refusal]) -> None:
    """Raises Refusals."""
    if reasons := tuple(refusals):
        raise Refusals(reasons)


def placed(refusal: Refusal, *path: str | int) -> Refusal:
    """The refusal, with `path` before its own."""
    refusal.path = (*map(str, path), *refusal.path)
    return refusal
