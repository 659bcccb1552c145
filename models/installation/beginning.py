"""At every start: is this the key that the database was made with, and has each firm its own."""

from typing import Any

from models import firm_key
from models.ground import keys, store
from models.ground.keys import Key
from models.installation import renewing
from models.installation.installation import COMPARED_ANEW, INDEXED_ANEW


async def check_key() -> None:
    """
    Remembers the key at the first start, and makes known what it seals. After the update that gave each firm its key,
    or where a command that changed keys was killed, it does the rest. Raises keys.WrongKey where the database knows
    another key.
    """
    async with store.transaction():
        installation = await store.row(_REMEMBER, keys.fingerprint(), COMPARED_ANEW, INDEXED_ANEW, sealed(Key.new()))
        assert installation is not None
        if installation["key_fingerprint"] != keys.fingerprint():
            raise keys.WrongKey(
                "This is not the key that the database was made with. Set SWITCHBOARD_KEY, or put the old `var/key`"
                " back. Where the old key is at hand, `switchboard rotate-key` goes on with this one; where it is lost,"
                " `switchboard replace-key` does."
            )
        if installation["secret"] is None:  # from before firms had keys: all hung on the key itself, which stays good
            await store.execute("UPDATE installation SET secret = $1", sealed(keys.master()))
        open_secrets(installation, keys.master())
        await firm_key.keep_all()
    await renewing.renew()


# the row is locked: who starts meanwhile waits here
_REMEMBER = """
INSERT INTO installation (id, key_fingerprint, compared, indexed, secret) VALUES (1, $1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET id = 1 RETURNING key_fingerprint, secret, secret_before
"""


def open_secrets(installation: Any, key: Key) -> None:
    """Makes known what `key` has sealed in the row."""
    before = installation["secret_before"]
    keys.open_secret(opened(installation["secret"], key), opened(before, key) if before else None)


def sealed(secret: Key) -> bytes:
    return keys.master().seal_key(secret, "installation")


def opened(secret: bytes | None, key: Key) -> Key:
    """None: from before there was one; then it is the key itself."""
    return key.unseal_key(secret, "installation") if secret else key
