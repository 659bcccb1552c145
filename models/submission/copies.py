"""
The copy of what was sent, in its mailbox's folder of sent mail: looked for there, and put there where the mail server
does not keep it by itself. What is UNCERTAIN is only looked for.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from models.email import history
from models.ground import clock, store
from models.mailbox.lease import Leased, check
from models.mailbox.put import Put, note
from models.submission.copy_due import IS_DUE, KEEPS

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
"""Between tries; the first is as long as a lease, so that nobody else puts it there meanwhile."""
MOST_TRIES = 8
"""Over about three hours."""
AT_ONCE = 20
DAYS_APART = timedelta(days=1)
"""A server searches by days, in a zone of its own."""
TOLD_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Copy:
    """
    One that is due. `uncertain`: nobody knows whether it was sent. `tries`: how often it began to be put there.
    `keeps`: whether the server keeps its own, None: nobody knows; `is_set`: a person said so. `sent_at`: or written.
    """

    firm_id: UUID
    id: UUID
    message_id: str
    file: str
    written_at: datetime
    sent_at: datetime
    tries: int
    uncertain: bool
    keeps: bool | None
    is_set: bool


async def due(leased: Leased) -> list[Copy]:
    submissions = await store.rows(_DUE, leased.firm_id, leased.mailbox_id, AT_ONCE)
    return [_copy(submission) for submission in submissions]


_DUE = f"""
SELECT s.*, {KEEPS} AS keeps, b.keeps_sent IS NOT NULL AS is_set
FROM submission s JOIN mailbox b ON b.firm_id = s.firm_id AND b.id = s.mailbox_id
WHERE s.firm_id = $1 AND s.mailbox_id = $2 AND {IS_DUE} ORDER BY s.copy_due_at, s.id LIMIT $3
"""


def _copy(submission: Any) -> Copy:
    return Copy(
        firm_id=submission["firm_id"],
        id=submission["id"],
        message_id=submission["message_id"],
        file=submission["file"],
        written_at=submission["created_at"],
        sent_at=submission["sent_at"] or submission["created_at"],
        tries=submission["copy_tries"],
        uncertain=submission["state"] == "UNCERTAIN",
        keeps=submission["keeps"],
        is_set=submission["is_set"],
    )


async def is_listed(leased: Leased, copy: Copy, folder_ids: Collection[UUID]) -> bool:
    """Whether the ledger has its Message-ID in one of these folders."""
    args = (leased.firm_id, leased.mailbox_id, copy.message_id, list(folder_ids))
    return bool(await store.value(_IS_LISTED, *args))


_IS_LISTED = """
SELECT EXISTS (SELECT 1 FROM occurrence o WHERE o.firm_id = $1 AND hashtext(o.message_id) = hashtext($3)
  AND o.message_id = $3 AND o.mailbox_id = $2 AND o.folder_id = ANY($4::uuid[]) AND o.gone_at IS NULL)
"""


async def server_keeps(leased: Leased, keeps: bool) -> None:
    """Found out, and remembered."""
    await store.execute(_SERVER_KEEPS, leased.firm_id, leased.mailbox_id, keeps)


_SERVER_KEEPS = """
UPDATE mailbox SET found_keeps_sent = $3 WHERE firm_id = $1 AND id = $2 AND found_keeps_sent IS DISTINCT FROM $3
"""


async def begin(leased: Leased, copy: Copy) -> bool:
    """
    It is about to be put there: counted before it is, and not tried again for a while, whatever comes. False: it is
    there meanwhile. Raises LeaseLost.
    """
    first, longest = FIRST_WAIT.total_seconds(), LONGEST_WAIT.total_seconds()
    async with store.transaction(copy.firm_id):
        await check(leased)
        return bool(await store.execute(_BEGIN, copy.firm_id, copy.id, copy.tries, first, longest))


_BEGIN = """
UPDATE submission SET copy_tries = copy_tries + 1,
  copy_due_at = now() + make_interval(secs => least($5::float8, $4::float8 * 2 ^ least(copy_tries, 20)))
WHERE firm_id = $1 AND id = $2 AND copy = 'WANTED' AND copy_tries = $3
"""


async def failed(copy: Copy, why: str) -> None:
    """It could not be put there; given up after the last try."""
    await store.execute(_FAILED, copy.firm_id, copy.id, why[:500], MOST_TRIES)


_FAILED = """
UPDATE submission SET copy_error = $3, copy = CASE WHEN copy_tries >= $4 THEN 'GIVEN_UP' ELSE copy END
WHERE firm_id = $1 AND id = $2 AND copy = 'WANTED'
"""


async def given_up(copy: Copy, why: str) -> None:
    """No other try helps."""
    await store.execute(_FAILED, copy.firm_id, copy.id, why[:500], 0)


async def later(copy: Copy) -> None:
    """It could not even be looked for."""
    wait = FIRST_WAIT.total_seconds()
    await store.execute(_LATER, copy.firm_id, copy.id, wait)


_LATER = "UPDATE submission SET copy_due_at = now() + make_interval(secs => $3) WHERE firm_id = $1 AND id = $2"


async def is_there(leased: Leased, copy: Copy) -> None:
    """It was found there. What nobody here has begun to put there, the server has."""
    if copy.tries == 0:
        await server_keeps(leased, True)
    await store.execute(_THERE, copy.firm_id, copy.id)


async def was_put(leased: Leased, copy: Copy, put: Put | None) -> None:
    """It was put there, as the server did not; with its number, where that was told. Raises LeaseLost."""
    async with store.transaction(copy.firm_id):
        await history.lock(copy.firm_id)
        await check(leased)
        await store.execute(_THERE, copy.firm_id, copy.id)
        if not copy.is_set:
            await server_keeps(leased, False)
        if put:
            await note(leased, put)


_THERE = "UPDATE submission SET copy = 'THERE', copy_error = NULL WHERE firm_id = $1 AND id = $2 AND copy = 'WANTED'"


@dataclass(frozen=True, slots=True)
class Standing:
    """`due`: copies are to be looked for. `trouble`: why the last one is missing, of those of a day, in plain words."""

    due: bool
    trouble: str | None


async def standing(leased: Leased) -> Standing:
    """In one statement."""
    now = await store.row(_STANDING, leased.firm_id, leased.mailbox_id, clock.now() - TOLD_FOR)
    assert now is not None
    return Standing(now["due"], now["trouble"])


_STANDING = f"""
SELECT EXISTS (
  SELECT 1 FROM submission s JOIN mailbox b ON b.firm_id = s.firm_id AND b.id = s.mailbox_id
  WHERE s.firm_id = $1 AND s.mailbox_id = $2 AND {IS_DUE}) AS due,
(SELECT copy_error FROM submission WHERE firm_id = $1 AND mailbox_id = $2 AND created_at > $3
   AND copy_error IS NOT NULL ORDER BY created_at DESC LIMIT 1) AS trouble
"""
