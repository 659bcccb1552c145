"""
Tokens of links that a letter carries. A token is HMAC(the firm's key, a row's random seed): it can be printed again in
every letter of that row, and stands nowhere in the database (R7).
"""

import secrets
from uuid import UUID

from models.ground.keys import Key

SEED = 32  # bytes


def new_seed() -> bytes:
    return secrets.token_bytes(SEED)


def token(key: Key, purpose: str, row_id: UUID, seed: bytes) -> str:
    """
    As `<id>.<signature>`, safe in a URL. `key`: of the row's firm. `purpose` keeps a link of one kind from opening
    another.
    """
    return f"{row_id.hex}.{key.signature(purpose, row_id.hex + seed.hex())}"


def row_of(token: str) -> UUID | None:
    """The row that a token names, whether or not it is right; None: it is no token."""
    digits = token.partition(".")[0]
    try:
        row_id = UUID(digits)
    except ValueError:
        return None
    return row_id if row_id.hex == digits else None


def is_token(key: Key, text: str, purpose: str, row_id: UUID, seed: bytes) -> bool:
    return key.is_signed(purpose, row_id.hex + seed.hex(), text.partition(".")[2])
