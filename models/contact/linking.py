"""Linking contacts to accounts, with the starting switches of each address; and unlinking them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from models import firm, idempotency, journal
from models.at_once import must_be_few
from models.contact.making import ALL_OFF_AT_FIRST, NewContact, Starts, make
from models.email import history
from models.errors import DeadLinkReason, ErrorCode, Faults, Refusal
from models.ground import store
from models.idempotency import Done
from models.invitation import Asked, invite
from models.journal import JournalKind, Subject
from models.toggles import ALL_OFF, IS_HELD, NewToggles, lock_where, switch
from models.toggles.setting import Start, start
from models.viewer import Actor, must_manage_accounts


@dataclass(frozen=True, slots=True)
class ExistingContact:
    """`toggles` by address; addresses that are not named start with all three off (R4)."""

    contact_id: UUID
    toggles: tuple[tuple[UUID, NewToggles], ...] = ()

    def starts(self, *path: str | int) -> Starts:
        return [
            (address_id, Start(toggles, (*path, "toggles", index)))
            for index, (address_id, toggles) in enumerate(self.toggles)
        ]


LinkedContact = NewContact | ExistingContact
Link = tuple[UUID, UUID]
"""An account and a contact."""


async def link_all(by: Actor, account_id: UUID, contacts: Sequence[LinkedContact]) -> None:
    """
    Links each contact, then sends the invitations that were asked for. Runs inside a transaction, under
    `firm.one_at_a_time`. Raises what `link` raises, for all contacts at once, each with its place in the list.
    """
    must_be_few(contacts, "contacts", "contacts")
    if contacts:
        await history.lock(by.firm_id)
    to_invite: list[Asked] = []
    faults = Faults()
    for index, contact in enumerate(contacts):
        with faults:
            to_invite += await _link_one(by, account_id, contact, "contacts", index)
    faults.must_be_none()
    await invite(by, to_invite)


async def _link_one(by: Actor, account_id: UUID, contact: LinkedContact, *path: str | int) -> list[Asked]:
    if isinstance(contact, NewContact):
        contact_id, starts = await make(by, contact, *path, "new")
        return await connect(by, account_id, contact_id, starts, *path, "new")
    starts = contact.starts(*path, "existing")
    return await connect(by, account_id, contact.contact_id, starts, *path, "existing")


async def connect(by: Actor, account_id: UUID, contact_id: UUID, starts: Starts, *path: str | int) -> list[Asked]:
    """
    Links, and answers whom to invite. Raises NOT_FOUND, ALREADY_TAKEN, INVALID, and what `toggles.start` raises.
    """
    held = await _addresses(by, contact_id, *path)
    named = _named(starts, held)
    made = await write(by, [(account_id, contact_id)])
    if not made:
        raise Refusal(ErrorCode.ALREADY_TAKEN, "The contact is linked to this account already.", *path)
    to_invite = await start(
        by, account_id, contact_id, {address_id: named.get(address_id, ALL_OFF_AT_FIRST) for address_id in held}
    )
    record(by, made)
    return to_invite


async def write(by: Actor, links: Sequence[Link]) -> list[Link]:
    """Answers the links that are new; the caller records them. One statement, inside a transaction."""
    ids, accounts, contacts = (
        [uuid7() for _ in links],
        [account_id for account_id, _ in links],
        [contact_id for _, contact_id in links],
    )
    written = await store.rows(_WRITE, by.firm_id, ids, accounts, contacts)
    return [(link["account_id"], link["contact_id"]) for link in written]


_WRITE = """
INSERT INTO account_contact (id, firm_id, account_id, contact_id)
SELECT n.id, $1, n.account_id, n.contact_id FROM unnest($2::uuid[], $3::uuid[], $4::uuid[])
  AS n(id, account_id, contact_id)
