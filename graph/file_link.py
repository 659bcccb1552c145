"""Links to files: for whoever asks, and good for a while."""

from uuid import UUID

from graph.context import Info, signed_in
from models import firm_key, links
from models.links import FileKind


async def file_url(info: Info, kind: FileKind, row_id: UUID, name: str) -> str:
    asker = signed_in(info.context)
    to = links.Opened(asker.firm_id, row_id, asker.session_id)
    return links.file_link(info.context.settings.base_url, kind, key=await firm_key.of(asker.firm_id), to=to, name=name)
