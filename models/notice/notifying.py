"""The firm's other software, or a colleague, tells the clients of an account of an event (R14)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from uuid_utils.compat import uuid7

from models import firm, idempotency, journal, letter, software_url, text
from models.client_event import ClientEvent
from models.errors import Faults
from models.firm_settings import ClientAction
from models.ground import clock, store
from models.ground.checkpoint import checkpoint
from models.idempotency import Done
from models.journal import JournalKind, Subject
from models.letter import NoticeItem, Tidings
from models.notice.audience import AccountRef, Audience, Recipient, audience
from models.notice.listing import RecipientView, recipients_of
from models.notice.notice import NotifyOutcome
from models.viewer import System, Viewer

LONGEST_SUBJECT = 200  # characters
LONGEST_TEXT = 10_000  # characters


@dataclass(frozen=True, slots=True)
class NewNotice:
    """
    `subject`: one line; `text`: plain. `link`: a path below the firm's `softwareUrl`; None: the portal. `action`: None
    for the event's own (R12).
    """

    account: AccountRef
    event: ClientEvent
    subject: str
    text: str
    link: str | None = None
    action: ClientAction | None = None


@dataclass(frozen=True, slots=True)
class Notified:
    """`recipients`: each address of the account, and each contact without one, with what became of it."""

    done: Done
    recipients: tuple[RecipientView, ...]


async def notify(by: Viewer | System, new: NewNotice, *, key: str, dry_run: bool = False) -> Notified:
    """
    Answers who gets a letter, and who does not and why. The same key and input give the same answer, whatever has been
    switched since. `dry_run`: who would get one now; nothing is written, and the key stays unused.

    Raises, for all faults at once: NOT_FOUND, ACCOUNT_ARCHIVED, INVALID; IDEMPOTENCY_KEY_REUSED.
    """
    idempotency.check_key(key)
    if dry_run:
        return await _would(by, new)
    recipients: list[tuple[RecipientView, ...]] = []
    done = await idempotency.once(by, key, verb="notify clients", wish=new, do=partial(_raise, by, new, recipients))
    checkpoint("after the commit of a notice")
    return Notified(done, recipients[0] if recipients else await _told_before(by, *done.ids))


async def _told_before(by: Viewer | System, notice_id: UUID) -> tuple[RecipientView, ...]:
    return tuple((await recipients_of(by, [notice_id])).get(notice_id, ()))


async def _would(by: Viewer | System, new: NewNotice) -> Notified:
    async with store.transaction(by.firm_id):
        item, to = await _checked(by, new)
        fits = iter(await letter.would_gather(by, _tidings(item, to)))
        recipients = [
            recipient if not recipient.is_open or next(fits) else recipient.without_room()
            for recipient in to.recipients
        ]
    return Notified(Done(), tuple(recipient.view for recipient in recipients))


async def _raise(by: Viewer | System, new: NewNotice, answer: list[tuple[RecipientView, ...]]) -> tuple[UUID, ...]:
    """Adds the recipients to `answer`, so that they need not be read again."""
    item, to = await _checked(by, new)
    letters = iter(await letter.gather(by, _tidings(item, to)))
    recipients = [
        _in_letter(recipient, next(letters)) if recipient.is_open else recipient for recipient in to.recipients
    ]
    checkpoint("after a notice's letters were written")
    notice_id = uuid7()
    await _write(by, notice_id, to.account_id, item, recipients)
    _record(by, notice_id, to.account_id, item, recipients)
    checkpoint("before the commit of a notice")
    answer.append(tuple(recipient.view for recipient in recipients))
    return (notice_id,)


async def _checked(by: Viewer | System, new: NewNotice) -> tuple[NoticeItem, Audience]:
    """The notice as it is kept, and its recipients, who stay the same until the transaction ends."""
    faults = Faults()
    item = NoticeItem(new.event, "", "")
    with faults:
        item = replace(item, subject=text.one_line(new.subject, "subject", noun="The subject", longest=LONGEST_SUBJECT))
    with faults:
        item = replace(item, text=text.some_lines(new.text, "text", noun="The text", longest=LONGEST_TEXT))
    with faults:
        item = replace(item, link=None if new.link is None else software_url.checked_path(new.link, "link"))
    with faults:
        item = replace(item, action=new.event.action_of(new.action, "action"))
    await firm.one_at_a_time(by.firm_id)
    to = None
    with faults:
        to = await audience(by, new.account, new.event.category)
    faults.must_be_none()
    assert to is not None
    return item, to


def _tidings(item: NoticeItem, to: Audience) -> list[Tidings]:
    """For the recipients who may get a letter, in order."""
    return [
        Tidings(recipient.to, recipient.view.address.id, to.account_id, to.account_name, item)
        for recipient in to.recipients
        if recipient.is_open and recipient.to and recipient.view.address
    ]


def _in_letter(recipient: Recipient, letter_id: UUID | None) -> Recipient:
    return replace(recipient, letter_id=letter_id) if letter_id else recipient.without_room()


async def _write(
    by: Viewer | System, notice_id: UUID, account_id: UUID, item: NoticeItem, recipients: Sequence[Recipient]
) -> None:
    """The notice and its recipients, in one statement."""
    await store.execute(
        _WRITE,
        by.firm_id,
        notice_id,
        account_id,
        item.event,
        item.subject,
        item.text,
        item.link,
        item.action,
        by.member_id,
        clock.now(),
        [uuid7() for _ in recipients],
        [recipient.view.address.id if recipient.view.address else None for recipient in recipients],
        ["{" + ",".join(str(contact.id) for contact in recipient.view.contacts) + "}" for recipient in recipients],
        [recipient.view.outcome for recipient in recipients],
        [recipient.letter_id for recipient in recipients],
    )


_WRITE = """
WITH notice AS (
  INSERT INTO notice (id, firm_id, account_id, event, subject, text, link, action, raised_by, raised_at)
  VALUES ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10)
)
INSERT INTO notice_recipient (id, firm_id, notice_id, place, address_id, contact_ids, outcome, letter_id)
SELECT n.id, $1, $2, n.place, n.address_id, n.contact_ids::uuid[], n.outcome, n.letter_id
FROM unnest($11::uuid[], $12::uuid[], $13::text[], $14::text[], $15::uuid[]) WITH ORDINALITY
  AS n(id, address_id, contact_ids, outcome, letter_id, place)
"""


def _record(
    by: Viewer | System, notice_id: UUID, account_id: UUID, item: NoticeItem, recipients: Sequence[Recipient]
) -> None:
    """Who raised it and how many letters tell of it; none of its words."""
    outcomes = Counter(recipient.view.outcome for recipient in recipients)
    counts = {"recipients": len(recipients), "letters": outcomes[NotifyOutcome.QUEUED]}
    subject = (Subject.NOTICE, notice_id)
    changes = journal.changes_between({}, {"event": item.event, **counts})
    journal.record(JournalKind.CLIENTS_NOTIFIED, by=by, subject=subject, accounts=[account_id], changes=changes)
