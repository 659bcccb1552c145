"""Starting a session for somebody who has shown who they are: by a password, or by the link of a letter."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic
from uuid import UUID

from typing_extensions import TypeVar
from uuid_utils.compat import uuid7

from models.errors import ErrorCode, Refusal
from models.ground import clock, keys, store
from models.portal.visit import visited
from models.session.lasting import unused_until
from models.session.session import Session
from models.viewer import Asker, Client, TeamRole, Viewer

DEVICE = 200  # characters of a User-Agent that are kept
A = TypeVar("A", bound=Asker, default=Viewer, covariant=True)


@dataclass(frozen=True, slots=True)
class SignedIn(Generic[A]):
    """`token`: told this once, never to be logged. `mark`: for the device to keep (models.session.marks)."""

    viewer: A
    token: str
    mark: str = ""

    def __repr__(self) -> str:
        return f"SignedIn({self.viewer!r})"


async def start_for_member(*, firm_id: UUID, member_id: UUID, days: int, device: str | None = None) -> SignedIn[Viewer]:
    """For an ACTIVE colleague. `days`: it lasts at most. `device`: a User-Agent, which tells sessions apart."""
    member = await store.row(_RIGHTS, firm_id, member_id)
    assert member is not None, "only a colleague who may sign in starts a session"
    session_id, token = await _start(firm_id, days, device, member_id=member_id)
    rights = TeamRole(member["role"]), member["manage_accounts"]
    return SignedIn(Viewer(firm_id, member_id, session_id, *rights), token)


_RIGHTS = """
SELECT role, manage_accounts FROM team_member WHERE firm_id = $1 AND id = $2 AND state = 'ACTIVE'
"""


async def start_for_client(
    *,
    firm_id: UUID,
    user_id: UUID,
    address_id: UUID,
    days: int,
    device: str | None = None,
    account_id: UUID | None = None,
) -> SignedIn[Client]:
    """
    For a client, in `account_id` if it may enter that, else in the only account it may enter, else in none (R36, R37).

    Notes when the person signed in. Raises LOGIN_OFF where it may enter no account (R47).
    """
    async with store.transaction(firm_id):
        await store.execute(_HOLD, firm_id, address_id)
        open_now = [toggles["account_id"] for toggles in await store.rows(_OPEN, firm_id, address_id)]
        if not open_now:
            raise Refusal(ErrorCode.LOGIN_OFF, "Your access is switched off. Ask the firm to switch it on.")
        only = open_now[0] if len(open_now) == 1 else None
        account = account_id if account_id in open_now else only
        session_id, token = await _start(firm_id, days, device, user_id=user_id, account_id=account)
        await store.execute(_SIGNED_IN, firm_id, user_id, clock.now())
        if account:
            await visited(firm_id, user_id, [account])
    return SignedIn(Client(firm_id, user_id, address_id, session_id, account), token)


# whoever takes access away does so before we look, or else after our commit, and then ends this session, too (R47)
_HOLD = "SELECT 1 FROM toggles WHERE firm_id = $1 AND address_id = $2 AND login ORDER BY id FOR SHARE"
_OPEN = """
SELECT t.account_id FROM toggles t JOIN account a ON a.firm_id = t.firm_id AND a.id = t.account_id
WHERE t.firm_id = $1 AND t.address_id = $2 AND t.login AND a.archived_at IS NULL
"""
_SIGNED_IN = "UPDATE portal_user SET last_sign_in_at = $3 WHERE firm_id = $1 AND id = $2"


async def _start(firm_id: UUID, days: int, device: str | None, **whose: Any) -> tuple[UUID, str]:
    token, session_id, now = keys.new_token(), uuid7(), clock.now()
    ends_at = now + timedelta(days=days)
    await Session.create(
        id=session_id,
        firm_id=firm_id,
        device="".join(filter(str.isprintable, device))[:DEVICE] if device else None,
        token_hash=keys.token_hash(token),
        created_at=now,
        last_used_at=now,
        expires_at=min(ends_at, unused_until()),
        ends_at=ends_at,
        **whose,
    )
    return session_id, token
