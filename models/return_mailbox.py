"""
The return mailbox of the installation: how far its reports are read, by which worker, and how that goes (R17).

One row. One worker at a time reads, under a lease on the database's clock; its number goes up with every holder, and
each write checks it, so that a holder who was thought dead writes nothing any more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise import Model, fields

from models.ground import store

SECONDS = 60
"""How long a lease lives unless it is renewed."""
SILENT_AFTER = timedelta(minutes=10)
"""Without a look that went well: then nobody reads it, whatever it said last."""


class LeaseLost(Exception):
    """Another worker reads it by now. Nothing was written."""


class ReturnMailbox(Model):
    """
    `place`: which mailbox, as `name@host:port/folder`; another one is read from its beginning. `watermark`: all below
    this UID is read. `stumbles`: how often reading has stopped there. `read_at`: the last look that went well.
    """

    id = fields.IntField(primary_key=True)
    place = fields.CharField(1000)
    uidvalidity = fields.BigIntField(default=0, db_default=0)
    watermark = fields.BigIntField(default=1, db_default=1)
    stumbles = fields.IntField(default=0, db_default=0)
    lease_owner = fields.CharField(120, null=True)
    lease_token = fields.BigIntField(default=0, db_default=0)
    lease_until = fields.DatetimeField(null=True)
    read_at = fields.DatetimeField(null=True)
    error = fields.CharField(500, null=True)

    class Meta:
        table = "return_mailbox"


@dataclass(frozen=True, slots=True)
class Held:
    """The right to read it."""

    token: int


@dataclass(frozen=True, slots=True)
class Mark:
    """How far it is read. `uidvalidity` 0: nothing yet."""

    uidvalidity: int
    watermark: int
    stumbles: int


async def claim(owner: str, place: str) -> Held | None:
    """None: another worker reads it."""
    token = await store.value(_CLAIM, owner, place, SECONDS)
    return Held(token) if token else None


_CLAIM = """
INSERT INTO return_mailbox AS r (id, place, lease_owner, lease_token, lease_until)
VALUES (1, $2, $1, 1, now() + make_interval(secs => $3))
ON CONFLICT (id) DO UPDATE SET lease_owner = $1, lease_token = r.lease_token + 1,
  lease_until = excluded.lease_until, place = $2,
  uidvalidity = CASE r.place WHEN $2 THEN r.uidvalidity ELSE 0 END,
  watermark = CASE r.place WHEN $2 THEN r.watermark ELSE 1 END,
  stumbles = CASE r.place WHEN $2 THEN r.stumbles ELSE 0 END,
  read_at = CASE r.place WHEN $2 THEN r.read_at END, error = CASE r.place WHEN $2 THEN r.error END
WHERE r.lease_until IS NULL OR r.lease_until < now() OR r.lease_owner = $1
RETURNING lease_token
"""


async def mark(held: Held, uidvalidity: int) -> Mark:
    """
    Where to go on. UIDs of another UIDVALIDITY say nothing (RFC 3501, 2.3.1.1): from the beginning. Renews the lease.
    Raises LeaseLost.
    """
    mailbox = await store.row(_MARK, held.token, uidvalidity, SECONDS)
    if mailbox is None:
        raise LeaseLost
    return Mark(mailbox["uidvalidity"], mailbox["watermark"], mailbox["stumbles"])


_OURS = "id = 1 AND lease_token = $1 AND lease_owner IS NOT NULL"
_RENEWED = "lease_until = now() + make_interval(secs => $3)"
_MARK = f"""
UPDATE return_mailbox SET {_RENEWED}, uidvalidity = $2,
  watermark = CASE uidvalidity WHEN $2 THEN watermark ELSE 1 END,
  stumbles = CASE uidvalidity WHEN $2 THEN stumbles ELSE 0 END
WHERE {_OURS} RETURNING uidvalidity, watermark, stumbles
"""


async def begin_anew(held: Held) -> None:
    """The numbers that were read may have been given a second time. Raises LeaseLost."""
    if not await store.execute(f"UPDATE return_mailbox SET watermark = 1, stumbles = 0 WHERE {_OURS}", held.token):
        raise LeaseLost


async def renew(held: Held) -> None:
    """For another minute. Raises LeaseLost."""
    if not await store.execute(_RENEW, held.token, SECONDS):
        raise LeaseLost


_RENEW = f"UPDATE return_mailbox SET lease_until = now() + make_interval(secs => $2) WHERE {_OURS}"


async def advance(held: Held, watermark: int) -> None:
    """All below is settled. Renews the lease. Raises LeaseLost."""
    if not await store.execute(_ADVANCE, held.token, watermark, SECONDS):
        raise LeaseLost


_ADVANCE = f"UPDATE return_mailbox SET {_RENEWED}, watermark = $2, stumbles = 0 WHERE {_OURS}"


async def stumbled(held: Held) -> None:
    """Reading has stopped at the watermark, for what lies there. Raises LeaseLost."""
    if not await store.execute(f"UPDATE return_mailbox SET stumbles = stumbles + 1 WHERE {_OURS}", held.token):
        raise LeaseLost


async def went_well(held: Held) -> None:
    """All that lies there is read. Renews the lease. Raises LeaseLost."""
    if not await store.execute(_WENT_WELL, held.token, SECONDS):
        raise LeaseLost


_WENT_WELL = f"""
UPDATE return_mailbox SET lease_until = now() + make_interval(secs => $2), read_at = now(), error = NULL WHERE {_OURS}
"""


async def failed(held: Held, why: str) -> None:
    """`why` in plain words, without the password. Nothing where it is another's by now."""
    await store.execute(f"UPDATE return_mailbox SET error = $2 WHERE {_OURS}", held.token, why[:500])


async def release(held: Held) -> None:
    """Anybody may claim it at once. Harmless where it is lost already."""
    await store.execute(f"UPDATE return_mailbox SET lease_owner = NULL, lease_until = NULL WHERE {_OURS}", held.token)


@dataclass(frozen=True, slots=True)
class ReturnState:
    """`silent_for`: since the last look that went well; None: there was none. `error`: of the last look."""

    read_at: datetime | None
    silent_for: timedelta | None
    error: str | None

    @property
    def trouble(self) -> str | None:
        """Why reports are not read, in plain words; None: they are."""
        if self.error:
            return f"The return mailbox cannot be read: {self.error}"
        if self.silent_for is None:
            return "The return mailbox has not been read yet."
        if self.silent_for > SILENT_AFTER:
            return f"The return mailbox has not been read since {self.read_at:%Y-%m-%d %H:%M} UTC: no worker reads it."
        return None


async def state() -> ReturnState:
    mailbox = await store.row("SELECT read_at, now() - read_at AS silent_for, error FROM return_mailbox")
    return ReturnState(*mailbox) if mailbox else ReturnState(None, None, None)
