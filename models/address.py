"""One normalised e-mail address in a firm; two contacts may hold the same one. And the identity behind it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from tortoise import Model, fields
from uuid_utils.compat import uuid7

from models import address_key, firm_key, journal
from models.compared import compared as compared
from models.errors import ErrorCode, Refusal
from models.ground import store
from models.ground.frozen import frozen
from models.viewer import Actor, System, Viewer

LONGEST_LOCAL = 64  # octets (RFC 5321, 4.5.3.1.1)


class EmailAddress(Model):
    """`hash` stands for it in the ledger (R18); `hash_before` in what that met by the keys of `compared_before`."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    address = fields.CharField(320)
    key = fields.CharField(320)
    hash = fields.BinaryField()
    hash_before = fields.BinaryField(null=True)
    suppressed_at = fields.DatetimeField(null=True)
    suppressed_reason = fields.CharField(500, null=True)

    class Meta:
        table = "email_address"
        unique_together = (("firm_id", "id"), ("firm_id", "key"))


class PortalUser(Model):
    """The identity behind an address once activated: one per address, however many accounts (R5)."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    address_id = fields.UUIDField()
    password_hash = fields.CharField(200, null=True)
    activated_at = fields.DatetimeField()
    last_sign_in_at = fields.DatetimeField(null=True)

    class Meta:
        table = "portal_user"
        unique_together = (("firm_id", "id"), ("firm_id", "address_id"))


@dataclass(frozen=True, slots=True)
class TypedAddress:
    """As somebody typed it, and the key it is compared by."""

    text: str
    key: str


@frozen
class PortalUserView:
    id: UUID
    address_id: UUID
    activated_at: datetime
    last_sign_in_at: datetime | None


@frozen
class SuppressionView:
    """Nothing is sent there (R17). `reason` in plain words."""

    since: datetime
    reason: str


@frozen
class EmailAddressView:
    id: UUID
    address: str
    suppressed: SuppressionView | None
    portal_user: PortalUserView | None


def typed(address: str, *path: str | int) -> TypedAddress:
    """
    Checks an address somebody typed: RFC 5321, quoted and internationalised ones (RFC 6531) too. Raises ADDRESS_INVALID
    with the reason.
    """
    if not address.strip():
        raise Refusal(ErrorCode.ADDRESS_INVALID, "The e-mail address is empty. Type one.", *path)
    try:
        text = validate_email(
            address.strip(), allow_quoted_local=True, check_deliverability=False, test_environment=True
        ).normalized
        _must_be_sayable(text)
    except EmailNotValidError as wrong:
        shown = address if address.isprintable() and len(address) <= 100 else "This"
        raise Refusal(ErrorCode.ADDRESS_INVALID, f"{shown} is not an e-mail address: {wrong}", *path) from None
    return TypedAddress(text, compared(text))


def _must_be_sayable(address: str) -> None:
    octets = len(address.rpartition("@")[0].encode())
    if octets > LONGEST_LOCAL:
        counted = f"The part before the @-sign takes {octets} bytes; at most {LONGEST_LOCAL} fit."
        raise EmailNotValidError(counted)
    if {*"<>"} & {*address}:
        raise EmailNotValidError("Not even in quotes may < or > stand in it: mail servers misread it.")


async def ensure(by: Actor, addresses: Iterable[TypedAddress]) -> dict[str, UUID]:
    """
    Ids by key; made where the firm does not know them. How it is typed now is how it is shown from now on, so this is
    only for what the team or an import typed, never for a stranger's spelling. Runs inside a transaction.
    """
    typed_by_key = {address.key: address.text for address in addresses}
    in_order = sorted(typed_by_key)
    texts = [typed_by_key[key] for key in in_order]
    now, before = address_key.hashes(await firm_key.of(by.firm_id), in_order, texts)
    records = await store.rows(_ENSURE, by.firm_id, [uuid7() for _ in in_order], texts, in_order, now, before)
    await _respelled(by, {address["id"]: (address["was"], address["address"]) for address in records})
    return {address["key"]: address["id"] for address in records}


async def _respelled(by: Actor, spellings: Mapping[UUID, tuple[str | None, str]]) -> None:
    """The same mailbox, shown otherwise wherever it stands."""
    respelled = {address_id: (was, now) for address_id, (was, now) in spellings.items() if was and was != now}
    if not respelled:
        return
    used: dict[UUID, dict[UUID, UUID]] = {address_id: {} for address_id in respelled}
    for toggles in await store.rows(_USED, by.firm_id, list(respelled)):
        used[toggles["address_id"]][toggles["id"]] = toggles["account_id"]
    for address_id, (was, now) in respelled.items():
        journal.record(
            journal.JournalKind.CONTACT_CHANGED,
            by=by,
            subject=(journal.Subject.EMAIL_ADDRESS, address_id),
            accounts=used[address_id].values(),
            touched=used[address_id],
            changes=[journal.Change("address", was, now)],
        )


_USED = "SELECT id, account_id, address_id FROM toggles WHERE firm_id = $1 AND address_id = ANY($2::uuid[]) ORDER BY id"


_ENSURE = """
WITH known AS (SELECT id, address FROM email_address WHERE firm_id = $1 AND key = ANY($4::text[]))
INSERT INTO email_address (id, firm_id, address, key, hash, hash_before)
SELECT n.id, $1, n.address, n.key, n.hash, n.hash_before
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::bytea[])
  AS n(id, address, key, hash, hash_before)
