"""What an import was asked to do, as it is kept with its run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from models.client_import.columns import ImportField, Target
from models.contact import FieldRef
from models.notification_category import NotificationCategory
from models.toggles import Invite, NewToggles, NotificationPreference


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """`field` and `email` None: left out. `email_field`: the name of `email`, which may have to be made."""

    header: str
    samples: tuple[str, ...] = ()
    field: ImportField | None = None
    email: FieldRef | None = None
    email_field: str | None = None

    @property
    def target(self) -> Target | None:
        return self.field or self.email


@dataclass(frozen=True, slots=True)
class ClientImport:
    """`columns`: all of the file, in its order. `delimiter`: of the file."""

    columns: Sequence[ImportColumn]
    toggles: NewToggles
    dry_run: bool = False
    warnings: tuple[str, ...] = ()
    delimiter: str = ";"

    @property
    def headers(self) -> tuple[str, ...]:
        return tuple(column.header for column in self.columns)

    @property
    def targets(self) -> dict[str, Target]:
        return {column.header: column.target for column in self.columns if column.target is not None}


def as_json(wish: ClientImport) -> str:
    return orjson.dumps(wish, default=str).decode()


def from_json(text: str) -> ClientImport:
    """Reads what `as_json` wrote."""
    content = orjson.loads(text)
    return ClientImport(
        tuple(map(_column, content["columns"])),
        _toggles(content["toggles"]),
        content["dry_run"],
        tuple(content["warnings"]),
        content["delimiter"],
    )


def _column(column: Mapping[str, Any]) -> ImportColumn:
    email = column["email"]
    return ImportColumn(
        column["header"],
        tuple(column["samples"]),
        ImportField(column["field"]) if column["field"] else None,
        FieldRef(UUID(email["id"]) if email["id"] else None, email["name"]) if email else None,
        column["email_field"],
    )


def _toggles(toggles: Mapping[str, Any]) -> NewToggles:
    preferences = (
        NotificationPreference(NotificationCategory(preference["category"]), preference["on"])
        for preference in toggles["preferences"]
    )
    invite = Invite(**toggles["invite"]) if toggles["invite"] else None
    return NewToggles(toggles["login"], toggles["notify"], toggles["email_sync"], invite, tuple(preferences))
