"""What stands for an address in the ledger: keyed hashes of what it is compared by."""

from collections.abc import Sequence

from models.compared import compared_before
from models.ground.keys import Key


def hashes(firms: Key, keys: Sequence[str], texts: Sequence[str]) -> tuple[list[bytes], list[bytes | None]]:
    """
    By the key of the firm, what stands for each address in the ledger: today; and in what the ledger met before, where
    that is another.
    """
    older = [compared_before(text) for text in texts]
    return (
        [firms.address_hash(key) for key in keys],
        [None if old == key else firms.address_hash(old) for key, old in zip(keys, older, strict=True)],
    )
