"""
One worker at a time per mailbox. The lease runs on the database's clock, and its token goes up with every holder: each
writing transaction checks it first, so that a holder who was thought dead writes nothing any more (fencing).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from models.ground import clock, store
from models.mailbox.server import MailSecurity, MailServer
from models.submission.copy_due import IS_DUE as COPY_IS_DUE

SECONDS = 60
"""How long a lease lives unless it is renewed."""

POISON = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.exceptions.ProgramLimitExceededError,
    ValueError,  # asyncpg's own DataError is one; and what Python itself cannot encode
    OverflowError,
)
"""What a single message can do to a transaction. Anything else is trouble with the database, and mends itself."""


class LeaseLost(Exception):
    """Another worker has the mailbox by now, or somebody has changed it: claim it anew. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Leased:
    """
    `version` goes up when somebody mends, changes or pauses the mailbox: connect anew then. `signed_in_before`: at
    least once. `asks`, `parser_version`: models/mailbox/reading_again.py. What it signs in with:
    models/mailbox/credentials.py. `unsent`: as it was claimed, something written here had no outcome yet. `reads_in`:
    seconds until it is to be read, None: not until somebody says so; then it is held for the sake of what is to be sent
    from it.
    """

    firm_id: UUID
    mailbox_id: UUID
    token: int
    version: int
    server: MailServer
    smtp: MailServer
    username: str
    sent_folder: str | None
    folders_left_out: tuple[str, ...]
    signed_in_before: bool
    asks: int
    parser_version: int
    unsent: bool
    reads_in: float | None = 0.0

    @property
    def ours(self) -> tuple[UUID, UUID, int]:
        """The arguments of OURS."""
        return self.firm_id, self.mailbox_id, self.token

    @property
    def unchanged(self) -> tuple[UUID, UUID, int, int]:
        """The arguments of UNCHANGED."""
        return *self.ours, self.version

    def __repr__(self) -> str:
        return f"<Leased {self.mailbox_id} token {self.token}>"


@dataclass(frozen=True, slots=True)
class Stir:
    """
    `version`, `asks`: as the mailbox stands now. `pending`: the ledger has messages to fetch; `sends`: something is to
    be sent; `copies`: of what was sent, some are to be looked for.
    """

    version: int
    asks: int
    pending: bool
    sends: bool
    copies: bool


async def claim(owner: str, *, most: int, held: Collection[UUID] | None = None) -> list[Leased]:
    """
    Up to `most` mailboxes that nobody holds and that are due; those longest without a holder first. Where something is
    to be sent, also one that is paused, waits for a person or for its next try: then it is not read. With `held`, also
    what the owner once leased and does not hold any more: it could not give it back while the database was away.
    """
    mailboxes = await store.rows(_CLAIM, owner, most, SECONDS, None if held is None else list(held))
    return [_leased(mailbox) for mailbox in mailboxes]


async def claim_one(owner: str, mailbox_id: UUID) -> Leased | None:
    """This mailbox, also before it is due; None where somebody holds it, it is paused or waits for a person."""
    mailbox = await store.row(_CLAIM_ONE, owner, mailbox_id, SECONDS)
    return _leased(mailbox) if mailbox else None


OURS = "firm_id = $1 AND id = $2 AND lease_token = $3"
"""Which mailbox, if nobody else has claimed it since."""
UNCHANGED = f"{OURS} AND version = $4"
"""And nobody has changed it since."""
_IS_WANTED = "state NOT IN ('PAUSED', 'NEEDS_ATTENTION')"
_IS_FREE = "(lease_until IS NULL OR lease_until < now())"
_TAKE = """
UPDATE mailbox b SET lease_owner = $1, lease_token = b.lease_token + 1, lease_until = now() + make_interval(secs => $3)
"""
MAY_SEND = "(b.smtp_retry_at IS NULL OR b.smtp_retry_at <= now())"
IS_TO_BE_SENT = "s.settled_at IS NULL AND s.due_at <= now()"
# so that whoever holds one with nothing to send need not ask
_UNSENT = """
EXISTS (SELECT 1 FROM submission s WHERE s.firm_id = b.firm_id AND s.mailbox_id = b.id AND s.settled_at IS NULL)
AS unsent
"""
_READS_IN = f"""
CASE WHEN b.{_IS_WANTED} THEN greatest(0, coalesce(extract(epoch FROM b.retry_at - now()), 0)) END::float8 AS reads_in
"""
# as a WITH: a sub-select in FROM may be run again for every row, and each time takes as many more
_CLAIM = f"""
WITH due AS (
  SELECT id FROM mailbox b
  WHERE (({_IS_WANTED} AND (retry_at IS NULL OR retry_at <= now())) OR (disconnected_at IS NULL AND {MAY_SEND}
      AND id IN (SELECT s.mailbox_id FROM submission s WHERE {IS_TO_BE_SENT})))
    AND ({_IS_FREE} OR (lease_owner = $1 AND id <> ALL($4::uuid[])))
  ORDER BY lease_until NULLS FIRST, id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
)
{_TAKE} FROM due WHERE b.id = due.id RETURNING b.*, {_UNSENT}, {_READS_IN}
"""
_CLAIM_ONE = f"{_TAKE} WHERE id = $2 AND {_IS_WANTED} AND {_IS_FREE} RETURNING b.*, {_UNSENT}"


