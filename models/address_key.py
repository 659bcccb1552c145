"""What stands for an address in the ledger: keyed hashes of what it is compared by."""

from collections.abc import Sequence
from uuid import UUID

from models.compared import compared_before
from models.ground import keys


def hashes(firm_id: UUID, keys_: Sequence[str], texts: Sequence[str]) -> tuple[list[bytes], list[bytes | None]]:
    """What stands for each address in the ledger: today; and in what the ledger met before, where that is another."""
    older = [compared_before(text) for text in texts]
    return (
        [keys.address_hash(firm_id, key) for key in keys_],
        [None if old == key else keys.address_hash(firm_id, old) for key, old in zip(keys_, older, strict=True)],
    )
