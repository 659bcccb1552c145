"""Translates what was asked for into the planner's options: headers of columns, and ids of e-mail fields."""

from uuid import NAMESPACE_OID, UUID, uuid5

from models import email_field
from models.client_import.client_import import ClientImport, ImportColumn
from models.client_import.columns import ImportField
from models.client_import.options import Headings, Options
from models.email_field import key_of_name
from models.toggles import Switch
from models.viewer import Viewer

_SWITCHES = {
    ImportField.LOGIN: Switch.LOGIN,
    ImportField.NOTIFY: Switch.NOTIFY,
    ImportField.EMAIL_SYNC: Switch.EMAIL_SYNC,
}


async def options_of(by: Viewer, wish: ClientImport) -> Options:
    """One statement."""
    field_ids = {key_of_name(field.name): field.id for field in await email_field.of_firm(by)}
    columns = [column for column in wish.columns if column.email is not None]
    ids = {column.header: _id_of(column, field_ids) for column in columns}
    return Options(
        wish.toggles,
        _headings(wish),
        {column.email: ids[column.header] for column in columns if column.email},
        {
            ids[column.header]: column.email_field
            for column in columns
            if column.email_field and ids[column.header] not in field_ids.values()
        },
    )


def _id_of(column: ImportColumn, field_ids: dict[str, UUID]) -> UUID:
    """The field's id; for one that is to be made a provisional id, the same each time."""
    assert column.email is not None
    if column.email.id is not None:
        return column.email.id
    key = key_of_name(column.email.name or "")
    return field_ids.get(key) or uuid5(NAMESPACE_OID, key)


def _headings(wish: ClientImport) -> Headings:
    """Of several columns for one field, the first."""
    headers = {column.field: column.header for column in reversed(wish.columns) if column.field}
    return Headings(
        headers.get(ImportField.ACCOUNT_NAME),
        headers.get(ImportField.ACCOUNT_CODE),
        headers.get(ImportField.CONTACT_NAME),
        {switch: headers[field] for field, switch in _SWITCHES.items() if field in headers},
        {column.email: column.header for column in wish.columns if column.email},
    )