def _leased(mailbox: Any) -> Leased:
    return Leased(
        firm_id=mailbox["firm_id"],
        mailbox_id=mailbox["id"],
        token=mailbox["lease_token"],
        version=mailbox["version"],
        server=MailServer(mailbox["imap_host"], mailbox["imap_port"], MailSecurity(mailbox["imap_security"])),
        smtp=MailServer(mailbox["smtp_host"], mailbox["smtp_port"], MailSecurity(mailbox["smtp_security"])),
        username=mailbox["username"],
        sent_folder=mailbox["sent_folder"],
        folders_left_out=tuple(mailbox["folders_left_out"]),
        signed_in_before=mailbox["signed_in_at"] is not None,
        asks=mailbox["asks"],
        parser_version=mailbox["parser_version"],
        unsent=mailbox["unsent"],
        reads_in=mailbox.get("reads_in", 0.0),
    )


async def renew(held: Iterable[Leased]) -> set[UUID]:
    """
    Keeps the leases for another minute, and answers those that are still ours. One by one: a statement that locks
    several mailboxes could meet another that locks them in another order.
    """
    return {leased.mailbox_id for leased in held if await store.execute(_RENEW, *leased.ours, SECONDS)}


_RENEW = f"""
UPDATE mailbox SET lease_until = now() + make_interval(secs => $4) WHERE {OURS} AND lease_owner IS NOT NULL
"""


async def stirring(held: Iterable[Leased]) -> dict[UUID, Stir]:
    """How the mailboxes that are still ours stand: cheap enough to ask every second. Folders that rest do not count."""
    tokens = {leased.mailbox_id: leased.token for leased in held}
    mailboxes = await store.rows(_STIRRING, list(tokens), list(tokens.values()), clock.now())
    return {mailbox["id"]: Stir(*(mailbox[name] for name in _STIRS)) for mailbox in mailboxes}


_STIRS = ("version", "asks", "pending", "sends", "copies")
_STIRRING = f"""
SELECT b.id, b.version, b.asks, EXISTS (
  SELECT 1 FROM occurrence o WHERE o.firm_id = b.firm_id AND o.mailbox_id = b.id AND o.state = 'PENDING'
  AND o.gone_at IS NULL AND o.attempts = 0 AND o.folder_id <> ALL(ARRAY(
    SELECT f.id FROM mail_folder f WHERE f.firm_id = b.firm_id AND f.mailbox_id = b.id AND f.rest_until > $3))
) AS pending, {MAY_SEND} AND EXISTS (
  SELECT 1 FROM submission s WHERE s.firm_id = b.firm_id AND s.mailbox_id = b.id AND {IS_TO_BE_SENT}
) AS sends, EXISTS (
  SELECT 1 FROM submission s WHERE s.firm_id = b.firm_id AND s.mailbox_id = b.id AND {COPY_IS_DUE}
) AS copies
FROM mailbox b JOIN unnest($1::uuid[], $2::bigint[]) AS held(id, token) ON b.id = held.id AND b.lease_token = held.token
"""


async def release(leased: Leased) -> None:
    """Gives the mailbox back: anybody may claim it at once. Does nothing where it is lost already."""
    await store.execute(_RELEASE, *leased.ours)


_RELEASE = f"UPDATE mailbox SET lease_owner = NULL, lease_until = NULL WHERE {OURS}"


async def check(leased: Leased) -> None:
    """Comes first in every writing transaction of the holder, or right after `history.lock`. Raises LeaseLost."""
    if await store.value(_CHECK, *leased.unchanged) is None:
        raise LeaseLost


_CHECK = f"SELECT id FROM mailbox WHERE {UNCHANGED} FOR NO KEY UPDATE"
