"""
A key for each firm, kept in the database, sealed by the installation's (R7). It opens nothing of another firm.

A process asks for a firm's key once, when it first meets the firm, and keeps it: keys change only while no other
process runs (`models.installation.rotating`).
"""

from collections.abc import Sequence
from uuid import UUID

from tortoise import Model, fields

from models.ground import keys, store
from models.ground.keys import Key

AT_ONCE = 10_000  # keys in one statement


class FirmKey(Model):
    """`stale`: it leaked or was lost, and a new one is to be made (`models.installation.renewing`)."""

    firm_id = fields.UUIDField(primary_key=True)
    sealed = fields.BinaryField()
    stale = fields.BooleanField(default=False)

    class Meta:
        table = "firm_key"


class NoFirm(LookupError):
    """There is no firm with this id."""


async def of(firm_id: UUID) -> Key:
    """One statement where this process meets the firm for the first time. Raises NoFirm, keys.WrongKey."""
    return keys.firms().get(firm_id) or await _met(firm_id)


async def _met(firm_id: UUID) -> Key:
    firm = await store.row(_OF, firm_id)
    if firm is None:
        raise NoFirm
    if firm["sealed"] is None:  # from before firms had keys
        await keep_first([firm_id])
        key = _first(firm_id, keys.before_firms_had_keys())
    else:
        key = opened(firm_id, firm["sealed"])
    return keys.firms().setdefault(firm_id, key)


_OF = "SELECT k.sealed FROM firm f LEFT JOIN firm_key k ON k.firm_id = f.id WHERE f.id = $1"


async def is_signed(firm_id: UUID, purpose: str, text: str, signature: str) -> bool:
    """
    Whether the firm signed it. False also where there is no such firm: a link's id is a stranger's word until then.
    """
    try:
        return (await of(firm_id)).is_signed(purpose, text, signature)
    except NoFirm:
        return False


async def make(firm_id: UUID) -> None:
    """Of a new firm, in the transaction that makes it. Raises keys.WrongKey where the key was replaced meanwhile."""
    key = Key.new()
    if not await store.execute(_ADD, [firm_id], [sealed(firm_id, key)], keys.fingerprint()):
        raise keys.WrongKey("The key of this installation has been changed. Start this process anew with the new one.")
    keys.firms()[firm_id] = key


# whoever slept while the key was changed would seal by one that opens nothing any more
_ADD = """
INSERT INTO firm_key (firm_id, sealed, stale) SELECT n.firm_id, n.sealed, false
FROM unnest($1::uuid[], $2::bytea[]) AS n(firm_id, sealed)
WHERE NOT EXISTS (SELECT 1 FROM installation WHERE key_fingerprint <> $3)
ON CONFLICT (firm_id) DO NOTHING
"""


async def keep_first(firm_ids: Sequence[UUID]) -> None:
    """
    Of firms that have none, from before firms had keys: what the hashes of their addresses hung on becomes the key, so
    that the ledger need not be read again. Several at once do no harm.
    """
    own = keys.before_firms_had_keys()
    for first in range(0, len(firm_ids), AT_ONCE):
        some = firm_ids[first : first + AT_ONCE]
        await store.execute(_ADD, some, [sealed(firm_id, _first(firm_id, own)) for firm_id in some], keys.fingerprint())


async def keep_all() -> None:
    """The same for each firm that has none."""
    query = "SELECT id FROM firm f WHERE NOT EXISTS (SELECT 1 FROM firm_key k WHERE k.firm_id = f.id) ORDER BY id"
    await keep_first([firm["id"] for firm in await store.rows(query)])


def _first(firm_id: UUID, own: Key) -> Key:
    return Key(own.derived(f"address:{firm_id}"), before=own)


async def lose_all() -> None:
    """Those that there are cannot be opened any more: each firm has a new one for now, that is to be made anew."""
    firm_ids = [firm["id"] for firm in await store.rows("SELECT id FROM firm ORDER BY id")]
    for first in range(0, len(firm_ids), AT_ONCE):
        some = firm_ids[first : first + AT_ONCE]
        await store.execute(_LOSE, some, [sealed(firm_id, Key.new()) for firm_id in some])


_LOSE = """
INSERT INTO firm_key (firm_id, sealed, stale) SELECT n.firm_id, n.sealed, true
FROM unnest($1::uuid[], $2::bytea[]) AS n(firm_id, sealed)
ON CONFLICT (firm_id) DO UPDATE SET sealed = excluded.sealed, stale = true
"""


def place(firm_id: UUID) -> tuple[object, ...]:
    """What it is sealed for."""
    return "firm key", firm_id


def sealed(firm_id: UUID, key: Key) -> bytes:
    return keys.master().seal_key(key, *place(firm_id))


def opened(firm_id: UUID, sealed_key: bytes) -> Key:
    """Raises keys.WrongKey."""
    return keys.master().unseal_key(sealed_key, *place(firm_id), before=keys.before_firms_had_keys())
