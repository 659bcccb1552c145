"""What comes back about a regular e-mail that has left: whom it did not reach (R17)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from models import address, notification, suppression
from models.ground import clock, store
from models.letter.returning import SUPPRESSES_FOR
from models.submission.telling import tell
from models.submission.undelivered import undelivered
from models.viewer import System

LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True)
class ReturnedEmail:
    """A regular e-mail of ours that a report names. `recipients`: of its envelope, as they were typed."""

    firm_id: UUID
    id: UUID
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotReached:
    """
    Some of the recipients; without any, the report does not say whom. `reason`: a code and what the server said, to go
    on with after who did. `nobody`: it says that there is nobody at this address.
    """

    recipients: tuple[str, ...]
    reason: str
    nobody: bool

    @property
    def words(self) -> str:
        whom = ", ".join(self.recipients) or "everybody"
        return f"It did not reach {whom}. A mail server on the way sent it back{self.reason}"

    @property
    def beginning(self) -> str:
        """By which it is known again among what has been told already."""
        return self.words.partition(". A mail server")[0] + ". "


async def named(ids: Iterable[UUID], message_ids: Sequence[str], *, firm_id: UUID | None = None) -> list[ReturnedEmail]:
    """Of all firms by their ids; else of this firm, by their Message-IDs, without `<>`. In whatever state they are."""
    rows = await store.rows(_NAMED, list(ids), list(message_ids), firm_id)
    return [ReturnedEmail(firm_id, email_id, tuple(recipients)) for firm_id, email_id, recipients in rows]


_NAMED = """
SELECT firm_id, id, recipients FROM submission WHERE id = ANY($1::uuid[])
UNION SELECT firm_id, id, recipients FROM submission WHERE firm_id = $3 AND message_id = ANY($2::text[])
"""


async def bounced(email: ReturnedEmail, failures: Sequence[NotReached]) -> bool:
    """
    BOUNCED, though the server had taken it; whoever wrote it hears of each recipient once. False: it has not left, or
    that is known. Only an e-mail to one recipient suppresses, within seven days: else any could silence another.
    """
    async with store.transaction(email.firm_id):
        sent = await store.row(_HAS_LEFT, email.firm_id, email.id)
        if sent is None or not (news := _news(sent, failures)):
            return False
        why = " ".join(failure.words for failure in news)
        error = " ".join(filter(None, [sent["known"], why]))[:LONGEST_ERROR]
        await store.execute(_BOUNCED, email.firm_id, email.id, error, clock.now())
        await _suppress(email, sent, news)
        await tell(System(email.firm_id), [email.id])
        came_back = undelivered(sent, lambda words: words.email_undelivered(sent["subject"], why))
        await notification.raise_for_team(System(email.firm_id), [came_back])
    return True


# also one whose bytes are out while nobody has written down yet that the server took them: reports are quick
_HAS_LEFT = """
SELECT s.id, s.state, s.settled_at, s.member_id, m.subject,
  CASE WHEN s.state IN ('SENT', 'BOUNCED') THEN s.error END AS known,
  ARRAY(SELECT l.account_id FROM email_account l WHERE l.firm_id = $1 AND l.email_id = $2 ORDER BY 1) AS accounts
FROM submission s JOIN email m ON m.firm_id = s.firm_id AND m.id = s.id
WHERE s.firm_id = $1 AND s.id = $2
  AND (s.state IN ('SENT', 'UNCERTAIN', 'BOUNCED') OR (s.state = 'QUEUED' AND s.handed_over > 0))
FOR NO KEY UPDATE OF s
"""
_BOUNCED = """
UPDATE submission SET state = 'BOUNCED', error = $3, failing_since = NULL, settled_at = coalesce(settled_at, $4),
  sent_at = coalesce(sent_at, $4), copy = coalesce(copy, 'WANTED'), copy_due_at = coalesce(copy_due_at, now())
WHERE firm_id = $1 AND id = $2
"""


def _news(sent: Any, failures: Sequence[NotReached]) -> list[NotReached]:
    """Failures that have not been told. Nothing more is told once the error of an e-mail is as long as it may be."""
    text, news = sent["known"] or "", dict[str, NotReached]()
    if sent["state"] == "BOUNCED" and len(text) >= LONGEST_ERROR:
        return []
    for failure in failures:
        if failure.beginning not in text:
            news.setdefault(failure.beginning, failure)
    return list(news.values())


async def _suppress(email: ReturnedEmail, sent: Any, news: Sequence[NotReached]) -> None:
    is_young = sent["settled_at"] is None or clock.now() - sent["settled_at"] <= SUPPRESSES_FOR
    gone = next((failure for failure in news if failure.nobody), None)
    if len(email.recipients) == 1 and is_young and gone:
        await suppression.suppress(email.firm_id, await _address_id(email), gone.words)


async def _address_id(email: ReturnedEmail) -> UUID:
    """Of its one recipient, added where the firm has no such address; one that it has keeps its spelling."""
    typed = address.typed(email.recipients[0])
    query = "SELECT id FROM email_address WHERE firm_id = $1 AND key = $2"
    address_id: UUID | None = await store.value(query, email.firm_id, typed.key)
    return address_id or (await address.ensure(System(email.firm_id), [typed]))[typed.key]
