"""Which accounts ask for a message, and linking it to them (R18)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from models.email.message import Message
from models.ground import store
from models.viewer import Actor


@dataclass(frozen=True, slots=True)
class Asking:
    """The accounts that ask for an address's mail, by address."""

    accounts: Mapping[str, set[UUID]]

    def of(self, message: Message) -> set[UUID]:
        return {account for key in message.address_keys() for account in self.accounts.get(key, ())}


async def asking(by: Actor, messages: Sequence[Message]) -> Asking:
    """For these messages, in one statement. Under `history.lock`, else whoever just switches on would be missed."""
    accounts: dict[str, set[UUID]] = defaultdict(set)
    for toggles in await store.rows(
        _ASKING, by.firm_id, sorted({key for message in messages for key in message.address_keys()})
    ):
        accounts[toggles["key"]].add(toggles["account_id"])
    return Asking(accounts)


_ASKING = """
SELECT t.account_id, e.key FROM toggles t
JOIN account a ON a.firm_id = t.firm_id AND a.id = t.account_id AND a.archived_at IS NULL
JOIN email_address e ON e.firm_id = t.firm_id AND e.id = t.address_id
WHERE t.firm_id = $1 AND t.email_sync AND e.key = ANY($2::text[])
"""


async def link(by: Actor, emails: Sequence[tuple[UUID, Message, Asking]]) -> dict[UUID, list[UUID]]:
    """Links each to the accounts that ask for it; answers the new links, by email."""
    links = list(
        dict.fromkeys(
            (email_id, account_id)
            for email_id, message, asking_for in emails
            for account_id in sorted(asking_for.of(message))
        )
    )
    made: dict[UUID, list[UUID]] = defaultdict(list)
    for link in await store.rows(_LINK, by.firm_id, *map(list, zip(*links, strict=True))) if links else ():
        made[link["email_id"]].append(link["account_id"])
    return made


_LINK = """
INSERT INTO email_account (id, firm_id, email_id, account_id, sorted_at)
SELECT gen_random_uuid(), $1, n.email_id, n.account_id, m.sorted_at
FROM unnest($2::uuid[], $3::uuid[]) AS n(email_id, account_id),
LATERAL (SELECT m.firm_id, m.sorted_at FROM email m WHERE m.id = n.email_id OFFSET 0) m WHERE m.firm_id = $1
ON CONFLICT (firm_id, account_id, email_id) DO NOTHING RETURNING email_id, account_id
"""
