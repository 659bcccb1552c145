"""Inviting: one letter to each address at most, covering every account it was asked for (R6, R8, R9)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Record

from models import journal, letter, text
from models.address import TypedAddress
from models.errors import ErrorCode, Refusal
from models.ground import store
from models.invitation.offers import AddressWish, Offer, offers_to
from models.journal import Change, JournalKind, Subject
from models.letter import LetterKind, NewLetter, ToBe
from models.toggles import Invite, Toggles
from models.viewer import Actor

LONGEST_MESSAGE = 500  # characters


@dataclass(frozen=True, slots=True)
class Asked:
    """To invite an address to an account; its Login is on there. `path`: where in the input that was asked for."""

    account_id: UUID
    address_id: UUID
    invite: Invite
    path: tuple[str | int, ...] = ()


def objections(invite: Invite, toggles: Toggles, *, login: bool) -> Iterator[Refusal]:
    """Why nobody can be invited so. `login`: whether Login is on after the change that this is part of."""
    if not login:
        yield Refusal(ErrorCode.INVITE_NEEDS_LOGIN, "Switch Login on to invite: it would lead nowhere.", "invite")
    elif toggles.archived:
        yield Refusal(ErrorCode.ACCOUNT_ARCHIVED, "The account is archived. Take it back before inviting.", "invite")
    elif toggles.suppressed:
        yield Refusal(ErrorCode.ADDRESS_SUPPRESSED, "Letters to this address came back, so none is sent.", "invite")
    try:
        checked_message(invite.message, "invite", "message")
    except Refusal as refusal:
        yield refusal


def checked_message(message: str | None, *path: str | int) -> str | None:
    """None where it is empty. Raises INVALID."""
    return text.some_lines(message or "", *path, noun="The message", longest=LONGEST_MESSAGE) or None


async def invite(by: Actor, wishes: Sequence[Asked], *, reprint: bool = False, has_room: bool = False) -> None:
    """
    A PENDING address gets a new invitation, which covers old and new accounts, unless one lives and it is not `again`:
    that one then covers the new accounts too, and no letter goes out; `reprint`: its link goes out once more. An
    activated address is told of its accounts.

    As many statements for a hundred as for one. Runs inside a transaction, under `firm.one_at_a_time`, with the
    toggles locked; the caller has met the `objections`. Raises RATE_LIMITED, with a path each; not where it `has_room`,
    as the caller has counted.
    """
    by_address = _by_address(wishes)
    if not by_address:
        return
    rows = await store.rows(store.for_many(_KNOWN, by_address), by.firm_id, list(by_address))
    addresses = {address["id"]: address for address in rows}
    pending = [address_id for address_id in by_address if not addresses[address_id]["activated"]]
    invited = await offers_to(by, {address_id: by_address[address_id] for address_id in pending}, reprint=reprint)
    active = {address_id: by_address[address_id].accounts for address_id in by_address if address_id not in pending}
    named = await _names(by, {**active, **{address_id: offer.accounts for address_id, offer in invited.items()}})
    letters = [
        (_letter(addresses[address_id], wish, named, invited.get(address_id)), wish.path)
        for address_id, wish in by_address.items()
        if address_id in active or invited[address_id].is_new or reprint
    ]
    if not has_room:
        await letter.must_have_room(by, [ToBe(new.kind, new.to.key, path) for new, path in letters])
    await letter.write(by, [new for new, _ in letters])
    for address_id in by_address:
        _record(by, address_id, named, invited.get(address_id))


def _by_address(wishes: Sequence[Asked]) -> dict[UUID, AddressWish]:
    by_address: dict[UUID, AddressWish] = {}
    messages = {typed: checked_message(typed) for typed in {wish.invite.message for wish in wishes}}
    for wish in wishes:
        of_address = by_address.setdefault(wish.address_id, AddressWish(path=wish.path))
        of_address.accounts.append(wish.account_id)
        of_address.message = of_address.message or messages[wish.invite.message]
        of_address.again |= wish.invite.again
    return by_address


# one by one (LATERAL), here and below, so that each is found by its id however large PostgreSQL takes the table to be
_KNOWN = f"""
SELECT e.id, e.address, e.key, p.id IS NOT NULL AS activated FROM unnest($2::uuid[]) AS n(id),
LATERAL (SELECT e.id, e.address, e.key FROM email_address e WHERE e.firm_id = {store.FIRM} AND e.id = n.id LIMIT 1) e
LEFT JOIN LATERAL (
  SELECT p.id FROM portal_user p WHERE p.firm_id = {store.FIRM} AND p.address_id = e.id LIMIT 1) p ON true
