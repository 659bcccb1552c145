"""
Folders of a mailbox as the ledger knows them: where discovery stands, and what a new UIDVALIDITY does to it.

Rows of an earlier numbering keep negative `uidvalidity` until the folder has been listed anew; those found again take
over what had become of them (`models.mailbox.ledger`), the rest goes then.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from models.email import history
from models.ground import clock, store
from models.mailbox.lease import Leased, check


@dataclass(frozen=True, slots=True)
class LedgerFolder:
    """`watermark`: the ledger has all below this UID. `scanned`: the past is listed; what comes now is an arrival."""

    id: UUID
    name: str
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
    return LedgerFolder(row["id"], name, uidvalidity, row["watermark"], row["scanned_at"] is not None)


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


async def left_out(leased: Leased, names: Collection[str]) -> None:
    """Only these are synced any more: what was found elsewhere is gone. A folder that comes back is listed anew."""
    others = "SELECT id FROM mail_folder WHERE firm_id = $1 AND mailbox_id = $2 AND name <> ALL($3::text[])"
    if not await store.value(others, leased.firm_id, leased.mailbox_id, list(names)):
        return
    async with store.transaction(leased.firm_id):
        await history.lock(leased.firm_id)
        await check(leased)
        for row in await store.rows(others, leased.firm_id, leased.mailbox_id, list(names)):
            await store.execute(_SUPERSEDE, leased.firm_id, row["id"], clock.now())
            await store.execute(_RENUMBER, leased.firm_id, row["id"], 0)


async def start_over(firm_id: UUID, mailbox_id: UUID) -> None:
    """The mailbox lies elsewhere now: no number of the old place means anything. Inside a transaction."""
    query = "UPDATE mail_folder SET uidvalidity = 0 WHERE firm_id = $1 AND mailbox_id = $2"
    await store.execute(query, firm_id, mailbox_id)
