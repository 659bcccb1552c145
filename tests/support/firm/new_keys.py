"""A new key of the installation, as the commands make it: of this process, and of the database that is open."""

import secrets

from models import installation
from models.ground import keys
from tests.support.database.store import KEY


async def rotated(*, leaked: bool = False) -> bytes:
    """From the key of the tests to a new one: that."""
    await installation.check_key()
    new = secrets.token_bytes(32)
    keys.use(new)
    await installation.rotate_key(KEY, leaked=leaked)
    return new


async def lost() -> installation.Replaced:
    await installation.check_key()
    keys.use(secrets.token_bytes(32))
    return await installation.replace_key()