"""


@dataclass(frozen=True, slots=True)
class _Names:
    """`accounts`: by address, the toggles, id and name of each, in order of names."""

    inviter: str
    accounts: dict[UUID, list[Record]]

    def of(self, address_id: UUID) -> list[Record]:
        return self.accounts.get(address_id, [])


async def _names(by: Actor, accounts: Mapping[UUID, Sequence[UUID]]) -> _Names:
    pairs = [(account_id, address_id) for address_id, some in accounts.items() for account_id in some]
    account_ids, address_ids = [account_id for account_id, _ in pairs], [address_id for _, address_id in pairs]
    rows = await store.rows(store.for_many(_NAMES, pairs), by.firm_id, by.member_id, account_ids, address_ids)
    grouped: dict[UUID, list[Record]] = {}
    for account in rows:
        grouped.setdefault(account["address_id"], []).append(account)
    return _Names(rows[0]["inviter"] if rows else "", grouped)


_NAMES = f"""
SELECT t.id AS toggles_id, t.address_id, a.id AS account_id, a.name, coalesce(m.name, f.name) AS inviter
FROM firm f LEFT JOIN team_member m ON m.firm_id = f.id AND m.id = $2
CROSS JOIN (SELECT DISTINCT * FROM unnest($3::uuid[], $4::uuid[]) AS n(account_id, address_id)) n
CROSS JOIN LATERAL (
  SELECT t.id, t.address_id FROM toggles t
  WHERE t.firm_id = {store.FIRM} AND t.account_id = n.account_id AND t.address_id = n.address_id LIMIT 1) t
CROSS JOIN LATERAL (
  SELECT a.id, a.name, a.sort_key FROM account a WHERE a.firm_id = {store.FIRM} AND a.id = n.account_id LIMIT 1) a
WHERE f.id = $1 ORDER BY a.sort_key, a.id
"""


def _letter(address: Record, wish: AddressWish, names: _Names, offer: Offer | None) -> NewLetter:
    accounts = names.of(address["id"])
    facts: dict[str, str | Sequence[str] | None] = {
        "accountNames": [account["name"] for account in accounts],
        "accountIds": [str(account["account_id"]) for account in accounts],  # so that one can be taken out again
        "inviterName": names.inviter,
        "message": wish.message,
    }
    to = TypedAddress(address["address"], address["key"])
    if offer is None:
        return NewLetter(LetterKind.ACCOUNT_ADDED, to, facts, address_id=address["id"])
    facts["expiresAt"] = offer.expires_at.isoformat()
    return NewLetter(LetterKind.INVITATION, to, facts, address_id=address["id"], invitation_id=offer.id)


def _record(by: Actor, address_id: UUID, names: _Names, offer: Offer | None) -> None:
    """Nothing where an invitation that lives covers the accounts already (R3)."""
    covered = names.of(address_id)
    if not covered:
        return
    journal.record(
        JournalKind.INVITATION_SENT,
        by=by,
        subject=(Subject.INVITATION, offer.id) if offer else (Subject.TOGGLES, covered[0]["toggles_id"]),
        accounts=[account["account_id"] for account in covered],
        touched=[account["toggles_id"] for account in covered],
        changes=[Change("expiresAt", None, offer.expires_at.isoformat())] if offer and offer.is_new else [],
    )
