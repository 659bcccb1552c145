"""
A client's Documents: of the account in use, those saved from e-mails that it may see there (R19, R20), and no others:
what another recipient sent to the firm is theirs.
"""

from collections.abc import Sequence
from uuid import UUID

from models import document
from models.document import DocumentView
from models.ground import store
from models.ground.page import Page, Window
from models.portal.emails import SEEN, about
from models.viewer import Client

_SOURCE = f"""document d JOIN email_account l
  ON l.firm_id = d.firm_id AND l.account_id = d.account_id AND l.email_id = d.email_id
WHERE d.firm_id = $1 AND d.account_id = $2 AND {SEEN}"""


async def page(by: Client, window: Window) -> Page[DocumentView]:
    """Newest first."""
    return await document.page_where(_SOURCE, about(by), window)


async def count(by: Client) -> int:
    documents: int = await store.value(f"SELECT count(*) FROM {_SOURCE}", *about(by))
    return documents


async def by_ids(by: Client, ids: Sequence[UUID]) -> dict[UUID, DocumentView]:
    """Those that the client may see now."""
    window = Window(size=len(ids))
    visible = await document.page_where(f"{_SOURCE} AND d.id = ANY($4::uuid[])", [*about(by), list(ids)], window)
    return {view.id: view for view in visible.rows}
