"""Changes the installation's key, to be killed in it."""

from models import installation
from models.ground import keys


async def change_key(how: str, old: bytes, new: bytes) -> None:
    keys.use(new)
    if how == "replaced":
        await installation.replace_key()
    else:
        await installation.rotate_key(old, leaked=how == "leaked")
