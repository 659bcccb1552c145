"""
New keys for firms whose old ones leaked or were lost: one firm after the other, each all or nothing.

Whoever is killed goes on at the next start, and two at once do no harm.
"""

from uuid import UUID

from models import firm, firm_key
from models.email import history
from models.ground import keys, store
from models.ground.checkpoint import checkpoint
from models.ground.keys import Key, WrongKey
from models.mailbox import folders

SEALED = (
    ("mailbox", "secret", "password"),
    ("mailbox", "secret", "oauth"),
    ("mailbox", "access_token", "access token"),
    ("team_member", "totp_secret", "totp"),
    ("letter", "sealed", "sealed"),
)
"""What is sealed by a firm's key: the table, the column, and what stands beside firm and row in its place."""
AT_ONCE = 10_000  # rows in one statement


async def renew() -> None:
    """Where nothing is left to do it is two statements."""
    for (firm_id,) in await store.rows("SELECT firm_id FROM firm_key WHERE stale ORDER BY firm_id"):
        await _renew(firm_id)
        checkpoint("after a firm got a new key")
    await store.execute(_FORGET_BEFORE)
    keys.open_secret(keys.installation())


_FORGET_BEFORE = """
UPDATE installation SET secret_before = NULL
WHERE secret_before IS NOT NULL AND NOT EXISTS (SELECT 1 FROM firm_key WHERE stale)
"""


async def _renew(firm_id: UUID) -> None:
    """
    What the old key has sealed is sealed by the new one. Links die. The addresses get new hashes, and the ledger
    forgets those that it has: it reads the headers anew, and stores and tells nothing a second time.
    """
    async with store.transaction(firm_id):
        await firm.one_at_a_time(firm_id)
        await history.lock(firm_id)
        sealed = await store.value("SELECT sealed FROM firm_key WHERE firm_id = $1 AND stale FOR UPDATE", firm_id)
        if sealed is None:  # another process has done it
            return
        new = Key.new()
        for place in SEALED:
            await _seal_anew(firm_id, *place, old=firm_key.opened(firm_id, sealed), new=new)
        await _hash_anew(firm_id, new)
        await folders.list_anew(firm_id)
        renewed = "UPDATE firm_key SET sealed = $2, stale = false WHERE firm_id = $1"
        await store.execute(renewed, firm_id, firm_key.sealed(firm_id, new))
        checkpoint("before the commit of a firm's new key")


async def _seal_anew(firm_id: UUID, table: str, column: str, purpose: str, *, old: Key, new: Key) -> None:
    """What cannot be opened even now stays as it is, and is asked for where it is missed."""
    query = f"SELECT id, {column} AS sealed FROM {table} WHERE firm_id = $1 AND {column} IS NOT NULL ORDER BY id"
    texts: dict[UUID, str] = {}
    for record in await store.rows(query, firm_id):
        try:
            texts[record["id"]] = old.unseal(record["sealed"], firm_id, record["id"], purpose)
        except WrongKey:
            continue
    update = f"""UPDATE {table} t SET {column} = n.sealed FROM unnest($2::uuid[], $3::bytea[]) AS n(id, sealed)
      WHERE t.firm_id = $1 AND t.id = n.id"""
    sealed = [new.seal(text, firm_id, row_id, purpose) for row_id, text in texts.items()]
    await store.execute(update, firm_id, list(texts), sealed)


async def _hash_anew(firm_id: UUID, new: Key) -> None:
    query = "SELECT id, key FROM email_address WHERE firm_id = $1 ORDER BY id"
    rows = await store.rows(query, firm_id)
    for first in range(0, len(rows), AT_ONCE):
        some = rows[first : first + AT_ONCE]
        hashes = [new.address_hash(address["key"]) for address in some]
        await store.execute(_HASH_ANEW, firm_id, [address["id"] for address in some], hashes)


_HASH_ANEW = """
UPDATE email_address e SET hash = n.hash, hash_before = NULL
FROM unnest($2::uuid[], $3::bytea[]) AS n(id, hash) WHERE e.firm_id = $1 AND e.id = n.id
"""
