"""Which messages share one entry of Inbox+: those of one thread whose senders are on the same accounts (R38)."""

from dataclasses import dataclass
from uuid import UUID, uuid5


@dataclass(frozen=True, slots=True)
class Conversation:
    """`senders`: the accounts that asked for their mail, sorted: no client's answer hides another client's."""

    thread_id: UUID
    senders: tuple[UUID, ...]

    @property
    def key(self) -> UUID:
        return uuid5(self.thread_id, " ".join(map(str, self.senders)))
