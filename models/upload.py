"""Files that a colleague has uploaded for a mutation to name: what an e-mail carries, a list of clients to import."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO
from uuid import UUID

from tortoise import Model, fields
from uuid_utils.compat import uuid7

from models import stored_file, text
from models.errors import TooMuch
from models.ground import clock, store
from models.viewer import Viewer

KEPT_FOR = timedelta(days=1)
MOST_BYTES = 500 * 1024 * 1024
"""Of one person at a time: whoever has that many waiting uses them first."""


class Upload(Model):
    """A file, by its content, and who uploaded it."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    member_id = fields.UUIDField()
    name = fields.CharField(text.LONGEST_NAME)
    content_type = fields.CharField(255)
    size = fields.IntField()
    file = fields.CharField(100)
    uploaded_at = fields.DatetimeField()

    class Meta:
        table = "upload"
        unique_together = (("firm_id", "id"),)


@dataclass(frozen=True, slots=True)
class NewUpload:
    """`content_type` is what the program that sent it says; nobody has looked. `size` in bytes."""

    name: str
    content_type: str
    size: int


async def keep(by: Viewer, new: NewUpload, content: BinaryIO) -> UUID:
    """
    Stores it for a day, for `by` alone; of large ones only a piece at a time is in memory.

    Raises TooMuch where more than 500 MB of theirs would wait to be used, INVALID for a name that cannot be shown.
    """
    name = text.one_line(new.name, noun="The file's name")
    await _must_have_room(by, new.size)
    file = await stored_file.keep_large(by.firm_id, content)
    upload_id = uuid7()
    await store.execute(_KEEP, upload_id, by.firm_id, by.member_id, name, new.content_type, new.size, file, clock.now())
    return upload_id


_KEEP = """
INSERT INTO upload (id, firm_id, member_id, name, content_type, size, file, uploaded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


async def _must_have_room(by: Viewer, size: int) -> None:
    waiting: int = await store.value(_WAITING, by.firm_id, by.member_id, _past())
    if waiting + size > MOST_BYTES:
        words = "Of what you have uploaded since yesterday 500 MB wait to be used, and that is as many as may."
        raise TooMuch(f"{words} Each goes by itself a day after it came.")


_WAITING = """
SELECT coalesce(sum(size), 0)::bigint FROM upload WHERE firm_id = $1 AND member_id = $2 AND uploaded_at > $3
"""


async def by_ids(by: Viewer, ids: Collection[UUID]) -> dict[UUID, Upload]:
    """Those of them that are theirs, and not a day old."""
    uploads = await store.rows(_THEIRS, by.firm_id, by.member_id, list(ids), _past())
    return {upload["id"]: Upload(**upload) for upload in uploads}


_THEIRS = """
SELECT * FROM upload WHERE firm_id = $1 AND member_id = $2 AND id = ANY($3::uuid[]) AND uploaded_at > $4
"""


async def sweep(*, at_once: int) -> int:
    """Those of more than a day ago go; their files a day later, unless something else names them by then."""
    gone = 0
    while some := await _sweep_some(at_once):
        gone += some
    return gone


async def _sweep_some(at_once: int) -> int:
    async with store.transaction():
        files: dict[UUID, set[str]] = defaultdict(set)
        uploads = await store.rows(_OUTLIVED, _past(), at_once)
        for upload in uploads:
            files[upload["firm_id"]].add(upload["file"])
        for firm_id in sorted(files):
            await stored_file.drop(firm_id, files[firm_id])
    return len(uploads)


_OUTLIVED = """
DELETE FROM upload WHERE id IN (
  SELECT id FROM upload WHERE uploaded_at <= $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING firm_id, file
"""


def _past() -> object:
    return clock.now() - KEPT_FOR
