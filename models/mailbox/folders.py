"""
Folders of a mailbox as the ledger knows them: where discovery stands, and what a new UIDVALIDITY does to it.

A UID means something only beside its UIDVALIDITY, which is above 0 wherever a server gives it. Rows of a
numbering that is over are kept under one of ours (`IS_OVER`) until the folder has been listed anew: so no new UID can
be taken for theirs. Meanwhile a message that is found again takes over what had become of it (`found_again`).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from models import stored_file
from models.email import history
from models.ground import clock, store
from models.mailbox.lease import Leased, check
from models.mailbox.mailbox import FolderKind

IS_OVER = "uidvalidity < 0"
UNNUMBERED = 0
"""Instead of a UIDVALIDITY: whatever the server gives next is another numbering."""


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
        folder = await store.row(_READ, *at)
        if folder is None:
            await store.execute(_ADD, *at, uuid7(), uidvalidity)
        elif folder["uidvalidity"] != uidvalidity or 0 < uidnext < folder["watermark"]:
            await begin_anew(leased.firm_id, folder["id"], uidvalidity=uidvalidity)
        folder = await store.row(_READ, *at)
        assert folder is not None
    return read(folder)


def read(folder: Any) -> LedgerFolder:
    scanned = folder["scanned_at"] is not None
    return LedgerFolder(
        folder["id"], folder["name"], FolderKind(folder["kind"]), folder["uidvalidity"], folder["watermark"], scanned
    )


_READ = "SELECT * FROM mail_folder WHERE firm_id = $1 AND mailbox_id = $2 AND name = $3"
_ADD = """
INSERT INTO mail_folder (firm_id, mailbox_id, name, id, uidvalidity, watermark, on_server)
VALUES ($1, $2, $3, $4, $5, 1, 0)
"""


async def begin_anew(firm_id: UUID, folder_id: UUID, *, uidvalidity: int) -> None:
    """
    Its messages count as gone until they are found again. Twice in a row does no harm: each old numbering has a mark of
    its own. Inside a transaction, under `history.lock`.
    """
    await store.execute(_SUPERSEDE, firm_id, folder_id, clock.now())
    await store.execute(_RENUMBER, firm_id, folder_id, uidvalidity)


_NEXT_MARK = "(SELECT least(min(uidvalidity), 0) - 1 FROM occurrence WHERE firm_id = $1 AND folder_id = $2)"
_SUPERSEDE = f"""
UPDATE occurrence SET gone_at = coalesce(gone_at, $3), uidvalidity = {_NEXT_MARK}
WHERE firm_id = $1 AND folder_id = $2 AND NOT {IS_OVER}
"""
_RENUMBER = """
UPDATE mail_folder SET uidvalidity = $3, watermark = 1, on_server = 0, scanned_at = NULL WHERE firm_id = $1 AND id = $2
"""


async def scanned(leased: Leased, folder: LedgerFolder, *, on_server: int) -> None:
    """The ledger has as many messages as the server counts (`on_server`). What comes from now on is an arrival."""
    async with store.transaction(leased.firm_id):
        await check(leased)
        await store.execute(_SCANNED, leased.firm_id, folder.id, on_server, clock.now())
        if not folder.scanned:
            forgotten = await store.rows(_FORGET, leased.firm_id, folder.id)
            await stored_file.drop(leased.firm_id, [occurrence["raw_file"] for occurrence in forgotten])


_SCANNED = """
UPDATE mail_folder SET on_server = $3, scanned_at = coalesce(scanned_at, $4), doubts = 0 WHERE firm_id = $1 AND id = $2
"""
# of the numberings that are over; what was stored or quarantined under a Message-ID stays: it may be found elsewhere
_FORGET = f"""
DELETE FROM occurrence WHERE firm_id = $1 AND folder_id = $2 AND {IS_OVER}
  AND (state NOT IN ('STORED', 'QUARANTINED') OR message_id IS NULL)
