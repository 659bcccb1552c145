"""Signing in with a password; attempts are counted by address and by caller."""

from datetime import UTC, datetime
from typing import Any

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from models import address, password, store
from models.errors import ErrorCode, RateLimited, Refusal
from models.session.starting import SignedIn, start_for_member

PER_ADDRESS = RateLimitItemPerMinute(10, 15)  # attempts in 15 minutes
PER_CALLER = RateLimitItemPerMinute(100, 15)
_limiter = MovingWindowRateLimiter(MemoryStorage())


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
    return await start_for_member(firm_id=member["firm_id"], member_id=member["id"], days=days)


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
SELECT m.id, m.firm_id, m.password_hash, f.slug
FROM team_member m JOIN firm f ON f.id = m.firm_id WHERE m.email_key = $1 AND m.state = 'ACTIVE' LIMIT 50
"""
