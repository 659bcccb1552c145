"""E-mail fields of the CRM: `Email`, `Work email`, `Spouse email`… A contact has one address per field (R32)."""

from collections.abc import Sequence
from uuid import UUID

from tortoise import Model, fields
from uuid_utils.compat import uuid7

from models import idempotency, journal, text
from models.errors import ErrorCode, Refusal
from models.ground import store
from models.ground.frozen import frozen
from models.idempotency import Done
from models.viewer import Actor, Viewer, must_manage_accounts

LONGEST_NAME = 60
LONGEST_KEY = 200
MOST = 50


class EmailField(Model):
    id = fields.UUIDField(primary_key=True)
    firm_id = fields.UUIDField()
    name = fields.CharField(LONGEST_NAME)
    name_key = fields.CharField(LONGEST_KEY)

    class Meta:
        table = "email_field"
        unique_together = (("firm_id", "id"), ("firm_id", "name_key"))


@frozen
class EmailFieldView:
    id: UUID
    name: str


async def create(by: Actor, name: str, *, key: str | None = None) -> Done:
    """Raises ALREADY_TAKEN where the firm has one of that name, INVALID (also for the 51st), NOT_ALLOWED."""
    must_manage_accounts(by)

    async def do() -> tuple[UUID, ...]:
        clean = checked_name(name, "name")
        taken = "SELECT 1 FROM email_field WHERE firm_id = $1 AND name_key = $2"
        if await store.value(taken, by.firm_id, key_of_name(clean)):
            raise Refusal(ErrorCode.ALREADY_TAKEN, f"There is an e-mail field named {clean} already.", "name")
        return tuple((await named(by, [clean])).values())

    return await idempotency.once(by, key, verb="create email field", wish=name, do=do)


async def named(by: Actor, names: Sequence[str]) -> dict[str, UUID]:
    """
    The fields of these names, made where the firm has none (R32). Runs inside a transaction.

    Raises INVALID for a bad name, and where the firm would have more than 50.
    """
    clean = {name: checked_name(name, "name") for name in names}
    by_key = {key_of_name(name): name for name in clean.values()}
    for name_key in sorted(by_key):
        await _make(by, by_key[name_key], name_key)
    query = "SELECT name_key, id FROM email_field WHERE firm_id = $1 AND name_key = ANY($2::text[])"
    email_fields = await store.rows(query, by.firm_id, list(by_key))
    ids = {field["name_key"]: field["id"] for field in email_fields}
    if len(ids) < len(by_key):
        raise Refusal(ErrorCode.INVALID, f"A firm has {MOST} e-mail fields at most. Use one of those.", "name")
    return {typed: ids[key_of_name(name)] for typed, name in clean.items()}


def checked_name(name: str, *path: str | int) -> str:
    """Raises INVALID."""
    return text.one_line(name, *path, noun="The name of the field", longest=LONGEST_NAME)


def key_of_name(name: str) -> str:
    """What names are compared by; some single characters unfold into eighteen."""
    return text.folded(name)[:LONGEST_KEY]


async def _make(by: Actor, name: str, name_key: str) -> None:
    made = await store.value(_MAKE, uuid7(), by.firm_id, name, name_key, MOST)
    if made is None:
        return
    subject = (journal.Subject.EMAIL_FIELD, made)
    changes = [journal.Change("name", None, name)]
    journal.record(journal.JournalKind.EMAIL_FIELD_CREATED, by=by, subject=subject, changes=changes)


_MAKE = """
INSERT INTO email_field (id, firm_id, name, name_key)
SELECT $1, $2, $3, $4 WHERE (SELECT count(*) FROM email_field WHERE firm_id = $2) < $5
ON CONFLICT (firm_id, name_key) DO NOTHING RETURNING id
"""


async def of_firm(by: Viewer) -> list[EmailFieldView]:
    """In the order they were made."""
    email_fields = await store.rows("SELECT id, name FROM email_field WHERE firm_id = $1 ORDER BY id", by.firm_id)
    return [EmailFieldView(*field) for field in email_fields]


async def by_ids(by: Viewer, ids: Sequence[UUID]) -> dict[UUID, EmailFieldView]:
    query = "SELECT id, name FROM email_field WHERE firm_id = $1 AND id = ANY($2::uuid[])"
    email_fields = await store.rows(query, by.firm_id, list(ids))
    return {field["id"]: EmailFieldView(*field) for field in email_fields}
