"""Signing in and out. Sessions are opaque tokens, stored hashed, revocable at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic
from uuid import UUID

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from tortoise import Model, fields
from typing_extensions import TypeVar
from uuid_utils.compat import uuid7

from models import address, api_token, clock, keys, password, store
from models.errors import ErrorCode, RateLimited, Refusal
from models.toggles.table import MAY_ENTER
from models.viewer import Asker, Client, TeamRole, Viewer

PER_ADDRESS = RateLimitItemPerMinute(10, 15)  # attempts in 15 minutes
PER_CALLER = RateLimitItemPerMinute(100, 15)
_limiter = MovingWindowRateLimiter(MemoryStorage())


class Session(Model):
    """A colleague's (`member_id`) or a client's (`user_id`, in one account at a time: `account_id`)."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    member_id = fields.UUIDField(null=True)
    user_id = fields.UUIDField(null=True)
    account_id = fields.UUIDField(null=True)
    notice_dismissed = fields.BooleanField(default=False, db_default=False)
    device = fields.CharField(200, null=True)
    token_hash = fields.BinaryField()
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField()

    class Meta:
        table = "session"
        unique_together = (("firm_id", "id"), ("token_hash",))


A = TypeVar("A", bound=Asker, default=Viewer)


@dataclass(frozen=True, slots=True)
class SignedIn(Generic[A]):
    """`token` is told this once; it must not be logged."""

    viewer: A
    token: str

    def __repr__(self) -> str:
        return f"SignedIn({self.viewer!r})"


async def sign_in(
    *, email: str, secret: str, firm: str | None = None, host: str = "", caller: str = "", days: int = 30
) -> SignedIn:
    """
    `firm`: its slug; absent, the first part of `host` may name it, or the address is known to one firm only.

    An unknown address and a wrong password answer the same, after exactly one verification. `caller` is the network
    address that attempts are counted by. Raises WRONG_CREDENTIALS, RATE_LIMITED.
    """
    key = address.compared(email[:320].encode(errors="replace").decode())  # no database takes half a surrogate pair
    await _count_attempt(key, caller)
    member = await _member(key, firm, host)
    if not await password.matches(secret, member["password_hash"] if member else None) or member is None:
        raise Refusal(
            ErrorCode.WRONG_CREDENTIALS,
            "The e-mail address or the password is wrong. If several firms know your address, name the firm as well.",
        )
    return await _start(member, days)


async def _count_attempt(key: str, caller: str) -> None:
    for item, who in ((PER_ADDRESS, f"address {key}"), (PER_CALLER, f"caller {caller}")):
        if not await _limiter.hit(item, who):
            again_at = datetime.fromtimestamp((await _limiter.get_window_stats(item, who)).reset_time, UTC)
            raise RateLimited("Too many attempts to sign in. Wait a little, then try again.", retry_at=again_at)


async def forget_attempts() -> None:
    """Starts counting attempts anew, as a restart does."""
    await _limiter.storage.reset()


async def _member(key: str, firm: str | None, host: str) -> Any:
    found = await store.rows(_MEMBERS, key)
    slug = (firm or host.split(".")[0]).lower()
    named = [row for row in found if row["slug"] == slug]
    if named or firm:
        return named[0] if named else None
    return found[0] if len(found) == 1 else None


_MEMBERS = """
SELECT m.id, m.firm_id, m.password_hash, m.role, m.manage_accounts, f.slug
FROM team_member m JOIN firm f ON f.id = m.firm_id WHERE m.email_key = $1 AND m.state = 'ACTIVE' LIMIT 50
"""


async def _start(member: Any, days: int) -> SignedIn:
    token, session_id, now = keys.new_token(), uuid7(), clock.now()
    await Session.create(
        id=session_id,
        firm_id=member["firm_id"],
        member_id=member["id"],
        token_hash=keys.token_hash(token),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    rights = TeamRole(member["role"]), member["manage_accounts"]
    return SignedIn(Viewer(member["firm_id"], member["id"], session_id, *rights), token)


def _asker(row: Any) -> Asker:
    if row["user_id"]:
        return Client(row["firm_id"], row["user_id"], row["address_id"], row["session_id"], row["account_id"])
    rights = TeamRole(row["role"]), row["manage_accounts"]
    return Viewer(row["firm_id"], row["member_id"], row["session_id"], *rights)


async def viewer_of(token: str) -> Asker | None:
    """Who a token stands for; None: nobody (any more). Asked anew for every operation."""
    if token.startswith(api_token.PREFIX):
        return await api_token.viewer_of(token)
    row = await store.row(f"{_ASKER} AND s.token_hash = $1 AND s.expires_at > $2", keys.token_hash(token), clock.now())
    return _asker(row) if row else None


async def still(viewer: Asker) -> Asker | None:
    """The same session as it is now, with the rights of now; None where it has ended."""
    return (await still_all([viewer])).get(viewer)


async def still_all(viewers: Sequence[Asker]) -> dict[Asker, Asker]:
    """
    Those whose sessions and API tokens have not ended, with the rights and the account of now. Asked anew for every
    delivery.
    """
    ids = [viewer.session_id for viewer in viewers if viewer.scopes is None]
    found = await store.rows(f"{_ASKER} AND s.id = ANY($1::uuid[]) AND s.expires_at > $2", ids, clock.now())
    now = {row["session_id"]: _asker(row) for row in found}
    for viewer in viewers:
        if (
            isinstance(viewer, Viewer)
            and viewer.scopes is not None
            and (token := await api_token.still(viewer)) is not None
        ):
            now[viewer.session_id] = token
    return {viewer: now[viewer.session_id] for viewer in viewers if viewer.session_id in now}


_ASKER = f"""
SELECT s.id AS session_id, s.firm_id, s.member_id, m.role, m.manage_accounts, s.user_id, p.address_id,
  CASE WHEN {MAY_ENTER.format(and_also=" AND a.id = s.account_id")} THEN s.account_id END AS account_id
FROM session s
LEFT JOIN team_member m ON m.firm_id = s.firm_id AND m.id = s.member_id AND m.state = 'ACTIVE'
LEFT JOIN portal_user p ON p.firm_id = s.firm_id AND p.id = s.user_id
WHERE (m.id IS NOT NULL OR {MAY_ENTER.format(and_also="")})"""
"""A client who may enter no account any more has no session either (R47)."""


async def sign_out(viewer: Asker, *, everywhere: bool = False) -> list[UUID]:
    """Ends this session, or all of the person's; answers which."""
    found = await store.rows(
        "DELETE FROM session WHERE firm_id = $1 AND $2 IN (member_id, user_id) AND ($3 OR id = $4) RETURNING id",
        viewer.firm_id,
        viewer.person_id,
        everywhere,
        viewer.session_id,
    )
    return [row["id"] for row in found]
