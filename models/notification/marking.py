"""Read and unread, archived and taken back: some by id, or all that match."""

from dataclasses import dataclass
from uuid import UUID

from models.at_once import MOST_AT_ONCE, must_be_few
from models.errors import ErrorCode, Faults, Refusal
from models.ground import store
from models.idempotency import Done
from models.notification.listing import InboxFilter, matching
from models.notification.telling import tell
from models.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Selection:
    """Either these ids, or all that match."""

    ids: tuple[UUID, ...] | None = None
    matching: InboxFilter | None = None


async def mark(by: Viewer, selection: Selection, *, read: bool) -> Done:
    """Answers the ids of at most 100 that changed. Raises NOT_FOUND for each id that is not the viewer's."""
    return await _set(by, selection, "read", read)


async def archive(by: Viewer, selection: Selection, *, archived: bool) -> Done:
    """Answers the ids of at most 100 that changed. Raises NOT_FOUND for each id that is not the viewer's."""
    return await _set(by, selection, "archived", archived)


async def _set(by: Viewer, selection: Selection, column: str, on: bool) -> Done:
    async with store.transaction(by.firm_id) as tx:
        if selection.ids is not None:
            where = matching(by, InboxFilter(archived=None))
            where.add("n.id = ANY(?::uuid[])", await _known(by, selection.ids))
        else:
            where = matching(by, selection.matching or InboxFilter())
        where.add(f"n.{column} <> ?", on)
        change = f"{column} = ${len(where.args)}{_NO_LETTER if column == 'read' and on else ''}"
        changed = await store.rows(where.after(f"UPDATE notification n SET {change}") + " RETURNING n.id", *where.args)
        tell(by, ((by.member_id, entry["id"]) for entry in changed))
    return Done(tuple(entry["id"] for entry in changed[:MOST_AT_ONCE]), tx.cursor)


_NO_LETTER = ", mail_at = NULL, mail_unread = false, digest_since = NULL"
"""Who has read an entry needs no letter of it; the next that comes to it is worth one again."""


async def _known(by: Viewer, ids: tuple[UUID, ...]) -> list[UUID]:
    must_be_few(ids, "ids", "notifications", "ids")
    query = "SELECT id FROM notification WHERE firm_id = $1 AND member_id = $2 AND id = ANY($3::uuid[])"
    known_ids = {entry["id"] for entry in await store.rows(query, by.firm_id, by.member_id, list(ids))}
    faults = Faults()
    for index, entry_id in enumerate(ids):
        with faults:
            if entry_id not in known_ids:
                raise Refusal(ErrorCode.NOT_FOUND, "There is no such notification.", "notifications", "ids", index)
    faults.must_be_none()
    return list(ids)
