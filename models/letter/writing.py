"""Writing a letter: a row, in the transaction that causes it. Nothing leaves before the commit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from models.address import TypedAddress
from models.ground import clock, store
from models.ground.settings import UNNAMED, Settings
from models.letter.letter import NEVER_LEAVES, LetterKind
from models.notification_category import NotificationCategory
from models.viewer import Actor


@dataclass(frozen=True, slots=True)
class NewLetter:
    """
    `facts`: every value that it prints, by the names of its template, never a secret. The firm's own (name, sender,
    Reply-To, language, time zone) are added when it is written. `address_id`: a client's, `member_id`: a colleague's.
    `account_id`, `category`: of a notice. `due_at`, by the database's clock: not before; None: now.
    """

    kind: LetterKind
    to: TypedAddress
    facts: Mapping[str, Any]
    address_id: UUID | None = None
    member_id: UUID | None = None
    invitation_id: UUID | None = None
    reset_id: UUID | None = None
    account_id: UUID | None = None
    category: NotificationCategory | None = None
    due_at: datetime | None = None


_wake: Callable[[], None] | None = None
_domain = UNNAMED


def name_by(settings: Settings) -> None:
    """From now on Message-IDs of this process end in the installation's domain."""
    global _domain
    _domain = settings.mail_domain


def wake_by(wake: Callable[[], None] | None) -> None:
    """Called after each commit that wrote letters, in this process: its outbox then need not wait for its next look."""
    global _wake
    _wake = wake


async def write(by: Actor, letters: Sequence[NewLetter]) -> list[UUID]:
    """Answers their ids, in order; one statement, however many. Runs inside a transaction."""
    if not letters:
        return []
    ids = [uuid7() for _ in letters]
    await store.execute(
        _WRITE,
        by.firm_id,
        clock.now(),
        by.member_id,
        ids,
        [f"<{letter_id}@{_domain}>" for letter_id in ids],
        [letter.kind.urgency for letter in letters],
        [letter.to.text for letter in letters],
        [letter.to.key for letter in letters],
        [orjson.dumps(dict(letter.facts)).decode() for letter in letters],
        *([getattr(letter, name) for letter in letters] for name in _AS_GIVEN),
    )
    if _wake is not None:
        store.current().after_commit(_wake)
    return list(ids)


_AS_GIVEN = "kind", "address_id", "member_id", "invitation_id", "reset_id", "account_id", "category", "due_at"
# the turn is locked, so that nobody closes it before the letters are there to be seen
_WRITE = f"""
WITH turn AS (
  INSERT INTO letter_turn AS t (firm_id, served_at) VALUES ($1, now())
  ON CONFLICT (firm_id) DO UPDATE SET served_at = t.served_at
)
INSERT INTO letter (id, firm_id, kind, urgency, language, to_address, to_key, address_id, member_id, invitation_id,
                    reset_id, asked_by, facts, message_id, account_id, category, state, created_at, due_at, attempts)
SELECT n.id, f.id, n.kind, n.urgency, f.language, n.to_address, n.to_key, n.address_id, n.member_id, n.invitation_id,
       n.reset_id, $3, n.facts::jsonb || jsonb_build_object('firmName', f.name, 'senderName',
       coalesce(f.sender_name, f.name), 'replyTo', f.reply_to, 'timeZone', f.time_zone), n.message_id, n.account_id,
       n.category, 'QUEUED', $2, coalesce(n.due_at, now()), 0
FROM firm f, unnest($4::uuid[], $5::text[], $6::smallint[], $7::text[], $8::text[], $9::text[], $10::text[],
                    $11::uuid[], $12::uuid[], $13::uuid[], $14::uuid[], $15::uuid[], $16::text[], $17::timestamptz[])
  AS n(id, message_id, urgency, to_address, to_key, facts, {", ".join(_AS_GIVEN)})
WHERE f.id = $1
"""


async def cancel(by: Actor, *, invitation_ids: Sequence[UUID] = (), reset_ids: Sequence[UUID] = ()) -> None:
    """
    The letters of these invitations and resets: those that have not left never will, and those that may have left do
    not leave again. One whose bytes are leaving at this moment becomes SENT all the same. Runs inside a transaction.
    """
    statement = store.for_many(_CANCEL, invitation_ids)
    await store.execute(statement, by.firm_id, list(invitation_ids), list(reset_ids), clock.now())


async def cancel_all_to(by: Actor, member_id: UUID) -> None:
    """As `cancel`, of all letters to a colleague. Runs inside a transaction."""
    await store.execute(_CANCEL_TO, by.firm_id, member_id, clock.now())


