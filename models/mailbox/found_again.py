"""
A message that left its folder and is found in another, or under another number, is known again: neither fetched nor
told a second time (R22). Known by Message-ID, size and date in the mailbox; never while in two folders at once.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from models import stored_file
from models.ground import store
from models.mailbox.folders import LedgerFolder
from models.mailbox.lease import Leased
from models.mailbox.mailbox import OccurrenceState, SkipReason


class Headed(Protocol):
    """A message whose header was read."""

    @property
    def uid(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def message_id(self) -> str | None: ...
    @property
    def skip(self) -> SkipReason | None: ...


async def found_again(leased: Leased, folder: LedgerFolder, batch: Iterable[Headed]) -> dict[int, dict[str, Any]]:
    """
    By UID, what the new rows of the ledger take over from the old ones, which are deleted. Inside a transaction, under
    `history.lock`.
    """
    uids: dict[object, list[int]] = defaultdict(list)
    for header in batch:
        if header.message_id and header.skip is None:
            uids[header.message_id, header.size, header.received_at].append(header.uid)
    message_ids = [key[0] for key in uids]  # type: ignore[index]
    taken: dict[int, Any] = {}
    place = (leased.firm_id, leased.mailbox_id, folder.id)
    for occurrence in await store.rows(_LEFT_ITS_PLACE, *place, message_ids) if message_ids else ():
        if waiting := uids.get((occurrence["message_id"], occurrence["size"], occurrence["received_at"])):
            taken[waiting.pop(0)] = occurrence
    if taken:
        old = [occurrence["id"] for occurrence in taken.values()]
        await store.execute("DELETE FROM occurrence WHERE firm_id = $1 AND id = ANY($2::uuid[])", leased.firm_id, old)
        await stored_file.drop(leased.firm_id, [occurrence["raw_file"] for occurrence in taken.values()])
    return {uid: _taken_over(occurrence) for uid, occurrence in taken.items()}


_LEFT_ITS_PLACE = """
SELECT id, message_id, size, received_at, state, skip_reason, arrival, email_id, raw_file, reason FROM occurrence
WHERE firm_id = $1 AND mailbox_id = $2 AND message_id = ANY($4::text[]) AND gone_at IS NOT NULL
ORDER BY state = 'STORED' DESC, folder_id = $3 DESC, uidvalidity DESC, uid
"""


def _taken_over(occurrence: Any) -> dict[str, Any]:
    match occurrence["state"], occurrence["skip_reason"]:
        case (OccurrenceState.PENDING, _) | (_, SkipReason.GONE_FROM_SERVER | SkipReason.UNREADABLE):  # not told yet
            return {"arrival": occurrence["arrival"]}
        case (_, SkipReason.NOT_SWITCHED_ON):  # whoever asks for it now gets it as history
            return {"arrival": False}
        case _:
            return {
                name: occurrence[name] for name in ("state", "skip_reason", "arrival", "email_id", "raw_file", "reason")
            }
