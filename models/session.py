"""Signing in and out. Sessions are opaque tokens, stored hashed, revocable at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from tortoise import Model, fields
from uuid_utils.compat import uuid7

from models import address, api_token, clock, keys, password, store
from models.errors import ErrorCode, RateLimited, Refusal
from models.viewer import TeamRole, Viewer

PER_ADDRESS = RateLimitItemPerMinute(10, 15)  # attempts in 15 minutes
PER_CALLER = RateLimitItemPerMinute(100, 15)
_limiter = MovingWindowRateLimiter(MemoryStorage())


class Session(Model):
    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    member_id = fields.UUIDField()
    token_hash = fields.BinaryField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "session"
        unique_together = (("firm_id", "id"), ("token_hash",))


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`token` is told this once; it must not be logged."""

    viewer: Viewer
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
    return SignedIn(_viewer(member, session_id), token)


def _viewer(row: Any, session_id: UUID) -> Viewer:
    return Viewer(row["firm_id"], row["id"], session_id, TeamRole(row["role"]), row["manage_accounts"])


async def viewer_of(token: str) -> Viewer | None:
    """Who a token stands for; None: nobody (any more). Asked anew for every operation."""
    if token.startswith(api_token.PREFIX):
        return await api_token.viewer_of(token)
    row = await store.row(
        f"{_VIEWER} WHERE s.token_hash = $1 AND s.expires_at > $2", keys.token_hash(token), clock.now()
    )
    return _viewer(row, row["session_id"]) if row else None


async def still(viewer: Viewer) -> Viewer | None:
    """The same session as it is now, with the rights of now; None where it has ended."""
    return (await still_all([viewer])).get(viewer)


async def still_all(viewers: Sequence[Viewer]) -> dict[Viewer, Viewer]:
    """Those whose sessions and API tokens have not ended, with the rights of now. Asked anew for every delivery."""
    ids = [viewer.session_id for viewer in viewers if viewer.scopes is None]
    found = await store.rows(f"{_VIEWER} WHERE s.id = ANY($1::uuid[]) AND s.expires_at > $2", ids, clock.now())
    now = {row["session_id"]: _viewer(row, row["session_id"]) for row in found}
    for viewer in viewers:
        if viewer.scopes is not None and (token := await api_token.still(viewer)) is not None:
            now[viewer.session_id] = token
    return {viewer: now[viewer.session_id] for viewer in viewers if viewer.session_id in now}


_VIEWER = """
SELECT m.id, m.firm_id, m.role, m.manage_accounts, s.id AS session_id
FROM session s JOIN team_member m ON m.firm_id = s.firm_id AND m.id = s.member_id AND m.state = 'ACTIVE'
"""


async def sign_out(viewer: Viewer, *, everywhere: bool = False) -> list[UUID]:
    """Ends this session, or all of the person's; answers which."""
    found = await store.rows(
        "DELETE FROM session WHERE firm_id = $1 AND member_id = $2 AND ($3 OR id = $4) RETURNING id",
        viewer.firm_id,
        viewer.member_id,
        everywhere,
        viewer.session_id,
    )
    return [row["id"] for row in found]