async def forget_accounts(by: Actor, spots: Sequence[tuple[UUID, UUID]]) -> None:
    """
    Takes each account out of the letters to its address that have not left yet (R9, R10, R44). A letter that told of
    added accounts alone, and names none any more, is cancelled. Any other is taken from the worker that holds it, since
    it has to be composed anew; but one that may have left keeps its text, as its second copy has to be the same.
    Doing it twice changes nothing more. Runs inside a transaction.
    """
    accounts, addresses = [str(account_id) for account_id, _ in spots], [address_id for _, address_id in spots]
    await store.execute(store.for_many(_FORGET_ACCOUNTS, spots), by.firm_id, accounts, addresses, clock.now())


# A letter's facts name its accounts in two lists of one order, `accountIds` and `accountNames`: what goes from one goes
# from the other, by its place. Step by step:
#   lost       each address, with the accounts that it loses
#   naming     its unsettled letters that name any of them
#   shortened  these letters, locked in the order of their ids, and only then what is left of both lists: somebody else
#              may have shortened them while we waited
#   cancelled  those that have nothing to tell any more; the others get the shorter lists, free for the next worker
# Here and below LATERAL has each found by its id, whatever PostgreSQL takes the size of the table to be, and OFFSET 0
# keeps it from the index of those that wait (docs/decisions/0018)
_FORGET_ACCOUNTS = f"""
WITH lost AS (
  SELECT e.id, e.key, g.accounts
  FROM (SELECT address_id, array_agg(account_id) AS accounts
        FROM unnest($2::text[], $3::uuid[]) AS g(account_id, address_id) GROUP BY address_id) g,
    LATERAL (SELECT e.id, e.key FROM email_address e WHERE e.firm_id = {store.FIRM} AND e.id = g.address_id LIMIT 1) e
), naming AS (
  SELECT l.id, lost.accounts FROM lost, LATERAL (
    SELECT * FROM letter l WHERE l.firm_id = {store.FIRM} AND l.to_key = lost.key OFFSET 0) l
  WHERE l.address_id = lost.id AND l.settled_at IS NULL AND l.facts->'accountIds' ?| lost.accounts ORDER BY l.id
), shortened AS (
  SELECT l.id, rest.ids, rest.names, l.kind = 'ACCOUNT_ADDED' AND rest.ids = '[]' AS says_nothing FROM naming,
  LATERAL (SELECT * FROM letter l WHERE l.id = naming.id AND l.settled_at IS NULL FOR NO KEY UPDATE) l,
  LATERAL (
    SELECT coalesce(jsonb_agg(a.id ORDER BY a.place), '[]') AS ids,
      coalesce(jsonb_agg(l.facts->'accountNames'->(a.place::int - 1) ORDER BY a.place), '[]') AS names
    FROM jsonb_array_elements_text(l.facts->'accountIds') WITH ORDINALITY AS a(id, place)
    WHERE a.id <> ALL(naming.accounts)) rest
), cancelled AS (
  UPDATE letter l SET {NEVER_LEAVES.format(now="$4")} FROM shortened s
  WHERE l.firm_id = {store.FIRM} AND l.id = s.id AND s.says_nothing
)
UPDATE letter l SET facts = l.facts || jsonb_build_object('accountIds', s.ids, 'accountNames', s.names), sealed = NULL,
  locked_by = NULL, locked_until = NULL
FROM shortened s WHERE l.firm_id = {store.FIRM} AND l.id = s.id AND NOT s.says_nothing AND l.handed_over = 0
"""
_UNSETTLED_OF = f"""SELECT l.id FROM unnest({{ids}}::uuid[]) AS n(id), LATERAL (
      SELECT l.id, l.settled_at FROM letter l WHERE l.firm_id = {store.FIRM} AND l.{{key}} = n.id OFFSET 0) l
    WHERE l.settled_at IS NULL"""
_CANCEL = f"""
WITH doomed AS (
  SELECT l.id FROM (
    {_UNSETTLED_OF.format(key="invitation_id", ids="$2")}
    UNION {_UNSETTLED_OF.format(key="reset_id", ids="$3")} ORDER BY id) n,
  LATERAL (SELECT l.id FROM letter l WHERE l.id = n.id AND l.settled_at IS NULL FOR NO KEY UPDATE) l
)
UPDATE letter l SET {NEVER_LEAVES.format(now="$4")} FROM doomed WHERE l.firm_id = {store.FIRM} AND l.id = doomed.id
"""
_CANCEL_TO = f"""
WITH doomed AS (
  SELECT id FROM letter WHERE firm_id = $1 AND settled_at IS NULL AND member_id = $2 ORDER BY id FOR NO KEY UPDATE
)
UPDATE letter l SET {NEVER_LEAVES.format(now="$3")} FROM doomed WHERE l.firm_id = $1 AND l.id = doomed.id
"""
