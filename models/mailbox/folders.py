"""
Folders of a mailbox as the ledger knows them: where discovery stands, and what a new UIDVALIDITY does to it.

Rows of an earlier numbering keep negative `uidvalidity` until the folder has been listed anew; those found again take
over what had become of them (`models.mailbox.ledger`), the rest goes then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from models.email import history
from models.ground import clock, store
from models.mailbox.lease import Leased, check
from models.mailbox.tables import FolderKind

LONGEST_NAME = 500  # characters


@dataclass(frozen=True, slots=True)
class ListedFolder:
    """As the server lists it. `why_not`: why it is not read, in plain words; None: it is."""

    name: str
    kind: FolderKind
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerFolder:
    """`watermark`: the ledger has all below this UID. `scanned`: the past is listed; what comes now is an arrival."""

    id: UUID
    name: str
    kind: FolderKind
    uidvalidity: int
    watermark: int
    scanned: bool


async def opened(leased: Leased, name: str, uidvalidity: int, *, uidnext: int) -> LedgerFolder:
    """
    The folder as the ledger knows it; begun anew where the server has given new numbers (RFC 3501, 2.3.1.1), or was set
    back to an earlier state, so that its next number is a lower one: it may have given numbers a second time.
    """
    async with store.transaction(leased.firm_id):
        await history.lock(leased.firm_id)  # else whoever switches on would lock the same rows the other way round
        await check(leased)
        at = (leased.firm_id, leased.mailbox_id, name)
        row = await store.row(_READ, *at)
        if row is None:
            await store.execute(_ADD, *at, uuid7(), uidvalidity)
        elif row["uidvalidity"] != uidvalidity or 0 < uidnext < row["watermark"]:
            await store.execute(_SUPERSEDE, leased.firm_id, row["id"], clock.now())
            await store.execute(_RENUMBER, leased.firm_id, row["id"], uidvalidity)
        row = await store.row(_READ, *at)
        assert row is not None
    kind = FolderKind(row["kind"])
    return LedgerFolder(row["id"], name, kind, uidvalidity, row["watermark"], row["scanned_at"] is not None)


_READ = "SELECT * FROM mail_folder WHERE firm_id = $1 AND mailbox_id = $2 AND name = $3"
_ADD = """
INSERT INTO mail_folder (firm_id, mailbox_id, name, id, uidvalidity, watermark, on_server)
VALUES ($1, $2, $3, $4, $5, 1, 0)
"""
_SUPERSEDE = """
UPDATE occurrence SET gone_at = coalesce(gone_at, $3), uidvalidity = (
  SELECT least(min(uidvalidity), 0) - 1 FROM occurrence WHERE firm_id = $1 AND folder_id = $2)
WHERE firm_id = $1 AND folder_id = $2 AND uidvalidity >= 0
"""
_RENUMBER = """
UPDATE mail_folder SET uidvalidity = $3, watermark = 1, on_server = 0, scanned_at = NULL WHERE firm_id = $1 AND id = $2
"""


async def scanned(leased: Leased, folder: LedgerFolder, *, on_server: int) -> None:
    """The ledger agrees with the server, who counts so many. What comes from now on is an arrival."""
    async with store.transaction(leased.firm_id):
        await check(leased)
        await store.execute(_SCANNED, leased.firm_id, folder.id, on_server, clock.now())
        if not folder.scanned:
            superseded = "DELETE FROM occurrence WHERE firm_id = $1 AND folder_id = $2 AND uidvalidity < 0"
            await store.execute(superseded, leased.firm_id, folder.id)


_SCANNED = """
UPDATE mail_folder SET on_server = $3, scanned_at = coalesce(scanned_at, $4) WHERE firm_id = $1 AND id = $2
"""


async def listed(leased: Leased, there: Sequence[ListedFolder]) -> None:
    """
    All folders that the server lists. What was found in one that is not read, or not there any more, is gone; one that
    comes back is listed anew.
    """
    place = (leased.firm_id, leased.mailbox_id)
    names, kinds = [folder.name for folder in there], [folder.kind for folder in there]
    why_not = [folder.why_not for folder in there]
    if not await store.value(_DIFFERS, *place, names, kinds, why_not):
        return
    async with store.transaction(leased.firm_id):
        await history.lock(leased.firm_id)
        await check(leased)
        await store.execute(_LIST, *place, names, kinds, why_not, [uuid7() for _ in there])
        await store.execute(_UNLIST, *place, names)
        for row in await store.rows(_LEFT, *place):
            await store.execute(_SUPERSEDE, leased.firm_id, row["id"], clock.now())
            await store.execute(_RENUMBER, leased.firm_id, row["id"], 0)


_THERE = "unnest($3::text[], $4::text[], $5::text[]) AS n(name, kind, why_not)"
_DIFFERS = f"""
SELECT EXISTS (
  SELECT 1 FROM {_THERE} FULL JOIN (
    SELECT name, kind, synced, why FROM mail_folder WHERE firm_id = $1 AND mailbox_id = $2 AND listed) f USING (name)
  WHERE n.kind IS DISTINCT FROM f.kind OR (n.why_not IS NULL) IS DISTINCT FROM f.synced
    OR (n.why_not IS NOT NULL AND n.why_not IS DISTINCT FROM f.why))
"""
_LIST = """
INSERT INTO mail_folder AS f (firm_id, mailbox_id, name, kind, synced, why, id, uidvalidity, watermark, on_server)
SELECT $1, $2, n.name, n.kind, n.why_not IS NULL, n.why_not, n.id, 0, 1, 0
FROM unnest($3::text[], $4::text[], $5::text[], $6::uuid[]) AS n(name, kind, why_not, id)
ON CONFLICT (firm_id, mailbox_id, name) DO UPDATE SET kind = excluded.kind, synced = excluded.synced, listed = true,
  why = CASE WHEN f.synced AND excluded.synced THEN f.why ELSE excluded.why END
"""
_UNLIST = """
UPDATE mail_folder SET listed = false, synced = false, why = NULL
WHERE firm_id = $1 AND mailbox_id = $2 AND listed AND name <> ALL($3::text[])
"""
_LEFT = """
SELECT id FROM mail_folder WHERE firm_id = $1 AND mailbox_id = $2 AND NOT synced AND uidvalidity <> 0
"""


async def list_anew(firm_id: UUID) -> None:
    """
    The firm has a new key: what the ledger kept of headers by the old one means nothing any more, so each header is
    read once more. What became of a message stays so, and an arrival that is still to be fetched is told as one. Inside
    a transaction, under `history.lock`.
    """
    query = "UPDATE mail_folder SET watermark = 1 WHERE firm_id = $1 RETURNING id"
    for row in await store.rows(query, firm_id):
        await store.execute(_UNREAD, firm_id, row["id"])
    await store.execute("UPDATE mailbox SET version = version + 1 WHERE firm_id = $1", firm_id)


# found again, a header that is UNREADABLE so far is taken as it then reads
_UNREAD = """
UPDATE occurrence SET state = 'SKIPPED', skip_reason = 'UNREADABLE', hashes = '{}', attempts = 0,
  arrival = arrival AND state = 'PENDING'
WHERE firm_id = $1 AND folder_id = $2 AND (state = 'PENDING' OR skip_reason = 'NOT_SWITCHED_ON')
"""


async def start_over(firm_id: UUID, mailbox_id: UUID) -> None:
    """The mailbox lies elsewhere now: no number of the old place means anything. Inside a transaction."""
    query = "UPDATE mail_folder SET uidvalidity = 0 WHERE firm_id = $1 AND mailbox_id = $2"
    await store.execute(query, firm_id, mailbox_id)
