"""Our own letters, known again by the signed id in their header (R18)."""

from uuid import UUID

from mail.compose import LETTER
from models.ground import keys


def is_own_letter(letter_id: str | None) -> bool:
    """Only with our signature: else anybody could make their mail vanish."""
    name, _, signature = (letter_id or "").rpartition(".")
    return bool(name) and name.isascii() and keys.installation().is_signed(LETTER, name, signature)


def own_letter(letter_id: str) -> UUID | None:
    """Which one it is, where the signature is ours."""
    return UUID(letter_id.rpartition(".")[0]) if is_own_letter(letter_id) else None