RETURNING raw_file
"""


async def doubted(leased: Leased, folder: LedgerFolder, why: str, *, on_server: int) -> None:
    """
    The server counts `on_server` messages but lists another number. What it lists is in the ledger, and it is looked at
    again. Mail that it may only have left out for a moment is no arrival: only the third time does the past count as
    listed.
    """
    async with store.transaction(leased.firm_id):
        await check(leased)
        await store.execute(_DOUBTED, leased.firm_id, folder.id, on_server, clock.now(), why[:500], MOST_DOUBTS)


MOST_DOUBTS = 2
"""Looks in a row at which figures may disagree before people are told: mail comes and goes meanwhile."""
_DOUBTED = """
UPDATE mail_folder SET on_server = $3, doubts = doubts + 1,
  why = CASE WHEN doubts >= $6 THEN $5 END,
  scanned_at = CASE WHEN doubts >= $6 THEN coalesce(scanned_at, $4) ELSE scanned_at END
WHERE firm_id = $1 AND id = $2
"""


async def failed(leased: Leased, name: str, why: str | None) -> None:
    """
    The folder could not be looked at, or only in part, and comes last next time. `why`: in plain words, where it cannot
    even be opened or listed. From the third time on it is left alone for a while, up to 10 minutes.
    """
    async with store.transaction(leased.firm_id):
        await check(leased)
        at = (leased.firm_id, leased.mailbox_id, name, why and why[:500])
        await store.execute(_FAILED, *at, clock.now(), FIRST_REST, LONGEST_REST)


FIRST_REST, LONGEST_REST = timedelta(minutes=1), timedelta(minutes=10)
_FAILED = """
UPDATE mail_folder SET failures = failures + 1, why = coalesce($4, why),
  rest_until = CASE WHEN failures >= 2 AND $4::text IS NOT NULL
    THEN $5::timestamptz + least($7::interval, $6::interval * 2 ^ least(failures - 2, 20)) END
WHERE firm_id = $1 AND mailbox_id = $2 AND name = $3
"""


async def list_anew(firm_id: UUID) -> None:
    """
    The firm has a new key: what the ledger kept of headers by the old one means nothing any more, so each header is
    read once more. What became of a message stays so, and an arrival that is still to be fetched is told as one. Inside
    a transaction, under `history.lock`.
    """
    query = "UPDATE mail_folder SET watermark = 1 WHERE firm_id = $1 RETURNING id"
    for folder in await store.rows(query, firm_id):
        await store.execute(_UNREAD, firm_id, folder["id"])
    await store.execute("UPDATE mailbox SET version = version + 1 WHERE firm_id = $1", firm_id)


# found again, a header that is UNREADABLE so far is taken as it then reads
_UNREAD = """
UPDATE occurrence SET state = 'SKIPPED', skip_reason = 'UNREADABLE', hashes = '{}', attempts = 0,
  arrival = arrival AND state = 'PENDING'
WHERE firm_id = $1 AND folder_id = $2 AND (state = 'PENDING' OR skip_reason = 'NOT_SWITCHED_ON')
"""


async def looked_at(leased: Leased, folder: LedgerFolder, *, doubtful: bool) -> None:
    """It was looked at to the end: its failures are forgotten, and `why`, unless it is `doubtful`."""
    async with store.transaction(leased.firm_id):
        await check(leased)
        await store.execute(_LOOKED_AT, leased.firm_id, folder.id, doubtful)


_LOOKED_AT = """
UPDATE mail_folder SET failures = 0, rest_until = NULL, why = CASE WHEN $3 THEN why END WHERE firm_id = $1 AND id = $2
"""


async def start_over(firm_id: UUID, mailbox_id: UUID) -> None:
    """The mailbox is on another server now, where the old numbers mean nothing. Inside a transaction."""
    query = "UPDATE mail_folder SET uidvalidity = $3 WHERE firm_id = $1 AND mailbox_id = $2"
    await store.execute(query, firm_id, mailbox_id, UNNUMBERED)
