"""What people ask of toggles: many at once, all or nothing; the singular is the plural with one element."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from models import firm, idempotency
from models.at_once import must_be_few
from models.email import history
from models.errors import ErrorCode, Refusal
from models.ground.checkpoint import checkpoint
from models.idempotency import Done
from models.invitation import Asked, invite, objections
from models.toggles import EVERY_CATEGORY_ON, Invite, NewToggles, Toggles, TogglesWish, Wanted, ensure, lock, switch
from models.toggles.wishing import locked_as_wished, must_be_none, placed, why_not_on, why_not_preferred
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
    done = await idempotency.once(by, key, verb="set toggles", wish=wishes, do=partial(_set, by, wishes))
    checkpoint("after the commit of switches")
    return done


async def _set(by: Actor, wishes: Sequence[TogglesWish]) -> tuple[UUID, ...]:
    await firm.one_at_a_time(by.firm_id)  # nobody is unlinked, archived or invited between the look and the change
    if any(wish.email_sync for wish in wishes):
        await history.lock(by.firm_id)
    locked = await locked_as_wished(by, wishes, _why_not)
    await switch(by, [(toggles, wish.wants()) for toggles, wish in zip(locked, wishes, strict=True)])
    checkpoint("after switches were set")
    await invite(by, list(_asked(wishes)))
    checkpoint("before the commit of switches")
    return tuple(toggles.id for toggles in locked)


def _asked(wishes: Sequence[TogglesWish]) -> Iterator[Asked]:
    for index, wish in enumerate(wishes):
        if wish.invite:
            yield Asked(wish.account_id, wish.address_id, wish.invite, ("toggles", index, "invite"))


def _why_not(wish: TogglesWish, toggles: Toggles) -> Iterable[Refusal]:
    for which in wish.switched_on():
        if which not in toggles.on:
            yield from why_not_on(which, toggles, which.api_name)
    if wish.invite:
        yield from _why_not_invited(wish.invite, toggles, wish.login)


def _why_not_invited(invitation: Invite, toggles: Toggles, login: bool | None) -> Iterable[Refusal]:
    if toggles.login and not toggles.held:
        yield Refusal(ErrorCode.NOT_LINKED, "No contact of this account holds the address any more.", "invite")
    else:
        yield from objections(invitation, toggles, login=toggles.login if login is None else login)


async def start(by: Actor, account_id: UUID, contact_id: UUID, starts: Mapping[UUID, Start]) -> list[Asked]:
    """
    Gives each address of a new link its row, switches on what is wanted there and sets the preferences that are named.
    Answers whom to `invite` at the end.

    Runs inside a transaction, under `history.lock`. Raises Refusals: OWN_ADDRESS, ACCOUNT_ARCHIVED, INVITE_NEEDS_LOGIN,
    ADDRESS_SUPPRESSED, INVALID.
    """
    spots = {(account_id, address_id): start for address_id, start in starts.items()}
    made = await ensure(by, list(spots))
    acting = {spot: start for spot, start in spots.items() if start.toggles != NewToggles() or spot not in made}
    if not acting:
        return []
    locked = await lock(by, acting)
    must_be_none(
        placed(refusal, *start.path, "toggles")
        for spot, start in acting.items()
        for refusal in _not_started(start.toggles, locked[spot], contact_id)
    )
    changes = [(locked[spot], _at_first(start.toggles, locked[spot], contact_id)) for spot, start in acting.items()]
    await switch(by, changes)
    return [
        Asked(account_id, address_id, start.toggles.invite, (*start.path, "toggles", "invite"))
        for (_, address_id), start in acting.items()
        if start.toggles.invite
    ]


def _not_started(new: NewToggles, toggles: Toggles, contact_id: UUID) -> Iterable[Refusal]:
    for which in new.switched_on():
        if which not in toggles.on:  # on already: another contact of the account holds the address (R3)
            yield from why_not_on(which, toggles, which.api_name)
    before = toggles if toggles.held_without(contact_id) else replace(toggles, muted=frozenset())
    yield from why_not_preferred(new.preferences, before, "notificationPreferences")
    if new.invite:
        yield from _why_not_invited(new.invite, toggles, new.login or None)


def _at_first(new: NewToggles, toggles: Toggles, contact_id: UUID) -> Wanted:
    """All preferences are on at first (R13), whatever they were when the address was held here before."""
    return new.wants() if toggles.held_without(contact_id) else {**EVERY_CATEGORY_ON, **new.wants()}
