"""
Files by their content, and which of them may go: those that no row names any more.

The store of files is never listed: an empty or half-restored database would take all of it for unnamed. Candidates are
rows of `unnamed_file`, written before a file is stored, and by the transaction that drops a name. A day later it is
asked again whether anything names it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import BinaryIO
from uuid import UUID

from tortoise import Model, fields

from models.ground import clock, store

KEPT_FOR = timedelta(days=1)
"""From storing a file to the commit of the row that names it takes seconds; and whoever has a link may still follow."""
AT_ONCE = 20  # files: they are deleted while their rows are locked
LONGEST = 20.0
"""Seconds for the store of files to delete them: else they wait for the next sweep."""
NAMED_BY = (
    ("email", "raw_file"),
    ("attachment", "file"),
    ("occurrence", "raw_file"),
    ("upload", "file"),
    ("document", "file"),
    ("submission", "file"),
)
"""Tables and columns that name files; each has an index that begins with the firm."""


class UnnamedFile(Model):
    """A file that nothing may name, or name any more. `since`: stored, or dropped, then."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    name = fields.CharField(100)
    since = fields.DatetimeField()

    class Meta:
        table = "unnamed_file"
        unique_together = (("firm_id", "name"),)


async def keep(firm_id: UUID, contents: Sequence[bytes]) -> list[str]:
    """
    Stores each before the row that names it, and answers their names: the SHA-256 of the content. One statement for
    all. Waits where one of them is just being deleted; the row must be committed within a day.
    """
    if not contents:
        return []
    from models.ground import files  # loads obstore, which a process that only migrates does without

    names = await files.names_of(contents)
    await drop(firm_id, names)
    await files.keep(firm_id, dict(zip(names, contents, strict=True)))
    return names


async def keep_large(firm_id: UUID, content: BinaryIO) -> str:
    """As `keep`, of one that is never in memory as a whole. From its beginning, wherever it has been read to."""
    from models.ground import files

    name = await files.name_of_large(content)
    await drop(firm_id, [name])
    content.seek(0)
    await files.keep(firm_id, {name: content})
    return name


async def drop(firm_id: UUID, names: Iterable[str | None]) -> None:
    """In the transaction that drops a name of these: they go, unless something else names them. None names no file."""
    if dropped := {name for name in names if name}:
        await store.execute(_DROP, firm_id, sorted(dropped), clock.now())


_DROP = """
INSERT INTO unnamed_file (id, firm_id, name, since)
SELECT gen_random_uuid(), $1, name, $3 FROM unnest($2::text[]) AS name ORDER BY name
ON CONFLICT (firm_id, name) DO UPDATE SET since = greatest(unnamed_file.since, excluded.since)
"""


async def sweep() -> int:
    """How many files went. Any number of processes at once: they leave each other's alone."""
    await store.execute(f"DELETE FROM unnamed_file f WHERE since < $1 AND ({_IS_NAMED})", _past())
    gone = 0
    while some := await _delete_some():
        gone += some
    return gone


_IS_NAMED = " OR ".join(
    f"EXISTS (SELECT 1 FROM {table} t WHERE t.firm_id = f.firm_id AND t.{column} = f.name)"
    for table, column in NAMED_BY
)
_UNNAMED = f"""
SELECT id, firm_id, name FROM unnamed_file f WHERE since < $1 AND NOT ({_IS_NAMED})
ORDER BY since LIMIT $2 FOR UPDATE SKIP LOCKED
"""


async def _delete_some() -> int:
    """
    The one place where a transaction waits for the network: for the time of the deletion its rows are locked, so that
    whoever stores the same content waits, and stores it anew.
    """
    from models.ground import files

    async with store.transaction():
        unnamed = await store.rows(_UNNAMED, _past(), AT_ONCE)
        still = await _named_meanwhile([file["id"] for file in unnamed])
        async with asyncio.timeout(LONGEST):
            for file in unnamed:
                if file["id"] not in still:
                    await files.delete(file["firm_id"], [file["name"]])
        await store.execute("DELETE FROM unnamed_file WHERE id = ANY($1::uuid[])", [file["id"] for file in unnamed])
    return len(unnamed) - len(still)


async def _named_meanwhile(ids: Sequence[UUID]) -> set[UUID]:
    """Asked once more when the rows are locked: the first statement may have waited, and looked before that."""
    query = f"SELECT id FROM unnamed_file f WHERE id = ANY($1::uuid[]) AND ({_IS_NAMED})"
    return {file["id"] for file in await store.rows(query, list(ids))} if ids else set()


def _past() -> object:
    return clock.now() - KEPT_FOR
