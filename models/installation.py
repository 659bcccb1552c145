"""What belongs to no firm: which key this database's secrets were sealed with, how its addresses are compared."""

from dataclasses import dataclass

from tortoise import Model, fields

from models.ground import keys, store

COMPARED_ANEW = 2
"""How `address.compared` makes keys; 1 was by full case folding, and `respelling.compare_anew` goes on from there."""

INDEXED_ANEW = 2
"""How `text.words` and `text.sort_key` make what is found and sorted by; `reindexing.index_anew` goes on from 1."""


class Installation(Model):
    """One row. `compared`: how the keys of all addresses were made; `indexed`: how what is found and sorted by was."""

    id = fields.IntField(primary_key=True)
    key_fingerprint = fields.CharField(64)
    compared = fields.IntField(default=1, db_default=1)
    indexed = fields.IntField(default=1, db_default=1)

    class Meta:
        table = "installation"


async def check_key() -> None:
    """Remembers the key at the first start. Raises keys.WrongKey where the database knows another."""
    known = await store.value(
        "INSERT INTO installation (id, key_fingerprint, compared, indexed) VALUES (1, $1, $2, $3)"
        " ON CONFLICT (id) DO UPDATE SET id = 1 RETURNING key_fingerprint",
        keys.fingerprint(),
        COMPARED_ANEW,
        INDEXED_ANEW,
    )
    if known != keys.fingerprint():
        raise keys.WrongKey(
            "This is not the key that the database was made with. Set SWITCHBOARD_KEY, or put the old `var/key` back."
            " If the old key is lost, `switchboard replace-key` goes on with this one."
        )


@dataclass(frozen=True, slots=True)
class Replaced:
    """How many mailboxes wait for their password, and how many colleagues have to set their second factor up anew."""

    mailboxes: int
    second_factors: int


async def replace_key() -> Replaced:
    """
    Goes on with the key of this process after the old one was lost.

    What was sealed with the old key cannot be opened any more. Second factors are off from now on, or nobody who has
    one could sign in; the password is enough until they are set up anew.

    What was asked for by a form and not done yet has to be asked for again.

    Addresses get their new hashes, and the ledger forgets what it knew by the old ones: the mailboxes are listed anew,
    nothing is stored or announced twice. All or nothing.
    """
    async with store.transaction():
        rows = await store.rows("SELECT id, firm_id, key FROM email_address")
        hashes = [keys.address_hash(row["firm_id"], row["key"]) for row in rows]
        await store.execute(_NEW_HASHES, [row["id"] for row in rows], hashes)
        await store.execute("DELETE FROM occurrence WHERE skip_reason = 'NOT_SWITCHED_ON' OR state = 'PENDING'")
        await store.execute("UPDATE mail_folder SET watermark = 1, scanned_at = NULL")
        await store.execute("UPDATE letter SET sealed = NULL WHERE sealed IS NOT NULL")  # composed anew
        await store.execute("UPDATE installation SET key_fingerprint = $1", keys.fingerprint())
        await store.execute("DELETE FROM errand")
        await store.execute("DELETE FROM recovery_code")
        second_factors = await store.rows(_SECOND_FACTORS_OFF)
        mailboxes = await store.execute(_ASK_FOR_PASSWORDS)
    return Replaced(mailboxes, sum(row["was_on"] for row in second_factors))


_NEW_HASHES = """
UPDATE email_address e SET hash = n.hash, hash_before = NULL
FROM unnest($1::uuid[], $2::bytea[]) AS n(id, hash) WHERE e.id = n.id
"""
_SECOND_FACTORS_OFF = """
WITH sealed AS (SELECT id, totp_since FROM team_member WHERE totp_secret IS NOT NULL FOR UPDATE)
UPDATE team_member m SET totp_secret = NULL, totp_since = NULL, totp_step = NULL, version = version + 1
FROM sealed WHERE m.id = sealed.id RETURNING sealed.totp_since IS NOT NULL AS was_on
"""
_ASK_FOR_PASSWORDS = """
UPDATE mailbox SET state = 'NEEDS_ATTENTION', error_code = 'MAILBOX_SECRET_REFUSED', error_path = 'secret',
  error_message = 'The key of this installation was replaced. Enter the password of the mailbox again.',
  backfill_done = 0, backfill_total = 0, version = version + 1
WHERE disconnected_at IS NULL
"""
