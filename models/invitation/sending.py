"""Inviting where Login is on already: the first time, or again (R9)."""

from collections.abc import Iterator, Sequence
from functools import partial
from uuid import UUID

from models import firm, idempotency
from models.access import Spot
from models.at_once import must_be_few
from models.errors import ErrorCode, Refusal, Refusals
from models.idempotency import Done
from models.invitation.inviting import Asked, checked_message, invite, objections
from models.toggles import Invite, Toggles, lock
from models.viewer import Actor, must_manage_accounts


async def send(by: Actor, spots: Sequence[Spot], *, message: str | None = None, key: str | None = None) -> Done:
    """
    Earlier links die. Answers the ids of the toggles, in order.

    Raises Refusals with a path each: NOT_FOUND, INVITE_NEEDS_LOGIN, ALREADY_ACTIVE, ADDRESS_SUPPRESSED,
    ACCOUNT_ARCHIVED; INVALID, RATE_LIMITED; NOT_ALLOWED without the right `manageAccounts`.
    """
    must_manage_accounts(by)
    must_be_few(spots, "toggles", "toggles", least=1)
    invitation = Invite(checked_message(message, "message"), again=True)
    do = partial(_send, by, spots, invitation)
    request = {"toggles": spots, "invite": invitation}
    return await idempotency.once(by, key, verb="send invitations", wish=request, do=do)


async def _send(by: Actor, spots: Sequence[Spot], invitation: Invite) -> tuple[UUID, ...]:
    await firm.one_at_a_time(by.firm_id)
    locked = await lock(by, spots)
    refusals = [
        Refusal(objection.code, objection.message, "toggles", index)
        for index, spot in enumerate(spots)
        for objection in _objections(invitation, locked.get(spot))
    ]
    if refusals:
        raise Refusals(refusals)
    places = {spot: index for index, spot in reversed(list(enumerate(spots)))}
    await invite(by, [Asked(*spot, invitation, ("toggles", places[spot])) for spot in dict.fromkeys(spots)])
    return tuple(locked[spot].id for spot in spots)


def _objections(invitation: Invite, toggles: Toggles | None) -> Iterator[Refusal]:
    if toggles is None or not toggles.shown:
        yield Refusal(ErrorCode.NOT_FOUND, "This account has no such address.")
    elif toggles.login and toggles.activated:
        yield Refusal(ErrorCode.ALREADY_ACTIVE, "This person has activated already, and can sign in.")
    else:
        yield from objections(invitation, toggles, login=toggles.login)
