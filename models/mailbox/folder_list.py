"""The folders that the server lists, and how each stood at its last look."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from uuid_utils.compat import uuid7

from models.email import history
from models.ground import clock, store
from models.mailbox import folders
from models.mailbox.backlog import MOST_CUTS
from models.mailbox.folders import LedgerFolder
from models.mailbox.lease import Leased, check
from models.mailbox.mailbox import FolderKind


@dataclass(frozen=True, slots=True)
class ListedFolder:
    """As the server lists it. `why_not`: why it is not read, in plain words; None: it is."""

    name: str
    kind: FolderKind
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class KnownFolder:
    """
    `why`: why it is not read, or what is wrong with it alone. `on_server`: messages at the last look. `doubts`: looks
    in a row at which its figures disagreed; `failures`: at which it could not be looked at; `rests`: it is left alone
    for a while for that. `unfinished`: there is something to fetch.
    """

    ledger: LedgerFolder
    synced: bool
    why: str | None
    on_server: int
    doubts: int
    failures: int
    rests: bool
    unfinished: bool

    @property
    def name(self) -> str:
        return self.ledger.name


async def known(leased: Leased) -> list[KnownFolder]:
    """All folders that the server listed last time, in one statement."""
    place = (leased.firm_id, leased.mailbox_id)
    return [_known(folder) for folder in await store.rows(_KNOWN, *place, clock.now(), MOST_CUTS - 1)]


_KNOWN = """
WITH unfinished AS MATERIALIZED (
  SELECT folder_id FROM occurrence
  WHERE firm_id = $1 AND mailbox_id = $2 AND state = 'PENDING' AND gone_at IS NULL
  UNION
  SELECT folder_id FROM occurrence
  WHERE firm_id = $1 AND mailbox_id = $2 AND state = 'SKIPPED' AND skip_reason = 'UNREADABLE' AND gone_at IS NULL
    AND attempts BETWEEN 1 AND $4
)
SELECT *, coalesce(rest_until > $3, false) AS rests, id IN (SELECT folder_id FROM unfinished) AS unfinished
FROM mail_folder WHERE firm_id = $1 AND mailbox_id = $2 AND listed
"""


def _known(folder: Any) -> KnownFolder:
    return KnownFolder(
        folders.read(folder),
        **{name: folder[name] for name in ("synced", "why", "on_server", "doubts", "failures", "rests", "unfinished")},
    )


async def listed(leased: Leased, there: Sequence[ListedFolder]) -> list[KnownFolder]:
    """
    Writes the list of the server's folders, and answers them as the ledger knows them. Messages of a folder that is not
    read, or not there any more, count as gone; one that comes back is listed anew.
    """
    before = await known(leased)
    if _differ(before, there):
        await _list(leased, there)
        before = await known(leased)
    return before


def _differ(before: Sequence[KnownFolder], there: Sequence[ListedFolder]) -> bool:
    as_known = {(folder.name, folder.ledger.kind, None if folder.synced else folder.why) for folder in before}
    return as_known != {(folder.name, folder.kind, folder.why_not) for folder in there}


async def _list(leased: Leased, there: Sequence[ListedFolder]) -> None:
    place, names = (leased.firm_id, leased.mailbox_id), [folder.name for folder in there]
    kinds, why_not = [folder.kind for folder in there], [folder.why_not for folder in there]
    async with store.transaction(leased.firm_id):
        await history.lock(leased.firm_id)
        await check(leased)
        await store.execute(_LIST, *place, names, kinds, why_not, [uuid7() for _ in there])
        await store.execute(_UNLIST, *place, names)
        for left in await store.rows(_LEFT, *place):
            await folders.begin_anew(leased.firm_id, left["id"], uidvalidity=folders.UNNUMBERED)


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
_LEFT = f"""
SELECT id FROM mail_folder f WHERE firm_id = $1 AND mailbox_id = $2 AND NOT synced AND (
  uidvalidity <> {folders.UNNUMBERED}
  OR EXISTS (SELECT 1 FROM occurrence o WHERE o.firm_id = $1 AND o.folder_id = f.id AND NOT o.{folders.IS_OVER}))
"""
