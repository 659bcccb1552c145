"""A message that we have put into a folder ourselves, where the server told its number (RFC 4315)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from models.ground import clock, store
from models.mailbox.lease import Leased


@dataclass(frozen=True, slots=True)
class Put:
    """`size` in bytes. `received_at`: as the server was told."""

    folder: str
    uidvalidity: int
    uid: int
    email_id: UUID
    message_id: str
    size: int
    received_at: datetime


async def note(leased: Leased, put: Put) -> None:
    """
    Enters it into the ledger as STORED, unless the folder is not read, not listed yet or numbered anew: then it is
    found there. The watermark passes it if it is next. Inside a transaction, under `history.lock`, after `check`.
    """
    args = (put.uid, uuid7(), put.size, put.received_at, put.message_id, put.email_id, clock.now())
    await store.execute(_NOTE, leased.firm_id, leased.mailbox_id, put.folder, put.uidvalidity, *args)


_NOTE = """
WITH folder AS MATERIALIZED (
  SELECT id FROM mail_folder WHERE firm_id = $1 AND mailbox_id = $2 AND name = $3 AND uidvalidity = $4 AND synced
    AND scanned_at IS NOT NULL
), noted AS (
  INSERT INTO occurrence (id, firm_id, mailbox_id, folder_id, uidvalidity, uid, size, received_at, message_id, hashes,
    state, arrival, attempts, email_id, found_at)
  SELECT $6, $1, $2, f.id, $4, $5, $7, $8, $9, '{}', 'STORED', true, 0, $10, $11 FROM folder f
  ON CONFLICT (firm_id, folder_id, uidvalidity, uid) DO NOTHING RETURNING folder_id
)
UPDATE mail_folder f SET on_server = on_server + 1, watermark = CASE WHEN watermark = $5 THEN $5 + 1 ELSE watermark END
FROM noted n WHERE f.firm_id = $1 AND f.id = n.folder_id
"""
