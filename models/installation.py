"""What belongs to no firm: the fingerprint of the key that this database's secrets were sealed with."""

from tortoise import Model, fields

from models import keys, store


class Installation(Model):
    """One row."""

    id = fields.IntField(primary_key=True)
    key_fingerprint = fields.CharField(64)

    class Meta:
        table = "installation"


async def check_key() -> None:
    """Remembers the key at the first start. Raises keys.WrongKey where the database knows another."""
    known = await store.value(
        "INSERT INTO installation (id, key_fingerprint) VALUES (1, $1)"
        " ON CONFLICT (id) DO UPDATE SET id = 1 RETURNING key_fingerprint",
        keys.fingerprint(),
    )
    if known != keys.fingerprint():
        raise keys.WrongKey(
            "This is not the key that the database was made with. Set SWITCHBOARD_KEY, or put the old `var/key` back."
            " If the old key is lost: see “A lost key” in the README."
        )
