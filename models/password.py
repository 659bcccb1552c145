"""Passwords: argon2id, in a small thread pool so that 45 ms of arithmetic never stop the loop."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from models.errors import ErrorCode, Refusal

SHORTEST, LONGEST = 8, 128  # characters (NIST SP 800-63B)
_hasher = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)
_pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


def checked(password: str, *path: str | int) -> str:
    """Raises INVALID where it is too short or too long; any characters are good."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refusal(ErrorCode.INVALID, f"A password has {SHORTEST} to {LONGEST} characters.", *path)
    return password


async def hashed(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_pool, _hasher.hash, _bytes(password))


async def matches(password: str, stored: str | None) -> bool:
    """One verification, also where nothing is stored, so that an unknown address takes as long as a known one."""
    right = await asyncio.get_running_loop().run_in_executor(_pool, _verify, password, stored or _nobodys())
    return right and stored is not None


def _verify(password: str, stored: str) -> bool:
    try:
        return _hasher.verify(stored, _bytes(password[: LONGEST + 1]))
    except (VerificationError, InvalidHashError):
        return False


def _bytes(password: str) -> bytes:
    """Any characters are good, half a surrogate pair too."""
    return password.encode(errors="surrogatepass")


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_urlsafe(24))
