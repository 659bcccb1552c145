"""What a disconnected mailbox left is deleted in small steps, each a transaction."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from models import email, journal, stored_file
from models.email import history
from models.ground import store
from models.ground.checkpoint import checkpoint
from models.ground.rounds import Rounds
from models.journal import JournalKind
from models.mailbox.connecting import record
from models.viewer import System

AT_ONCE = 500
"""Messages of a step, in the ledger or in the firm: the firm's mail waits no longer than for one step."""
LOOK_SECONDS = 5.0


class Endings(Rounds):
    """Looks for disconnected mailboxes. Any number may run: each mailbox is one's at a time."""

    def __init__(self) -> None:
        super().__init__("mailbox_endings", LOOK_SECONDS)

    async def look(self) -> None:
        await end_mailboxes()


async def end_mailboxes() -> int:
    """All that no other worker is at, one after the other. Answers how many steps it took."""
    steps = 0
    for mailbox in await store.rows(_DISCONNECTED):
        while await _step(System(mailbox["firm_id"]), mailbox["id"]):
            steps += 1
    return steps


# of a firm in their order: what one that was kept holds is another's to forget only when that one is gone
_DISCONNECTED = "SELECT firm_id, id FROM mailbox WHERE disconnected_at IS NOT NULL ORDER BY disconnected_at, id"


async def _step(by: System, mailbox_id: UUID) -> bool:
    """False: nothing is left, or another worker is at this mailbox or at an earlier one of the firm."""
    async with store.transaction(by.firm_id):
        await history.lock(by.firm_id)
        mailbox = await store.row(_HELD, by.firm_id, mailbox_id)
        if mailbox is None:
            return False
        left = await _empty_ledger(by, mailbox) or await _leave_emails(by, mailbox) or await _remove(by, mailbox)
        checkpoint("before the commit of a step of an ending")
    checkpoint("after the commit of a step of an ending")
    return left


_HELD = """
SELECT id, address, forgets, forgotten FROM mailbox b WHERE firm_id = $1 AND id = $2 AND disconnected_at IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM mailbox o WHERE o.firm_id = $1
    AND (o.disconnected_at, o.id) < (b.disconnected_at, b.id)) FOR NO KEY UPDATE SKIP LOCKED
"""


async def _empty_ledger(by: System, mailbox: Any) -> bool:
    gone = await store.rows(_EMPTY_LEDGER, by.firm_id, mailbox["id"], AT_ONCE)
    await stored_file.drop(by.firm_id, [occurrence["raw_file"] for occurrence in gone])
    emails = {occurrence["email_id"] for occurrence in gone if occurrence["email_id"]}
    if mailbox["forgets"] and emails:
        await _forget(by, mailbox, list(emails))
    return bool(gone)


_EMPTY_LEDGER = """
DELETE FROM occurrence WHERE id IN (SELECT id FROM occurrence WHERE firm_id = $1 AND mailbox_id = $2 LIMIT $3)
RETURNING email_id, raw_file
"""


async def _leave_emails(by: System, mailbox: Any) -> bool:
    """
    Messages that were first seen there, and that the ledger knew no more, or that stay: of no mailbox, or, where others
    were forgotten, of the one that holds them, lest they outlive that one.
    """
    emails = await store.rows(_SEEN_THERE, by.firm_id, mailbox["id"], AT_ONCE)
    ids = [email["id"] for email in emails]
    if mailbox["forgets"] and ids:
        await _forget(by, mailbox, ids)
    await store.execute(_OF_ANOTHER if mailbox["forgets"] else _OF_NO_MAILBOX, by.firm_id, ids)
    return bool(ids)


_SEEN_THERE = "SELECT id FROM email WHERE firm_id = $1 AND mailbox_id = $2 LIMIT $3"
_OF_NO_MAILBOX = "UPDATE email SET mailbox_id = NULL WHERE firm_id = $1 AND id = ANY($2::uuid[])"
# one that lies in a connected mailbox, whatever its ledger made of it: since nobody asked for it any more when it was
# found there, it was not fetched, and no row names the message; its Message-ID says which one it is
_HOLDER = """
SELECT o.mailbox_id FROM occurrence o
JOIN mailbox b ON b.firm_id = o.firm_id AND b.id = o.mailbox_id AND b.disconnected_at IS NULL
WHERE o.firm_id = $1 AND hashtext(o.message_id) = hashtext(m.message_id) AND o.message_id = m.message_id
  AND o.gone_at IS NULL
"""
_OF_ANOTHER = f"""
UPDATE email m SET mailbox_id = ({_HOLDER} ORDER BY o.found_at, o.id LIMIT 1)
WHERE m.firm_id = $1 AND m.id = ANY($2::uuid[])
"""


async def _forget(by: System, mailbox: Any, ids: Sequence[UUID]) -> None:
    unheld = await store.rows(_UNHELD, by.firm_id, mailbox["id"], list(ids))
    count = await email.forget(by, [message["id"] for message in unheld])
    query = "UPDATE mailbox SET forgotten = forgotten + $3 WHERE firm_id = $1 AND id = $2"
    await store.execute(query, by.firm_id, mailbox["id"], count)


# one that was first seen in a mailbox that is still connected is that one's, whatever its ledger says by now; what a
# person has sent from here stays
_UNHELD = f"""
SELECT m.id FROM unnest($3::uuid[]) AS n(id),
LATERAL (SELECT e.id, e.mailbox_id, e.message_id FROM email e WHERE e.firm_id = $1 AND e.id = n.id LIMIT 1) m
WHERE (m.mailbox_id IS NULL OR m.mailbox_id = $2)
  AND NOT EXISTS (SELECT 1 FROM occurrence o WHERE o.firm_id = $1 AND o.email_id = n.id)
  AND ({_HOLDER} LIMIT 1) IS NULL
  AND NOT EXISTS (SELECT 1 FROM submission s WHERE s.firm_id = $1 AND s.id = n.id)
"""


async def _remove(by: System, mailbox: Any) -> bool:
    """The last step: deletes the mailbox, and records how many messages were forgotten."""
    for query in ("DELETE FROM mail_folder WHERE firm_id = $1 AND mailbox_id = $2", _REMOVE):
        await store.execute(query, by.firm_id, mailbox["id"])
    if mailbox["forgets"]:
        changes = [journal.Change("emailsForgotten", None, str(mailbox["forgotten"]))]
        record(by, JournalKind.MAILBOX_DISCONNECTED, mailbox["id"], changes)
    return False


_REMOVE = "DELETE FROM mailbox WHERE firm_id = $1 AND id = $2"
