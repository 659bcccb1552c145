"""How a bulk update is getting on, live."""

from collections.abc import AsyncGenerator

import strawberry

from graph.bulk_update import BulkUpdate
from graph.context import Info
from graph.engine.completion import Shows, made
from graph.errors import must_be_team
from graph.ids import Kind, key_of
from graph.state import State, latest, tells_of
from models.bulk_update import BulkUpdateView
from models.journal import FeedKind


def _bulk_update(parent: strawberry.Parent[BulkUpdateView]) -> BulkUpdate:
    return BulkUpdate.of(parent)


@strawberry.type(description="In items; `total` is 0 until they are planned.")
class BulkUpdateProgress(Shows[BulkUpdateView]):
    bulk_update: BulkUpdate = made(_bulk_update)
    done: int
    total: int


@strawberry.type
class BulkUpdateSubscription:
    @strawberry.subscription(description="Completes when the run has ended.")
    async def bulk_update_progress(self, info: Info, id: strawberry.ID) -> AsyncGenerator[BulkUpdateProgress, None]:
        must_be_team(info.context, "Only the firm's team may follow this.")
        key = key_of(Kind.BULK_UPDATE, id)

        async def read() -> BulkUpdateView | None:
            return await info.context.loaders.bulk_update.load(key)

        run = State(
            read=read,
            moved_by=tells_of(key, FeedKind.RUN_MOVED),
            has_ended=lambda view: view.has_ended,
            missing="There is no such bulk update.",
        )
        async for view in latest(info, run):
            yield BulkUpdateProgress.of(view)
