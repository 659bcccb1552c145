"""One normalised e-mail address in a firm; two contacts may hold the same one. And the identity behind it."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import idna
from email_validator import EmailNotValidError, validate_email
from tortoise import Model, fields
from uuid_utils.compat import uuid7

from models import journal, keys, store
from models.errors import ErrorCode, Refusal
from models.frozen import frozen
from models.viewer import Actor, System, Viewer


class EmailAddress(Model):
    """`hash` stands for it in the ledger (R18)."""

    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    address = fields.CharField(320)
    key = fields.CharField(320)
    hash = fields.BinaryField()
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


def typed(given: str, *path: str | int) -> TypedAddress:
    """Checks an address somebody typed (RFC 5321, internationalised too). Raises ADDRESS_INVALID with the reason."""
    if not given.strip():
        raise Refusal(ErrorCode.ADDRESS_INVALID, "The e-mail address is empty. Type one.", *path)
    try:
        good = validate_email(given.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as wrong:
        shown = given if given.isprintable() and len(given) <= 100 else "This"
        raise Refusal(ErrorCode.ADDRESS_INVALID, f"{shown} is not an e-mail address: {wrong}", *path) from None
    return TypedAddress(good.normalized, compared(good.normalized))


def compared(address: str) -> str:
    """The key that addresses are compared by: without regard to case, the domain in its ASCII form (RFC 5890)."""
    local, _, domain = address.replace("\0", "").strip().rpartition("@")
    try:  # not Python's own codec: that is IDNA 2003, for which straße.example and strasse.example are one domain
        host = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        host = domain
    return f"{_folded(local)}@{host.casefold()}"


def _folded(local: str) -> str:
    """Without regard to how a keyboard composes é (Unicode, D145)."""
    if local.isascii():
        return local.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", local).casefold())


async def ensure(by: Actor, addresses: Iterable[TypedAddress]) -> dict[str, UUID]:
    """Ids by key; made where the firm does not know them. Runs inside a transaction."""
    wanted = {one.key: one.text for one in addresses}
    in_order = sorted(wanted)
    found = await store.rows(
        _ENSURE,
        by.firm_id,
        [uuid7() for _ in in_order],
        [wanted[key] for key in in_order],
        in_order,
        [keys.address_hash(by.firm_id, key) for key in in_order],
    )
    return {row["key"]: row["id"] for row in found}


_ENSURE = """
INSERT INTO email_address (id, firm_id, address, key, hash)
SELECT n.id, $1, n.address, n.key, n.hash
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bytea[]) AS n(id, address, key, hash)
ON CONFLICT (firm_id, key) DO UPDATE SET key = excluded.key RETURNING id, key
"""


async def activate(by: Actor, address_id: UUID, *, at: datetime, password_hash: str | None = None) -> UUID:
    """Makes the address an identity, for good (R5); where it is one already, that stays as it is."""
    found: UUID = await store.value(_ACTIVATE, uuid7(), by.firm_id, address_id, at, password_hash)
    return found


_ACTIVATE = """
INSERT INTO portal_user (id, firm_id, address_id, activated_at, password_hash) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (firm_id, address_id) DO UPDATE SET address_id = excluded.address_id RETURNING id
"""


async def by_ids(by: Viewer | System, ids: Sequence[UUID]) -> dict[UUID, EmailAddressView]:
    """With their identities, in one statement."""
    found = await store.rows(_BY_IDS, by.firm_id, list(ids))
    return {row["address_id"]: view(row) for row in found}


def view(row: Any) -> EmailAddressView:
    """Of a row with COLUMNS."""
    user = None
    if row["user_id"] is not None:
        user = PortalUserView(row["user_id"], row["address_id"], row["activated_at"], row["last_sign_in_at"])
    suppressed = None
    if row["suppressed_at"] is not None:
        suppressed = SuppressionView(row["suppressed_at"], row["suppressed_reason"])
    return EmailAddressView(row["address_id"], row["address"], suppressed, user)


COLUMNS = """e.id AS address_id, e.address, e.suppressed_at, e.suppressed_reason,
  p.id AS user_id, p.activated_at, p.last_sign_in_at"""
"""Of an address `e` and its identity `p`, if any."""
_BY_IDS = f"""
SELECT {COLUMNS}
FROM email_address e LEFT JOIN portal_user p ON p.firm_id = e.firm_id AND p.address_id = e.id
WHERE e.firm_id = $1 AND e.id = ANY($2::uuid[])
"""


async def address_of_portal_users(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    found = await store.rows(
        "SELECT id, address_id FROM portal_user WHERE firm_id = $1 AND id = ANY($2::uuid[])", by.firm_id, list(ids)
    )
    return {row["id"]: row["address_id"] for row in found}


IS_OUR_OWN = """(
  EXISTS (SELECT 1 FROM team_member m WHERE m.firm_id = e.firm_id AND m.email_key = e.key AND m.state <> 'REMOVED')
  OR EXISTS (SELECT 1 FROM mailbox b WHERE b.firm_id = e.firm_id AND b.address_key = e.key))"""
"""Whether address `e` is a mailbox's or a colleague's (R46)."""


async def our_own(firm_id: UUID, keys_: Iterable[str]) -> set[str]:
    """Those of them that are a mailbox's or a colleague's."""
    query = f"SELECT e.key FROM (SELECT $1::uuid AS firm_id, unnest($2::text[]) AS key) e WHERE {IS_OUR_OWN}"
    return {row["key"] for row in await store.rows(query, firm_id, list(keys_))}


async def now_our_own(by: Actor, key: str) -> None:
    """
    Switches Email sync off for an address that became a mailbox's or a colleague's (R46), with journal entries.

    Under `history.lock`, so that nobody switches it on just now.
    """
    found = await store.rows(_NOW_OUR_OWN, by.firm_id, key)
    for row in found:
        journal.record(
            journal.JournalKind.TOGGLES_CHANGED,
            by=by,
            subject=(journal.Subject.TOGGLES, row["id"]),
            accounts=[row["account_id"]],
            touched=[row["id"]],
            changes=[journal.Change("emailSync", "true", "false")],
        )


_NOW_OUR_OWN = """
WITH on_now AS (
  SELECT t.id FROM toggles t JOIN email_address e ON e.firm_id = t.firm_id AND e.id = t.address_id
  WHERE t.firm_id = $1 AND t.email_sync AND e.key = $2 ORDER BY t.id FOR UPDATE OF t
)
UPDATE toggles t SET email_sync = false, version = version + 1 FROM on_now
WHERE t.firm_id = $1 AND t.id = on_now.id RETURNING t.id, t.account_id
"""