ON CONFLICT (firm_id, account_id, contact_id) DO NOTHING RETURNING account_id, contact_id
"""


def record(by: Actor, made: Sequence[Link]) -> None:
    for account_id, contact_id in made:
        journal.record(JournalKind.CONTACT_LINKED, by=by, subject=(Subject.CONTACT, contact_id), accounts=[account_id])


def _named(starts: Starts, held: Collection[UUID]) -> dict[UUID, Start]:
    """Raises NOT_FOUND for an address that the contact does not hold, INVALID for one named twice."""
    named = dict[UUID, Start]()
    faults = Faults()
    for address_id, wished in starts:
        with faults:
            if address_id not in held:
                raise Refusal(ErrorCode.NOT_FOUND, "The contact has no such address.", *wished.path, "addressId")
            if address_id in named:
                raise Refusal(ErrorCode.INVALID, "This address stands twice in the list.", *wished.path, "addressId")
        named[address_id] = wished
    faults.must_be_none()
    return named


async def _addresses(by: Actor, contact_id: UUID, *path: str | int) -> list[UUID]:
    if not await store.row("SELECT 1 FROM contact WHERE firm_id = $1 AND id = $2 FOR SHARE", by.firm_id, contact_id):
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such contact.", *path, "contactId")
    query = "SELECT address_id FROM contact_email WHERE firm_id = $1 AND contact_id = $2 ORDER BY field_id"
    return [field["address_id"] for field in await store.rows(query, by.firm_id, contact_id)]


async def link(by: Actor, account_id: UUID, contact: ExistingContact, *, key: str | None = None) -> Done:
    """
    Answers the account's id. Raises NOT_FOUND, ALREADY_TAKEN, OWN_ADDRESS, ACCOUNT_ARCHIVED, INVITE_NEEDS_LOGIN,
    ADDRESS_SUPPRESSED, INVALID, RATE_LIMITED, NOT_ALLOWED.
    """
    must_manage_accounts(by)

    async def do() -> tuple[UUID, ...]:
        await firm.one_at_a_time(by.firm_id)
        await history.lock(by.firm_id)
        await lock_account(by, account_id)
        await invite(by, await connect(by, account_id, contact.contact_id, contact.starts()))
        return (account_id,)

    return await idempotency.once(
        by, key, verb="link contact", wish={"accountId": account_id, "contact": contact}, do=do
    )


async def lock_account(by: Actor, account_id: UUID) -> None:
    query = "SELECT 1 FROM account WHERE firm_id = $1 AND id = $2 FOR NO KEY UPDATE"
    if not await store.row(query, by.firm_id, account_id):
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such account.", "accountId")


async def unlink(by: Actor, account_id: UUID, contact_id: UUID) -> Done:
    """
    Switches off the contact's addresses on the account, except those that another contact of it holds too (R10).

    Answers the account's id. Raises NOT_FOUND, NOT_LINKED, NOT_ALLOWED.
    """
    must_manage_accounts(by)
    async with store.transaction(by.firm_id) as tx:
        await firm.one_at_a_time(by.firm_id)
        await lock_account(by, account_id)
        await _addresses(by, contact_id)
        if not await part(by, [account_id], contact_id):
            raise Refusal(ErrorCode.NOT_LINKED, "The contact is not linked to this account.", "contactId")
    return Done((account_id,), tx.cursor)


async def part(by: Actor, account_ids: Sequence[UUID], contact_id: UUID) -> int:
    """Takes the links away; answers how many there were. Runs inside a transaction."""
    links = await store.rows(
        "DELETE FROM account_contact WHERE firm_id = $1 AND contact_id = $2 AND account_id = ANY($3::uuid[])"
        " RETURNING account_id",
        by.firm_id,
        contact_id,
        list(account_ids),
    )
    left = await lock_where(by, _LEFT_BEHIND, contact_id, [link["account_id"] for link in links])
    await switch(by, [(toggles, ALL_OFF) for toggles in left], why=DeadLinkReason.UNLINKED)
    for link in links:
        journal.record(
            JournalKind.CONTACT_UNLINKED,
            by=by,
            subject=(Subject.CONTACT, contact_id),
            accounts=[link["account_id"]],
            touched=[toggles.id for toggles in left if toggles.account_id == link["account_id"]],
        )
    return len(links)


_LEFT_BEHIND = f"""
t.account_id = ANY($3::uuid[]) AND NOT {IS_HELD} AND (t.former_contact_id = $2 OR EXISTS (
  SELECT 1 FROM contact_email c WHERE c.firm_id = $1 AND c.contact_id = $2 AND c.address_id = t.address_id))
"""
