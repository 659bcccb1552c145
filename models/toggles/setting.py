"""
What people ask of toggles: many at once, all or nothing; the singular is the plural with one element.

Stands above `invitation`, which stands on the toggles themselves: so it is no part of their door.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from models import firm, idempotency
from models.at_once import must_be_few
from models.email import history
from models.errors import Conflict, ErrorCode, Refusal, Refusals
from models.ground.checkpoint import checkpoint
from models.idempotency import Done
from models.invitation import Asked, invite, objections
from models.journal import Subject
from models.toggles import Invite, NewToggles, Switch, Toggles, TogglesWish, ensure, lock, switch
from models.viewer import Actor, must_manage_accounts

ALL_OFF_AT_FIRST = NewToggles()


@dataclass(frozen=True, slots=True)
class Start:
    """How the switches of an address start. `path`: where in the input the address stands, its `toggles` below."""

    toggles: NewToggles = ALL_OFF_AT_FIRST
    path: tuple[str | int, ...] = ()


async def set_toggles(by: Actor, wishes: Sequence[TogglesWish], *, key: str | None = None) -> Done:
    """
    Answers the ids in the order of the wishes. What is set already changes nothing and tells nobody (R3).

    Raises Refusals with a path each: NOT_FOUND, NOT_LINKED, ACCOUNT_ARCHIVED, OWN_ADDRESS, CHANGED_MEANWHILE, INVALID,
    INVITE_NEEDS_LOGIN, ADDRESS_SUPPRESSED; RATE_LIMITED; NOT_ALLOWED without the right `manageAccounts`.
    """
    must_manage_accounts(by)
    must_be_few(wishes, "toggles", "toggles", least=1)
    done = await idempotency.once(by, key, verb="set toggles", asked=wishes, do=partial(_set, by, wishes))
    checkpoint("after the commit of switches")
    return done


async def _set(by: Actor, wishes: Sequence[TogglesWish]) -> tuple[UUID, ...]:
    await firm.one_at_a_time(by.firm_id)  # nobody is unlinked, archived or invited between the look and the change
    if any(wish.email_sync for wish in wishes):
        await history.lock(by.firm_id)
    locked = await lock(by, [(wish.account_id, wish.address_id) for wish in wishes])
    toggles = [locked.get((wish.account_id, wish.address_id)) for wish in wishes]
    _must_be_none(
        _placed(refusal, "toggles", index)
        for index, wish in enumerate(wishes)
        for refusal in _objections(wish, toggles[index])
    )
    if len(locked) != len(wishes):  # asked once all are there: ids of nothing may be alike
        raise Refusal(ErrorCode.INVALID, "An address of an account stands twice in the list.", "toggles")
    there = [each for each in toggles if each]
    await switch(by, [(each, wish.wants()) for each, wish in zip(there, wishes, strict=True)])
    checkpoint("after switches were set")
    await invite(by, list(_asked(wishes)))
    checkpoint("before the commit of switches")
    return tuple(each.id for each in there)


def _asked(wishes: Sequence[TogglesWish]) -> Iterator[Asked]:
    for index, wish in enumerate(wishes):
        if wish.invite:
            yield Asked(wish.account_id, wish.address_id, wish.invite, ("toggles", index, "invite"))


def _must_be_none(refusals: Iterable[Refusal]) -> None:
    if found := tuple(refusals):
        raise Refusals(found)


def _placed(refusal: Refusal, *path: str | int) -> Refusal:
    refusal.path = (*map(str, path), *refusal.path)
    return refusal


def _objections(wish: TogglesWish, toggles: Toggles | None) -> Iterable[Refusal]:
    if toggles is None or not toggles.shown:
        yield Refusal(ErrorCode.NOT_FOUND, "This account has no such address.")
        return
    if wish.expected_version is not None and wish.expected_version != toggles.version:
        yield Conflict("Somebody changed these switches since you looked.", subject=(Subject.TOGGLES, toggles.id))
    for which, on in wish.wants().items():
        if on and which not in toggles.on:
            yield from _why_not_on(which, toggles)
    if wish.invite:
        yield from _why_not_invited(wish.invite, toggles, wish.login)


def _why_not_invited(wanted: Invite, toggles: Toggles, login: bool | None) -> Iterable[Refusal]:
    if toggles.login and not toggles.held:
        yield Refusal(ErrorCode.NOT_LINKED, "No contact of this account holds the address any more.", "invite")
    else:
        yield from objections(wanted, toggles, login=toggles.login if login is None else login)


def _why_not_on(which: Switch, toggles: Toggles) -> Iterable[Refusal]:
    name = which.api_name
    if toggles.archived:
        yield Refusal(ErrorCode.ACCOUNT_ARCHIVED, "The account is archived. Take it back before switching on.", name)
    elif not toggles.held:
        yield Refusal(ErrorCode.NOT_LINKED, "No contact of this account holds the address any more.", name)
    elif which is Switch.EMAIL_SYNC and toggles.our_own:
        yield Refusal(ErrorCode.OWN_ADDRESS, "This is an address of the firm itself; its mail is not synced.", name)


async def start(by: Actor, account_id: UUID, starts: Mapping[UUID, Start]) -> list[Asked]:
    """
    Gives each address of a new link its row, and switches on what is wanted there. Answers whom to `invite` at the end.

    Runs inside a transaction, under `history.lock`. Raises Refusals: OWN_ADDRESS, ACCOUNT_ARCHIVED, INVITE_NEEDS_LOGIN,
    ADDRESS_SUPPRESSED, INVALID.
    """
    await ensure(by, [(account_id, address_id) for address_id in starts])
    acting = {id_: start for id_, start in starts.items() if start.toggles.wants() or start.toggles.invite}
    if not acting:
        return []
    locked = await lock(by, [(account_id, address_id) for address_id in acting])
    toggles = {address_id: locked[account_id, address_id] for address_id in acting}
    _must_be_none(
        _placed(refusal, *start.path, "toggles")
        for address_id, start in acting.items()
        for refusal in _not_started(start.toggles, toggles[address_id])
    )
    await switch(by, [(toggles[address_id], start.toggles.wants()) for address_id, start in acting.items()])
    return [
        Asked(account_id, id_, start.toggles.invite, (*start.path, "toggles", "invite"))
        for id_, start in acting.items()
        if start.toggles.invite
    ]


def _not_started(wanted: NewToggles, toggles: Toggles) -> Iterable[Refusal]:
    for which in wanted.wants():
        if which not in toggles.on:  # on already: another contact of the account holds the address (R3)
            yield from _why_not_on(which, toggles)
    if wanted.invite:
        yield from _why_not_invited(wanted.invite, toggles, wanted.login or None)
