"""
Addresses that were compared by full case folding are compared anew, once, after the update that changed the rule.

Nobody can tell from the rows who is whom, so no row and no identity is split. Keys are made anew from the typed form.
An address that another spelling may have been taken for is *in doubt*: the firm is told, and whoever is signed in by it
signs in again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from models import firm, firm_key, journal, notification, session
from models.address_key import hashes
from models.compared import compared
from models.email import history
from models.ground import store
from models.installation import COMPARED_ANEW
from models.journal import Change, JournalKind, Subject
from models.notification import NewNotification, NotificationKind
from models.viewer import System

MOST_SPELLINGS = 20  # that are named; they are strangers' too
KEYS = {  # table: the typed form, its key
    "email_address": ("address", "key"),
    "team_member": ("email", "email_key"),
    "mailbox": ("address", "address_key"),
    "letter": ("to_address", "to_key"),
    "email_participant": ("address", "key"),
}
log = structlog.get_logger("respelling")


async def compare_anew() -> None:
    """
    One firm after the other, each all or nothing; whoever is killed goes on at the next start, and two at once do no
    harm. Where it was done, it is one statement.
    """
    if await store.value("SELECT compared FROM installation") == COMPARED_ANEW:
        return
    for (firm_id,) in await store.rows("SELECT id FROM firm ORDER BY id"):
        if in_doubt := await _compare_anew(System(firm_id)):
            log.warning("addresses in doubt: the firm's Inbox+ says which", firm=str(firm_id), count=in_doubt)
    await store.execute("UPDATE installation SET compared = $1", COMPARED_ANEW)


async def _compare_anew(by: System) -> int:
    async with store.transaction(by.firm_id):
        await firm.one_at_a_time(by.firm_id)
        await history.lock(by.firm_id)
        respelled = {table: await _respelled(by, table) for table in KEYS}
        if not any(respelled.values()):
            return 0
        doubts = await _doubts(by, {change.before for changes in respelled.values() for change in changes})
        for table, changes in respelled.items():
            await _rekey(by, table, changes)
        await _hash_anew(by, respelled["email_address"])
        for doubt in doubts:
            await _tell(by, doubt)
        await session.end(by, [doubt.user_id for doubt in doubts if doubt.user_id])
    return len(doubts)


@dataclass(frozen=True, slots=True)
class _Respelled:
    """An address whose key changes."""

    text: str
    before: str
    after: str


async def _respelled(by: System, table: str) -> list[_Respelled]:
    """Only a few are looked at: of ASCII without quotes the key is what it was."""
    text, key = KEYS[table]
    query = f"""SELECT DISTINCT {text} AS text, {key} AS key FROM {table}
      WHERE firm_id = $1 AND (octet_length({text}) <> char_length({text}) OR {text} LIKE '"%')"""
    changes = [
        _Respelled(written, before, compared(written)) for written, before in await store.rows(query, by.firm_id)
    ]
    return [change for change in changes if change.before != change.after]


async def _rekey(by: System, table: str, changes: Sequence[_Respelled]) -> None:
    """No two rows get one key: what the new rule takes for one, the old one did too."""
    text, key = KEYS[table]
    query = f"""UPDATE {table} t SET {key} = n.after
      FROM unnest($2::text[], $3::text[], $4::text[]) AS n(text, before, after)
      WHERE t.firm_id = $1 AND t.{key} = n.before AND t.{text} = n.text"""
    texts, before = [change.text for change in changes], [change.before for change in changes]
    await store.execute(query, by.firm_id, texts, before, [change.after for change in changes])


async def _hash_anew(by: System, changes: Sequence[_Respelled]) -> None:
    keys_ = [change.after for change in changes]
    now, before = hashes(await firm_key.of(by.firm_id), keys_, [change.text for change in changes])
    await store.execute(_HASH_ANEW, by.firm_id, keys_, now, before)


_HASH_ANEW = """
UPDATE email_address e SET hash = n.hash, hash_before = n.before
FROM unnest($2::text[], $3::bytea[], $4::bytea[]) AS n(key, hash, before) WHERE e.firm_id = $1 AND e.key = n.key
"""


@dataclass(frozen=True, slots=True)
class _Doubt:
    """`user_id`: where it is activated. `others`: what else was met that was taken for it."""

    id: UUID
    address: str
    user_id: UUID | None
    others: tuple[str, ...]


async def _doubts(by: System, keys_: set[str]) -> list[_Doubt]:
    """By the old keys that stood for more than one."""
    spellings = await _spellings(by, keys_)
    addresses = await store.rows(_IN_DOUBT, by.firm_id, list(keys_))
    return [
        _Doubt(address_id, text, user_id, _others(text, spellings[key])) for address_id, text, key, user_id in addresses
    ]


_IN_DOUBT = """
SELECT e.id, e.address, e.key, p.id AS user_id
FROM email_address e LEFT JOIN portal_user p ON p.firm_id = e.firm_id AND p.address_id = e.id
WHERE e.firm_id = $1 AND e.key = ANY($2::text[]) ORDER BY e.id
"""


async def _spellings(by: System, keys_: set[str]) -> Mapping[str, list[str]]:
    """By old key, how it was written anywhere."""
    spellings: dict[str, list[str]] = defaultdict(list)
    for text, key, table in ((*columns, table) for table, columns in KEYS.items()):
        query = (
            f"SELECT DISTINCT {text} AS text, {key} AS key FROM {table} WHERE firm_id = $1 AND {key} = ANY($2::text[])"
        )
        for spelling in await store.rows(query, by.firm_id, list(keys_)):
            spellings[spelling["key"]].append(spelling["text"])
    return spellings


def _others(own: str, spellings: Sequence[str]) -> tuple[str, ...]:
    by_key = {compared(text): text for text in sorted(spellings)}
    by_key.pop(compared(own), None)
    return tuple(by_key.values())[:MOST_SPELLINGS]


async def _tell(by: System, doubt: _Doubt) -> None:
    query = "SELECT account_id FROM toggles WHERE firm_id = $1 AND address_id = $2"
    accounts = tuple(toggles["account_id"] for toggles in await store.rows(query, by.firm_id, doubt.id))
    subject = (Subject.EMAIL_ADDRESS, doubt.id)
    changes = [Change("address", spelling, doubt.address) for spelling in doubt.others]
    journal.record(JournalKind.ADDRESS_IN_DOUBT, by=by, subject=subject, accounts=accounts, changes=changes)
    new = NewNotification(
        *(NotificationKind.ADDRESS_IN_DOUBT, doubt.id, doubt.id),
        lambda words: words.address_in_doubt(doubt.address, doubt.others),
        accounts=accounts,
    )
    await notification.raise_for_team(by, [new])
