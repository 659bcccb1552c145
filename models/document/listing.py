"""Documents as the team sees them: one statement a list."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models.ground import store
from models.ground.page import Order, Page, Window, count_of_each, page_of_each
from models.ground.page import page as read_page
from models.viewer import System, Viewer

NEWEST_FIRST = Order("NEWEST_FIRST", "d.created_at", "timestamptz", descending=True, id_column="d.id")
_COLUMNS = "d.id, d.account_id, d.email_id, d.attachment_id, d.name, d.content_type, d.size, d.created_at"
Reader = Viewer | System
"""The team; or the system, for a client who may see these rows (models/portal)."""


@dataclass(frozen=True, slots=True)
class DocumentView:
    """`size` in bytes. `email_id` None: the message that it was saved from has been forgotten."""

    id: UUID
    account_id: UUID
    email_id: UUID | None
    attachment_id: UUID | None
    name: str
    content_type: str
    size: int
    created_at: datetime


async def of_accounts(by: Viewer, account_ids: Sequence[UUID], window: Window) -> dict[UUID, Page[DocumentView]]:
    """A page for each account, newest first, in one statement."""
    select = f"SELECT {_COLUMNS}, {{sort}} FROM document d WHERE d.firm_id = $1 AND d.account_id = {{parent}}"
    return await page_of_each(account_ids, select, [by.firm_id], order=NEWEST_FIRST, window=window, read=_view)


async def counts_of_accounts(by: Viewer, account_ids: Sequence[UUID]) -> dict[UUID, int]:
    return await count_of_each(by.firm_id, account_ids, "document", "account_id")


async def page_where(source: str, args: Sequence[object], window: Window) -> Page[DocumentView]:
    """Newest first. `source`: SQL after FROM, which begins with `document d`."""
    select = f"SELECT {_COLUMNS}, {{sort}} FROM {source}"
    return await read_page(select, args, order=NEWEST_FIRST, window=window, read=_view)


async def by_ids(by: Reader, ids: Sequence[UUID]) -> dict[UUID, DocumentView]:
    query = f"SELECT {_COLUMNS} FROM document d WHERE d.firm_id = $1 AND d.id = ANY($2::uuid[])"
    return {document["id"]: _view(document) for document in await store.rows(query, by.firm_id, list(ids))}


async def of_attachments(by: Viewer, attachment_ids: Sequence[UUID]) -> dict[UUID, list[DocumentView]]:
    query = f"""SELECT {_COLUMNS} FROM document d
      WHERE d.firm_id = $1 AND d.attachment_id = ANY($2::uuid[]) ORDER BY d.created_at, d.id"""
    grouped: dict[UUID, list[DocumentView]] = defaultdict(list)
    for document in await store.rows(query, by.firm_id, list(attachment_ids)):
        grouped[document["attachment_id"]].append(_view(document))
    return grouped


def _view(document: Any) -> DocumentView:
    return DocumentView(*(document[name] for name in DocumentView.__slots__))
