"""What came of a row of an import."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from models.client_import.values import RowError


class RowOutcome(StrEnum):
    """CREATED: it made an account or a contact. MATCHED: both were there. ERROR: nothing of it was done."""

    CREATED = "CREATED"
    MATCHED = "MATCHED"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class RowResult:
    """`contact_id`: the contact that it is about, if any."""

    number: int
    outcome: RowOutcome
    contact_id: UUID | None = None
    errors: tuple[RowError, ...] = ()
