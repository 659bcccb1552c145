"""What comes back about a letter that has left: it did not arrive, or nobody wanted it (R17)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from models.ground import clock, store
from models.letter import consequences
from models.letter.claiming import claimed
from models.letter.settling import NoLongerOurs
from models.notification_category import NotificationCategory

SUPPRESSES_FOR = timedelta(days=7)
"""After it was sent: a server that says later that there is nobody has told nothing of then."""


@dataclass(frozen=True, slots=True)
class Returned:
    """
    A letter of ours that a report names. `to_key`: whom it was to, as addresses are compared. `account_id`, `category`:
    of a notice; `address_id`: a client's.
    """

    firm_id: UUID
    id: UUID
    to_key: str
    address_id: UUID | None
    account_id: UUID | None
    category: NotificationCategory | None


async def named(ids: Iterable[UUID], message_ids: Sequence[str], *, firm_id: UUID | None = None) -> list[Returned]:
    """
    Letters by their ids, of all firms, and by Message-ID (without `<>`), of this firm or, where that is None, of all.
    In whatever state they are.
    """
    in_brackets = [f"<{message_id}>" for message_id in message_ids]
    letters = await store.rows(_NAMED, list(ids), in_brackets, firm_id)
    return [_returned(letter) for letter in letters]


def _returned(letter: Any) -> Returned:
    category = NotificationCategory(letter["category"]) if letter["category"] else None
    return Returned(
        letter["firm_id"], letter["id"], letter["to_key"], letter["address_id"], letter["account_id"], category
    )


_WHAT = "firm_id, id, to_key, address_id, account_id, category"
_NAMED = f"""
SELECT {_WHAT} FROM letter WHERE id = ANY($1::uuid[])
UNION SELECT {_WHAT} FROM letter WHERE message_id = ANY($2::text[]) AND ($3::uuid IS NULL OR firm_id = $3)
"""


async def bounced(letter: Returned, why: str, *, no_such_mailbox: bool) -> bool:
    """
    It did not arrive, though the server had taken it: BOUNCED, once, and the firm hears of it. `no_such_mailbox`:
    within seven days of leaving, nothing more is sent to that address. False: it has not left, or that is known.
    """
    stored = await store.row(f"SELECT * FROM letter WHERE {_HAS_LEFT}", letter.firm_id, letter.id)
    if stored is None:
        return False
    is_young = stored["settled_at"] is None or clock.now() - stored["settled_at"] <= SUPPRESSES_FOR
    try:
        async with store.transaction(letter.firm_id):
            await consequences.undelivered(await claimed("", stored), why, suppress=no_such_mailbox and is_young)
            if not await store.execute(_BOUNCED, letter.firm_id, letter.id, why[:500], clock.now()):
                raise NoLongerOurs
    except NoLongerOurs:
        return False
    return True


# also one whose bytes are out while nobody has written down yet that the server took them: reports are quick
_HAS_LEFT = "firm_id = $1 AND id = $2 AND (state IN ('SENT', 'UNCERTAIN') OR (state = 'QUEUED' AND handed_over > 0))"
_BOUNCED = f"""
UPDATE letter SET state = 'BOUNCED', error = $3, settled_at = $4, sealed = NULL, locked_by = NULL, locked_until = NULL
WHERE {_HAS_LEFT}
"""


async def complained(letter: Returned, ended: NotificationCategory | None) -> bool:
    """
    Its recipient calls it unwanted (RFC 5965): the firm hears of it, once. `ended`: the category that ends by it.
    False: it has not left, or that is known. Runs inside a transaction.
    """
    stored = await store.row(_COMPLAINED, letter.firm_id, letter.id, clock.now())
    if stored is not None:
        await consequences.unwanted(await claimed("", stored), ended)
    return stored is not None


_COMPLAINED = f"""
UPDATE letter SET complained_at = $3 WHERE {_HAS_LEFT} AND complained_at IS NULL RETURNING *
"""
