"""What collapses into one entry of Inbox+: messages of one thread whose senders are on the same accounts (R38)."""

from dataclasses import dataclass
from uuid import UUID, uuid5


@dataclass(frozen=True, slots=True)
class Conversation:
    """`senders`: the accounts that asked for their mail when it came, sorted. No client's answer hides another's."""

    thread_id: UUID
    senders: tuple[UUID, ...]

    @property
    def key(self) -> UUID:
        return uuid5(self.thread_id, " ".join(map(str, self.senders)))
