"""The mailbox that an e-mail is sent from, and how many leave it in an hour."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from models.errors import ErrorCode, RateLimited, Refusal
from models.ground import clock, store
from models.ground.settings import Settings
from models.viewer import Viewer

HOUR = timedelta(hours=1)
_per_hour = 100


def limit(settings: Settings) -> None:
    """Makes the limit of this process known."""
    global _per_hour
    _per_hour = settings.emails_per_hour


@dataclass(frozen=True, slots=True)
class Sending:
    """A mailbox and who writes; `language` and `time_zone` are the firm's."""

    mailbox_id: UUID
    address: str
    key: str
    writer: str
    language: str
    time_zone: str

    @property
    def domain(self) -> str:
        """In ASCII: what the Message-IDs of its e-mails end in (RFC 5322, 3.6.4)."""
        return self.key.rpartition("@")[2]


async def sending_from(by: Viewer, mailbox_id: UUID) -> Sending:
    """
    Any connected mailbox of the firm, a colleague's too. It is locked until the end of the transaction: nobody
    disconnects it meanwhile, or takes the room that is left in the hour. Raises NOT_FOUND.
    """
    mailbox = await store.row(_SENDING, by.firm_id, mailbox_id, by.member_id)
    if mailbox is None:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such mailbox.", "mailboxId")
    return Sending(*mailbox)


_SENDING = """
SELECT b.id, b.address, b.address_key, m.name, f.language, f.time_zone
FROM mailbox b JOIN team_member m ON m.firm_id = b.firm_id AND m.id = $3 JOIN firm f ON f.id = b.firm_id
WHERE b.firm_id = $1 AND b.id = $2 AND b.disconnected_at IS NULL FOR NO KEY UPDATE OF b
"""


async def must_have_room(by: Viewer, sending: Sending) -> None:
    """Of a mailbox that is locked. Raises RATE_LIMITED with the moment when there is room again."""
    last_of_hour = await store.value(_NTH, by.firm_id, sending.mailbox_id, clock.now() - HOUR, _per_hour - 1)
    if last_of_hour is not None:
        words = f"{sending.address} has sent {_per_hour} e-mails within the hour, which is the limit of a mailbox."
        raise RateLimited(words, "mailboxId", retry_at=last_of_hour + HOUR)


_NTH = """
SELECT created_at FROM submission WHERE firm_id = $1 AND mailbox_id = $2 AND created_at > $3
ORDER BY created_at DESC OFFSET $4 LIMIT 1
"""
