"""What the tests of invitations share: what stands there, and time that passes."""

from datetime import datetime, timedelta
from uuid import UUID

from models import invitation
from models.errors import DeadLinkReason
from models.ground import clock, store
from models.invitation import Invitation, InvitationState
from models.letter import Letter, LetterState
from models.toggles import LoginState
from models.viewer import Viewer
from tests.support.firm.factories import MadeAccount, toggles_of


async def queued() -> list[Letter]:
    """The letters that will leave, in order."""
    return await Letter.filter(state=LetterState.QUEUED).order_by("id")


async def state_of(by: Viewer, made: MadeAccount, address_id: UUID | None = None) -> InvitationState | None:
    """As the team sees it, on this account."""
    view = await toggles_of(by, made.id, address_id or made.address)
    assert view is not None
    found = await invitation.of_toggles(by, [view.id])
    return found[view.id].state if found else None


async def login_of(by: Viewer, made: MadeAccount) -> LoginState:
    view = await toggles_of(by, made.id, made.address)
    assert view is not None
    return view.login_state


async def last_of(made: MadeAccount) -> Invitation:
    last = await Invitation.filter(address_id=made.address).order_by("-id").first()
    assert last is not None
    return last


async def ends_of(address_id: UUID) -> list[DeadLinkReason | None]:
    """Of every invitation of an address, the oldest first."""
    return [one.end_reason for one in await Invitation.filter(address_id=address_id).order_by("id")]


async def dead(token: str) -> DeadLinkReason | None:
    link = await invitation.followed(token)
    assert link is not None
    return link.dead


async def delivered(made: MadeAccount) -> None:
    await store.execute("UPDATE invitation SET sent_at = $2 WHERE address_id = $1", made.address, clock.now())


def later(**time: int) -> datetime:
    """From now on it is so much later, and stays so."""
    instant = clock.now() + timedelta(**time)
    clock.set_source(lambda: instant)
    return instant