ON CONFLICT (firm_id, key) DO UPDATE SET address = excluded.address
RETURNING id, key, address, (SELECT known.address FROM known WHERE known.id = email_address.id) AS was
"""


async def activate(by: Actor, address_id: UUID, *, at: datetime, password_hash: str | None = None) -> UUID:
    """Makes the address an identity, for good (R5); where it is one already, that stays as it is."""
    user_id: UUID = await store.value(_ACTIVATE, uuid7(), by.firm_id, address_id, at, password_hash)
    return user_id


_ACTIVATE = """
INSERT INTO portal_user (id, firm_id, address_id, activated_at, password_hash) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (firm_id, address_id) DO UPDATE SET address_id = excluded.address_id RETURNING id
"""


async def by_ids(by: Viewer | System, ids: Sequence[UUID]) -> dict[UUID, EmailAddressView]:
    """With their identities, in one statement."""
    addresses = await store.rows(_BY_IDS, by.firm_id, list(ids))
    return {address["address_id"]: view(address) for address in addresses}


def view(record: Any) -> EmailAddressView:
    """Of a record with COLUMNS."""
    user = None
    if (user_id := record["user_id"]) is not None:
        user = PortalUserView(user_id, record["address_id"], record["activated_at"], record["last_sign_in_at"])
    suppressed = None
    if record["suppressed_at"] is not None:
        suppressed = SuppressionView(record["suppressed_at"], record["suppressed_reason"])
    return EmailAddressView(record["address_id"], record["address"], suppressed, user)


COLUMNS = """e.id AS address_id, e.address, e.suppressed_at, e.suppressed_reason,
  p.id AS user_id, p.activated_at, p.last_sign_in_at"""
"""Of an address `e` and its identity `p`, if any."""
_BY_IDS = f"""
SELECT {COLUMNS}
FROM email_address e LEFT JOIN portal_user p ON p.firm_id = e.firm_id AND p.address_id = e.id
WHERE e.firm_id = $1 AND e.id = ANY($2::uuid[])
"""


async def address_of_portal_users(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    query = "SELECT id, address_id FROM portal_user WHERE firm_id = $1 AND id = ANY($2::uuid[])"
    users = await store.rows(query, by.firm_id, list(ids))
    return {user["id"]: user["address_id"] for user in users}
