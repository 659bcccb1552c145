"""How an import is getting on, live."""

from collections.abc import AsyncGenerator

import strawberry

from graph.client_import import Import
from graph.context import Info
from graph.errors import must_be_team
from graph.ids import Kind, key_of
from graph.state import State, latest, tells_of
from models.client_import import ClientImportView
from models.journal import FeedKind


@strawberry.type
class ImportSubscription:
    @strawberry.subscription(description="Completes when the import has ended.")
    async def import_progress(self, info: Info, id: strawberry.ID) -> AsyncGenerator[Import, None]:
        must_be_team(info.context, "Only the firm's team may follow this.")
        key = key_of(Kind.IMPORT, id)

        async def read() -> ClientImportView | None:
            return await info.context.loaders.client_import.load(key)

        run = State(
            read=read,
            moved_by=tells_of(key, FeedKind.RUN_MOVED),
            has_ended=lambda view: view.has_ended,
            missing="There is no such import.",
        )
        async for view in latest(info, run):
            yield Import.of(view)
