"""New entries of Inbox+. News about the same go into one entry, which moves to the top; a letter may be due for it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from models import journal
from models.ground import clock, store
from models.notification.channels import COLUMNS, NotificationChannel, channels_of
from models.notification.conversation import Conversation
from models.notification.notification import NotificationKind
from models.notification.telling import tell
from models.notification.words import English, Said, words_in
from models.viewer import Actor

MAILS_AGAIN = timedelta(hours=1)
"""Between letters for an entry that is not in Inbox+, where nobody can have read it."""


@dataclass(frozen=True, slots=True)
class NewNotification:
    """
    `about`: news with the same one share an entry. `said`: its words, of which 500 characters are kept. `only`: for
    this member alone; where they are gone, for all, unless it tells of what they began themselves. `accounts`: those
    that it concerns, by which the entry is found until it is read. `started_by`: who began what is told, and gets the
    entry in Inbox+ whatever their settings. `quiet`: no letter and no digest, lest two machines write to each other
    (automatic mail, a letter to a colleague that came back).
    """

    kind: NotificationKind
    about: UUID | Conversation
    subject_id: UUID
    said: Said
    only: UUID | None = None
    accounts: tuple[UUID, ...] = ()
    started_by: UUID | None = None
    quiet: bool = False

    @property
    def key(self) -> UUID:
        return self.about.key if isinstance(self.about, Conversation) else self.about

    @property
    def conversation(self) -> Conversation | None:
        return self.about if isinstance(self.about, Conversation) else None


async def raise_for_team(by: Actor, news: Sequence[NewNotification]) -> None:
    """
    For each member a new entry, or the one there is about the same: unread, on top, counted up; in order. Each gets it
    as they chose (`channels`), in the firm's language; letters are written later, by `models.inbox_mail`.

    As many statements for 500 as for one. Runs inside a transaction.
    """
    if not news:
        return
    team = {member["id"]: member for member in await store.rows(_TEAM, by.firm_id)}
    if not (entries := _collapsed(news, team)):
        return
    words = words_in(next(iter(team.values()))["language"])
    columns = map(list, zip(*_columns(entries, words), strict=True))
    raised = await store.rows(_RAISE, by.firm_id, clock.now(), MAILS_AGAIN, *columns)
    ids = {(member["member_id"], member["kind"], member["about"]): member["id"] for member in raised}
    in_order = sorted(entries, key=lambda about: entries[about].place)
    for about in in_order:
        journal.stamp("notification", ids[about], firm_id=by.firm_id, back=len(news) - 1 - entries[about].place)
    tell(by, ((about[0], ids[about]) for about in in_order))


_TEAM = f"""
SELECT m.id, {COLUMNS}, f.language FROM team_member m JOIN firm f ON f.id = m.firm_id
WHERE m.firm_id = $1 AND m.state = 'ACTIVE' ORDER BY m.id
"""


@dataclass(slots=True)
class _Entry:
    """
    One member's entry: the words and place of its last news, and the accounts of all of them. `channels`: how it
    reaches the member.
    """

    last: NewNotification
    place: int = 0
    count: int = 0
    channels: set[NotificationChannel] = field(default_factory=set)
    accounts: set[UUID] = field(default_factory=set)


_Entries = dict[tuple[UUID, NotificationKind, UUID], _Entry]


def _collapsed(news: Sequence[NewNotification], team: dict[UUID, Any]) -> _Entries:
    """News about the same as one entry: one statement cannot write a row twice."""
    entries: _Entries = {}
    chosen = cache(lambda member_id, kind: channels_of(team[member_id], kind))
    for place, new in enumerate(news):
        key = new.key
        for member_id in _whom(new, team):
            entry = entries.setdefault((member_id, new.kind, key), _Entry(new))
            entry.last, entry.place, entry.count = new, place, entry.count + 1
            entry.channels |= _ways(new, member_id, chosen(member_id, new.kind))
            entry.accounts.update(new.accounts)
    return entries


def _whom(new: NewNotification, team: dict[UUID, Any]) -> Collection[UUID]:
    if new.only is None:
        return team
    if new.only in team:
        return (new.only,)
    return () if new.only == new.started_by else team


def _ways(
    new: NewNotification, member_id: UUID, chosen: frozenset[NotificationChannel]
) -> frozenset[NotificationChannel]:
    if new.quiet:
        chosen &= {NotificationChannel.INBOX}
    return chosen | {NotificationChannel.INBOX} if member_id == new.started_by else chosen


def _columns(entries: _Entries, words: English) -> Iterator[tuple[object, ...]]:
    for (member_id, kind, about), entry in entries.items():
        new, conversation = entry.last, entry.last.conversation
        yield (
            *(uuid7(), member_id, kind, about, new.subject_id, new.said(words).strip()[:500], entry.count),
            _in_text(entry.accounts),
            *(channel in entry.channels for channel in NotificationChannel),
            *((conversation.thread_id, _in_text(conversation.senders)) if conversation else (None, "")),
        )


def _in_text(accounts: Collection[UUID]) -> str:
    """As text, for PostgreSQL's arrays of arrays must all be of one length."""
    return " ".join(sorted(map(str, accounts)))


# a letter for an entry of Inbox+ waits until the last one's was read; else an hour, which a clock set back leaves one
_RAISE = """
INSERT INTO notification AS n (id, firm_id, member_id, kind, about, subject_id, text, count, read, archived,
                               occurred_at, position, account_ids, mail_at, digest_since, thread_id, senders)
SELECT m.id, $1, m.member_id, m.kind, m.about, m.subject_id, m.text, m.count, false, NOT m.inbox, $2, 0,
       string_to_array(m.accounts, ' ')::uuid[], CASE WHEN m.email THEN $2::timestamptz END,
       CASE WHEN m.digest THEN $2::timestamptz END, m.thread_id, string_to_array(m.senders, ' ')::uuid[]
FROM unnest($4::uuid[], $5::uuid[], $6::text[], $7::uuid[], $8::uuid[], $9::text[], $10::int[], $11::text[],
            $12::bool[], $13::bool[], $14::bool[], $15::uuid[], $16::text[])
  AS m(id, member_id, kind, about, subject_id, text, count, accounts, inbox, email, digest, thread_id, senders)
ON CONFLICT (firm_id, member_id, kind, about) DO UPDATE SET
  subject_id = excluded.subject_id, text = excluded.text, occurred_at = excluded.occurred_at,
  count = CASE WHEN n.read THEN excluded.count ELSE n.count + excluded.count END, read = false,
  archived = excluded.archived, thread_id = excluded.thread_id, senders = excluded.senders,
  account_ids = CASE WHEN n.read THEN excluded.account_ids
    ELSE ARRAY(SELECT unnest(n.account_ids || excluded.account_ids) AS one GROUP BY one ORDER BY one) END,
  mail_at = CASE WHEN excluded.mail_at IS NULL OR n.mail_at IS NOT NULL THEN n.mail_at
    WHEN excluded.archived THEN least(greatest(n.mailed_at + $3::interval, $2), $2 + $3)
    WHEN NOT n.mail_unread THEN $2 END,
  digest_since = coalesce(n.digest_since, excluded.digest_since)
RETURNING id, member_id, kind, about
"""
