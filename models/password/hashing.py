"""Passwords: argon2id, in a small thread pool so that 45 ms of arithmetic never stop the loop."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from models.password.rules import LONGEST, normal

LONGEST_TYPED = 4 * LONGEST
"""Characters that are looked at: a keyboard may type three where the normal form has one."""
_hasher = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)
_verifications = 0
_pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


async def hashed(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_pool, _hasher.hash, _bytes(password))


async def matches(password: str, stored: str | None) -> bool:
    """One verification, also where nothing is stored, so that an unknown address takes as long as a known one."""
    global _verifications
    _verifications += 1
    right = await asyncio.get_running_loop().run_in_executor(_pool, _verify, password, stored or _nobodys())
    return right and stored is not None


def verifications() -> int:
    """How many there have been in this process."""
    return _verifications


def _verify(password: str, stored: str) -> bool:
    try:
        return _hasher.verify(stored, _bytes(password[:LONGEST_TYPED]))
    except (VerificationError, InvalidHashError):
        return False


def _bytes(password: str) -> bytes:
    """Any characters are good, half a surrogate pair too."""
    return normal(password).encode(errors="surrogatepass")


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_urlsafe(24))
