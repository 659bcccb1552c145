"""A new key of the installation, with the old one at hand: nothing is lost, and nobody is asked for anything."""

from typing import Any
from uuid import UUID

from models import firm_key
from models.errand import leaving
from models.ground import keys, store
from models.ground.checkpoint import checkpoint
from models.ground.keys import Key, WrongKey
from models.installation.beginning import check_key, open_secrets, opened, sealed


async def rotate_key(old: bytes, *, leaked: bool = False) -> None:
    """
    Goes on with the key of this process. The firms' keys and the installation's secret are sealed anew, in one
    transaction; what hangs on them stays as it is: links that are out, passwords, second factors, the ledger.

    `leaked`: somebody may have the old key. Then the secret and each firm's key are made anew, too: what they seal is
    kept, links that are out die, and the ledgers are listed anew. Killed midway, it goes on at the next start, or when
    it is said again. Said again after its end it makes new ones once more.

    Raises keys.WrongKey where the database knows neither key, or both are one; store.NotAlone.
    """
    before = Key(old)
    fingerprints = {keys.fingerprint(before), keys.fingerprint()}
    if len(fingerprints) == 1:
        raise WrongKey("The old key and the new one are the same. Make a new one: `openssl rand -hex 32`.")
    async with store.transaction():
        installation = await store.row("SELECT * FROM installation FOR UPDATE")
        if installation is None or installation["key_fingerprint"] not in fingerprints:
            raise WrongKey("The database was made with neither of these keys. Nothing was changed.")
        await store.must_be_alone()
        await _seal_anew(installation, before)
        if leaked and not await _goes_on(installation):
            await _make_anew()
        checkpoint("before the commit of a rotated key")
    checkpoint("after the commit of a rotated key")
    await check_key()


async def _goes_on(installation: Any) -> bool:
    """An earlier run with these very keys was killed: the next start, or this, does the rest."""
    stale = "SELECT EXISTS (SELECT 1 FROM firm_key WHERE stale)"
    return installation["key_fingerprint"] == keys.fingerprint() and bool(await store.value(stale))


async def _seal_anew(installation: Any, before: Key) -> None:
    """Unless that is done."""
    if installation["key_fingerprint"] == keys.fingerprint():
        open_secrets(installation, keys.master())
        return
    open_secrets(installation, before)
    secret_before = installation["secret_before"] and sealed(opened(installation["secret_before"], before))
    await store.execute(_SEALED_ANEW, keys.fingerprint(), sealed(keys.installation()), secret_before)
    rows = await store.rows("SELECT firm_id, sealed FROM firm_key ORDER BY firm_id FOR UPDATE")
    for first in range(0, len(rows), firm_key.AT_ONCE):
        some = {firm["firm_id"]: firm["sealed"] for firm in rows[first : first + firm_key.AT_ONCE]}
        anew = [_firm_key_anew(firm_id, key, before) for firm_id, key in some.items()]
        await store.execute(_FIRMS_ANEW, list(some), anew)
    await firm_key.keep_all()


_SEALED_ANEW = "UPDATE installation SET key_fingerprint = $1, secret = $2, secret_before = $3"
_FIRMS_ANEW = """
UPDATE firm_key k SET sealed = n.sealed FROM unnest($1::uuid[], $2::bytea[]) AS n(firm_id, sealed)
WHERE k.firm_id = n.firm_id
"""


def _firm_key_anew(firm_id: UUID, sealed_key: bytes, before: Key) -> bytes:
    return firm_key.sealed(firm_id, before.unseal_key(sealed_key, *firm_key.place(firm_id)))


async def _make_anew() -> None:
    """A new secret of the installation; and each firm's key is to be made anew."""
    own, new = keys.installation(), Key.new()
    query = "UPDATE installation SET secret = $1, secret_before = coalesce(secret_before, $2)"
    await store.execute(query, sealed(new), sealed(own))
    await store.execute("UPDATE firm_key SET stale = true")
    await leaving.seal_anew(own, new)
