"""A new key of the installation after the old one was lost: what hung on it is asked for again."""

from dataclasses import dataclass

from models import firm_key
from models.ground import keys, store
from models.ground.checkpoint import checkpoint
from models.ground.keys import Key
from models.installation.beginning import check_key, sealed


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
    nothing is stored or announced twice. Killed midway, it goes on at the next start, or when it is said again: where
    the database goes by this key already, nothing is lost a second time. Raises store.NotAlone.
    """
    async with store.transaction():
        fingerprint = await store.value("SELECT key_fingerprint FROM installation FOR UPDATE")
        await store.must_be_alone()
        replaced = Replaced(0, 0) if fingerprint == keys.fingerprint() else await _begin_anew()
        checkpoint("before the commit of a replaced key")
    checkpoint("after the commit of a replaced key")
    await check_key()
    return replaced


async def _begin_anew() -> Replaced:
    query = "UPDATE installation SET key_fingerprint = $1, secret = $2, secret_before = NULL"
    await store.execute(query, keys.fingerprint(), sealed(Key.new()))
    await firm_key.lose_all()
    await store.execute("UPDATE letter SET sealed = NULL WHERE sealed IS NOT NULL")  # composed anew
    await store.execute("DELETE FROM errand")
    await store.execute("DELETE FROM recovery_code")
    second_factors = await store.rows(_SECOND_FACTORS_OFF)
    mailboxes = await store.execute(_ASK_FOR_PASSWORDS)
    return Replaced(mailboxes, sum(factor["was_on"] for factor in second_factors))


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
