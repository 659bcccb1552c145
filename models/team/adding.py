"""How somebody comes into the team: added, or invited and joining by the link of a letter."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from models import address, firm, idempotency, journal, letter, our_own, password, session, text
from models.account_columns import AccountColumn
from models.address import TypedAddress
from models.email import history
from models.errors import DeadLinkReason, ErrorCode, Faults, Refusal
from models.ground import clock, secret_link, store
from models.idempotency import Done
from models.invitation.ending import end_of_colleague
from models.invitation.invitation import Invitation
from models.journal import JournalKind, Subject
from models.letter import LetterKind, NewLetter
from models.session.starting import SignedIn
from models.team.member import TeamMember, TeamMemberState
from models.team.ruling import must_still_rule
from models.toggles import end_email_sync
from models.viewer import Actor, TeamRole, Viewer, must_be_admin_in_person


async def add(by: Actor, *, name: str, email: str, secret: str, role: TeamRole, manage_accounts: bool = False) -> UUID:
    """
    A colleague who can sign in at once; Email sync of the address goes off (R46). Raises ALREADY_TAKEN, INVALID,
    WEAK_PASSWORD.
    """
    clean, typed = _checked(name, email)
    about = (typed.text, clean, await firm.name_of(by.firm_id))
    hashed = await password.hashed(password.checked(secret, "password", about=about))
    async with store.transaction(by.firm_id):
        if await _known(by, typed) is not None:
            raise _taken(typed)
        member_id = await _create(by, clean, typed, role, manage_accounts, hashed)
        changes = journal.changes_between({}, {"email": typed.text, "role": role})
        _record(by, JournalKind.MEMBER_CHANGED, member_id, changes)
    return member_id


async def invite(
    by: Viewer, *, name: str, email: str, role: TeamRole, manage_accounts: bool = False, key: str | None = None
) -> Done:
    """
    Writes to a new colleague, to one who has not accepted yet, or to one who was removed; what is said now counts, and
    the links of earlier letters die. Once accepted, Email sync of the address goes off (R46).

    OWNER and ADMIN, signed in themselves; only an OWNER makes an OWNER. Raises ALREADY_TAKEN, ADDRESS_INVALID, INVALID,
    NOT_ALLOWED, RATE_LIMITED.
    """
    must_be_admin_in_person(by)
    clean, typed = _checked(name, email)
    do = partial(_invite, by, clean, typed, role, manage_accounts)
    wish = {"name": clean, "email": typed.text, "role": role, "manageAccounts": manage_accounts}
    return await idempotency.once(by, key, verb="invite team member", wish=wish, do=do)


def _checked(name: str, email: str) -> tuple[str, TypedAddress]:
    faults = Faults()
    clean, typed = "", TypedAddress("", "")
    with faults:
        clean = text.one_line(name, "name")
    with faults:
        typed = address.typed(email, "email")
    faults.must_be_none()
    return clean, typed


async def _invite(
    by: Viewer, name: str, typed: TypedAddress, role: TeamRole, manage_accounts: bool
) -> tuple[UUID, ...]:
    member = await _known(by, typed)
    if await must_still_rule(by) is not TeamRole.OWNER:
        _must_be_no_owner(role, member)
    if member is None:
        member_id = await _create(by, name, typed, role, manage_accounts)
    elif member["state"] == TeamMemberState.ACTIVE:
        raise _taken(typed)
    else:
        member_id = member["id"]
        await store.execute(_INVITED_AGAIN, by.firm_id, member_id, name, typed.text, role, manage_accounts)
    facts = {"name": name, "email": typed.text, "role": role, "manageAccounts": manage_accounts}
    _record(by, JournalKind.MEMBER_INVITED, member_id, journal.changes_between({}, facts))
    await _write(by, member_id, typed, name, role)
    return (member_id,)


def _must_be_no_owner(role: TeamRole, member: Any) -> None:
    """Who is no owner makes none, nor changes an owner who has not joined yet."""
    if role is TeamRole.OWNER:
        raise Refusal(ErrorCode.NOT_ALLOWED, "Only an owner makes an owner.", "role")
    if member is not None and member["state"] == TeamMemberState.INVITED and member["role"] == TeamRole.OWNER:
        raise Refusal(ErrorCode.NOT_ALLOWED, "An owner has invited this person as an owner. Ask an owner.", "email")


_INVITED_AGAIN = """
UPDATE team_member SET state = 'INVITED', name = $3, email = $4, role = $5, manage_accounts = $6, version = version + 1
WHERE firm_id = $1 AND id = $2
"""


async def _write(by: Viewer, member_id: UUID, to: TypedAddress, name: str, role: TeamRole) -> None:
    await letter.must_have_room(by, [letter.ToBe(LetterKind.TEAM_INVITATION, to.key, ("email",))])
    await end_of_colleague(by, member_id, DeadLinkReason.SENT_AGAIN)
    days = "SELECT f.invitation_days, m.name FROM firm f JOIN team_member m ON m.firm_id = f.id AND m.id = $2"
    inviter = await store.row(f"{days} WHERE f.id = $1", by.firm_id, by.member_id)
    assert inviter is not None
    invitation_id, expires_at = await _offer(by, member_id, inviter["invitation_days"])
    facts = {"inviterName": inviter["name"], "personName": name, "role": role, "expiresAt": expires_at.isoformat()}
    new = NewLetter(LetterKind.TEAM_INVITATION, to, facts, member_id=member_id, invitation_id=invitation_id)
    await letter.write(by, [new])


async def _offer(by: Viewer, member_id: UUID, days: int) -> tuple[UUID, datetime]:
    now, invitation_id = clock.now(), uuid7()
    await Invitation.create(
        id=invitation_id,
        firm_id=by.firm_id,
        member_id=member_id,
        seed=secret_link.new_seed(),
        invited_by=by.member_id,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    return invitation_id, now + timedelta(days=days)


async def join(invitation: Any, password_hash: str, *, days: int, device: str | None = None) -> SignedIn[Viewer]:
    """
    The colleague of the invitation becomes ACTIVE with this password, and is signed in. `days`: of the session.

    Inside the transaction that uses the invitation up, under `history.lock`: Email sync of the address goes off (R46).
    Raises DEAD_LINK where the person was removed meanwhile.
    """
    firm_id, member_id = invitation["firm_id"], invitation["member_id"]
    member = await store.row(_JOIN, firm_id, member_id, password_hash)
    if member is None:
        raise Refusal(ErrorCode.DEAD_LINK, "The firm has taken this invitation back. Ask a colleague there.", "token")
    joined = await session.start_for_member(firm_id=firm_id, member_id=member_id, days=days, device=device)
    changes = [journal.Change("state", TeamMemberState.INVITED, TeamMemberState.ACTIVE)]
    by = replace(joined.viewer, by_link=True)
    _record(by, JournalKind.MEMBER_CHANGED, member_id, changes)
    await end_email_sync(by, member["email_key"], of=our_own.OurOwn.COLLEAGUE)
    return joined


_JOIN = """
UPDATE team_member SET state = 'ACTIVE', password_hash = $3, version = version + 1
WHERE firm_id = $1 AND id = $2 AND state = 'INVITED' RETURNING email_key
"""


async def _known(by: Actor, typed: TypedAddress) -> Any:
    """The member of this address, if any. Nobody else takes it, or switches its sync on, in this transaction."""
    await firm.one_at_a_time(by.firm_id)
    await history.lock(by.firm_id)
    await our_own.must_not_be_held(by, typed.key, "email")
    query = "SELECT id, state, role FROM team_member WHERE firm_id = $1 AND email_key = $2 FOR UPDATE"
    return await store.row(query, by.firm_id, typed.key)


async def _create(
    by: Actor, name: str, typed: TypedAddress, role: TeamRole, manage_accounts: bool, hashed: str | None = None
) -> UUID:
    """ACTIVE with a password, INVITED without."""
    member_id = uuid7()
    await TeamMember.create(
        id=member_id,
        firm_id=by.firm_id,
        name=name,
        email=typed.text,
        email_key=typed.key,
        password_hash=hashed,
        role=role,
        manage_accounts=manage_accounts,
        state=TeamMemberState.ACTIVE if hashed else TeamMemberState.INVITED,
        account_columns=list(AccountColumn),
        created_at=clock.now(),
    )
    if hashed:
        await end_email_sync(by, typed.key, of=our_own.OurOwn.COLLEAGUE)
    return member_id


def _taken(typed: TypedAddress) -> Refusal:
    return Refusal(ErrorCode.ALREADY_TAKEN, f"{typed.text} belongs to a colleague already.", "email")


def _record(by: Actor, kind: JournalKind, member_id: UUID, changes: list[journal.Change]) -> None:
    journal.record(kind, by=by, subject=(Subject.TEAM_MEMBER, member_id), changes=changes)
