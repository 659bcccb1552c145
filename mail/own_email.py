"""What a person wrote from here, known again by the signed id in its header (R18, R21): never an OWN_LETTER."""

from uuid import UUID

from models.ground import keys

EMAIL = "email"
"""The purpose of the signature: a kind of its own, so that a letter's is none of an e-mail."""
SIGNED = "X-Switchboard-Email"


def signed(email_id: UUID) -> str:
    """What the header says; it says nothing about who or where."""
    return f"{email_id}.{keys.installation().signature(EMAIL, str(email_id))}"


def own_email(header: str | None) -> UUID | None:
    """Which stored e-mail it is, where the signature is ours; whoever has received it may copy it, so look further."""
    name, _, signature = (header or "").rpartition(".")
    return UUID(name) if name and name.isascii() and keys.installation().is_signed(EMAIL, name, signature) else None
