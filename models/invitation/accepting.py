"""Accepting: the one thing that uses a link up. It activates the address, for every account with Login on (R8)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from asyncpg import Record

from models import address, firm, journal, notification, password, team
from models.email import history
from models.errors import DeadLink, DeadLinkReason, ErrorCode, Refusal
from models.ground import clock, store
from models.idempotency import Done
from models.invitation.ending import end
from models.invitation.link import FOR_CLIENT, FOR_COLLEAGUE, Link, dead_link, dead_reason, followed
from models.journal import Change, JournalKind, Subject
from models.notification import NewNotification, NotificationKind
from models.session import marks
from models.session.marks import Owner
from models.session.starting import SignedIn, start_for_client
from models.toggles import Toggles, lock_where
from models.viewer import Asker, Client, System, Viewer


@dataclass(frozen=True, slots=True)
class Accepted:
    """Whoever accepted, signed in. `done`: without ids, only the position in the journal."""

    signed_in: SignedIn[Asker]
    done: Done


async def accept(token: str, secret: str, *, days: int, device: str | None = None) -> Accepted:
    """
    Once, however many try at the same time. `days`: how long the session lasts that this begins.

    Raises NOT_FOUND where there never was such a link, DEAD_LINK, WEAK_PASSWORD (which leaves the link as it is).
    """
    link = await followed(token)
    if link is None:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such link. Copy it from the letter as a whole.", "token")
    if link.dead is not None:
        raise _dead(link, link.dead)
    about = (link.address, link.member_name or "", link.firm_name)
    hashed = await password.hashed(password.checked(secret, "password", about=about))
    async with store.transaction(link.firm_id) as tx:
        await firm.one_at_a_time(link.firm_id)
        if link.address_id is None:
            signed_in: SignedIn[Asker] = await _join(link, hashed, days, device)
        else:
            signed_in = await _activate(link, link.address_id, hashed, days, device)
    owner = Owner(link.firm_id, signed_in.viewer.person_id, hashed)
    marked = replace(signed_in, mark=marks.mark(address.compared(link.address), owner))
    return Accepted(marked, Done((), tx.cursor))


def _dead(link: Link, reason: DeadLinkReason) -> DeadLink:
    return dead_link(reason, "token", anew=FOR_COLLEAGUE if link.member_id else FOR_CLIENT)


async def _join(link: Link, hashed: str, days: int, device: str | None) -> SignedIn[Viewer]:
    await history.lock(link.firm_id)
    invitation = await _used_up(link)
    return await team.join(invitation, hashed, days=days, device=device)


async def _used_up(link: Link) -> Record:
    """Ends the invitation as USED, and answers its row. Raises DEAD_LINK where somebody was quicker."""
    invitation = await store.row(_STILL, link.firm_id, link.invitation_id)
    assert invitation is not None, "invitations are kept"
    if (reason := dead_reason(invitation)) is not None:
        raise _dead(link, reason)
    await end(System(link.firm_id), [link.invitation_id], DeadLinkReason.USED)
    return invitation


async def _activate(link: Link, address_id: UUID, hashed: str, days: int, device: str | None) -> SignedIn[Client]:
    system = System(link.firm_id)
    switches = await lock_where(system, "t.address_id = $2", address_id)
    await _used_up(link)
    user_id = await address.activate(system, address_id, at=clock.now(), password_hash=hashed)
    signed_in = await start_for_client(
        firm_id=link.firm_id, user_id=user_id, address_id=address_id, days=days, device=device
    )
    await _tell(replace(signed_in.viewer, by_link=True), link, [toggles for toggles in switches if toggles.enters])
    _show(system, link, [toggles for toggles in switches if not toggles.enters])
    return signed_in


_STILL = """
SELECT i.firm_id, i.member_id, i.expires_at, CASE WHEN i.ended_at IS NULL AND EXISTS (
    SELECT 1 FROM portal_user p WHERE p.firm_id = i.firm_id AND p.address_id = i.address_id
  ) THEN 'USED' ELSE i.end_reason END AS end_reason
FROM invitation i WHERE i.firm_id = $1 AND i.id = $2 FOR UPDATE OF i
"""


async def _tell(client: Client, link: Link, entering: Sequence[Toggles]) -> None:
    """The journal, with it the feeds, and the team's Inbox+."""
    journal.record(
        JournalKind.INVITATION_ACCEPTED,
        by=client,
        subject=(Subject.INVITATION, link.invitation_id),
        accounts=[toggles.account_id for toggles in entering],
        touched=[toggles.id for toggles in entering],
        changes=[Change("state", "SENT", "ACCEPTED"), Change("loginState", "PENDING", "ACTIVE")],
    )
    about, names = entering[0].id, [toggles.account_name for toggles in entering]
    new = NewNotification(
        *(NotificationKind.INVITATION_ACCEPTED, about, about),
        lambda words: words.invitation_accepted(link.address, names),
        accounts=tuple(toggles.account_id for toggles in entering),
    )
    await notification.raise_for_team(client, [new])


def _show(by: System, link: Link, without_access: Sequence[Toggles]) -> None:
    """Tells the feeds that the address is activated on the screens of its other accounts, too."""
    if without_access:
        journal.record(
            journal.FeedKind.INVITATION_MOVED,
            by=by,
            subject=(Subject.INVITATION, link.invitation_id),
            accounts=[toggles.account_id for toggles in without_access],
            touched=[toggles.id for toggles in without_access],
        )
