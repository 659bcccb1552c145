"""The settings of an import, as its planner needs them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from models.address import TypedAddress
from models.client_import.values import ClientRow
from models.contact import FieldRef
from models.toggles import NewToggles, Switch


@dataclass(frozen=True, slots=True)
class Headings:
    """The headers of some columns, for errors to name; None: there is no such column."""

    account_name: str | None = None
    account_code: str | None = None
    contact_name: str | None = None
    switches: Mapping[Switch, str] = field(default_factory=dict)
    emails: Mapping[FieldRef, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowEmail:
    """An address of a row, in the column of an e-mail field."""

    column: str | None
    field_id: UUID
    address: TypedAddress


@dataclass(frozen=True, slots=True)
class Options:
    """
    `toggles`: for every address that is new to its account; what a row itself says comes first (R40). `fields`: ids of
    the e-mail fields; a field that is to be made has a provisional id, and its name in `to_make`.
    """

    toggles: NewToggles
    headings: Headings
    fields: Mapping[FieldRef, UUID] = field(default_factory=dict)
    to_make: Mapping[UUID, str] = field(default_factory=dict)

    def emails(self, row: ClientRow) -> tuple[RowEmail, ...]:
        return tuple(
            RowEmail(self.headings.emails.get(ref), self.fields[ref], address) for ref, address in row.addresses.items()
        )
