"""Contacts whose addresses change, and what an account's screen then lists."""

from uuid import UUID

from models import contact, toggles
from models.contact import ContactEmail, FieldRef
from models.viewer import Viewer
from tests.support.firm.factories import MadeAccount, spelled


async def edit(by: Viewer, contact_id: UUID, **fields: str | None) -> list[UUID]:
    """`email="new@x.test"` puts it into the field Email; `work`, `spouse` alike."""
    names = {"email": "Email", "work": "Work email", "spouse": "Spouse email"}
    emails = [ContactEmail(FieldRef(name=names[field]), text) for field, text in fields.items()]
    return list((await contact.update(by, contact_id, emails=emails)).ids[1:])


async def shown(by: Viewer, made: MadeAccount) -> dict[str, str]:
    """What the account's screen lists: by address its switches, and `?` where nobody holds it."""
    views = (await toggles.of_accounts(by, [made.id])).get(made.id, [])
    return {
        view.address.address: await spelled(by, made.id, view.address.id) + ("" if view.held else "?") for view in views
    }
