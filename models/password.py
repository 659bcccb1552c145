"""
What a password must be (NIST SP 800-63B): long enough, and not the first one that a stranger would try.

Kept by argon2id, in a small thread pool so that 45 ms of arithmetic never stop the loop.
"""

import asyncio
import re
import secrets
import unicodedata
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from models.errors import ErrorCode, Refusal
from models.text import folded

SHORTEST, LONGEST = 8, 128  # characters
COMMON = Path(__file__).parent / "common_passwords.txt"
"""Those of at least SHORTEST characters of the 20,000 most common ones, in lower case; from Django 5.2 (BSD)."""
FEWEST = 3
"""Different characters that can be seen: eight blanks, or eight times the same key, are tried at once."""
PRODUCT = "Switchboard"
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and symbols that are drawn as nothing
_AROUND = re.compile(r"[\W\d_]+$|[\W_]+")
LONGEST_TYPED = 4 * LONGEST
"""Characters that are looked at: a keyboard may type three where the normal form has one."""
_hasher = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)
_verifications = 0
_pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


def normal(password: str) -> str:
    """Unicode's NFKC form, in which it is judged and kept, since keyboards compose é in two ways (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)


def checked(password: str, *path: str | int, about: Iterable[str] = ()) -> str:
    """
    Any characters are good, in any mixture of at least three that can be seen. `about`: what everybody knows of its
    owner, as the address, the name and the firm's. Answers its normal form. Raises WEAK_PASSWORD in plain words.
    """
    password = normal(password)
    if len(password) < SHORTEST:
        raise _weak(f"This password is too short. Use at least {SHORTEST} characters; a few words are best.", *path)
    if len(password) > LONGEST:
        raise _weak(f"This password is too long. At most {LONGEST} characters fit.", *path)
    if len({char for char in password if _is_seen(char)}) < FEWEST:
        raise _weak("This password is the same key again and again, or blank. Use a few words.", *path)
    if password.casefold() in _common():
        raise _weak("This is one of the most common passwords, which anybody tries first. Choose another one.", *path)
    if _bare(password) == _bare(PRODUCT):
        raise _weak("This password is the name of this program, which anybody tries first. Choose another one.", *path)
    if _bare(password) in {_bare(word) for fact in about for word in (fact, fact.partition("@")[0])} - {""}:
        raise _weak(
            "This password is your address, your name or the firm's name. Choose one that nobody can guess.", *path
        )
    return password


def _weak(message: str, *path: str | int) -> Refusal:
    return Refusal(ErrorCode.WEAK_PASSWORD, message, *path)


def _is_seen(char: str) -> bool:
    """Blanks, control characters and fillers are not."""
    return unicodedata.category(char)[0] not in "CZ" and char not in _FILLERS


def _bare(text: str) -> str:
    """Without case, accents, spaces and points, and without the figures at its end."""
    return _AROUND.sub("", folded(text))


@cache
def _common() -> frozenset[str]:
    return frozenset(COMMON.read_text("utf-8").split("\n"))


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
