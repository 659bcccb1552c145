"""How bulk updates and imports are getting on, live."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import strawberry

from graph.bulk_update import BulkUpdate
from graph.client_import import Import
from graph.context import Info
from graph.engine.completion import Shows, made
from graph.errors import must_be_team
from graph.ids import Kind, key_of
from graph.state import State, latest, tells_of
from models.bulk_update import BulkUpdateView
from models.client_import import ClientImportView
from models.journal import FeedKind

View = TypeVar("View", BulkUpdateView, ClientImportView)


def _bulk_update(parent: strawberry.Parent[BulkUpdateView]) -> BulkUpdate:
    return BulkUpdate.of(parent)


@strawberry.type(description="In items; `total` is 0 until they are planned.")
class BulkUpdateProgress(Shows[BulkUpdateView]):
    bulk_update: BulkUpdate = made(_bulk_update)
    done: int
    total: int


@strawberry.type
class RunSubscription:
    @strawberry.subscription(description="Completes when the run has ended.")
    async def bulk_update_progress(self, info: Info, id: strawberry.ID) -> AsyncGenerator[BulkUpdateProgress, None]:
        must_be_team(info.context, _TEAM)
        run = _run(key_of(Kind.BULK_UPDATE, id), lambda key: info.context.loaders.bulk_update.load(key), "bulk update")
        async for view in latest(info, run):
            yield BulkUpdateProgress.of(view)

    @strawberry.subscription(description="Completes when the import has ended.")
    async def import_progress(self, info: Info, id: strawberry.ID) -> AsyncGenerator[Import, None]:
        must_be_team(info.context, _TEAM)
        run = _run(key_of(Kind.IMPORT, id), lambda key: info.context.loaders.client_import.load(key), "import")
        async for view in latest(info, run):
            yield Import.of(view)


_TEAM = "Only the firm's team may follow this."


def _run(key: UUID, read: Callable[[UUID], Awaitable[View | None]], name: str) -> State[View]:
    return State(
        read=lambda: read(key),
        moved_by=tells_of(key, FeedKind.RUN_MOVED),
        has_ended=lambda view: view.has_ended,
        missing=f"There is no such {name}.",
    )
