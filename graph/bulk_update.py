"""Bulk updates and their undos, as the team sees them (R25 to R31)."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

import strawberry

from graph.bulk_update_report import BulkUpdateReport, ItemsOfRun, report_of
from graph.context import Context, Info, viewer_of
from graph.engine.completion import Shows, made, relation
from graph.file_link import file_url
from graph.firm import TeamMember
from graph.ids import Kind, key_of
from graph.loaders import Loaders, there
from graph.node import Node, made_id, reads
from graph.paging import Connection, connected, window_of
from models import bulk_update
from models.bulk_update import BulkUpdateView
from models.ground.canonical import canonical
from models.links import FileKind
from models.run import RunStatus

strawberry.enum(RunStatus)


def _report(parent: strawberry.Parent[BulkUpdateView]) -> BulkUpdateReport:
    return report_of(parent.summary, ItemsOfRun(parent.id))


@strawberry.type
class BulkUpdate(Node, Shows[BulkUpdateView]):
    id: strawberry.ID = made_id(Kind.BULK_UPDATE)
    status: RunStatus
    report: BulkUpdateReport = made(_report)
    started_at: datetime
    ended_at: datetime | None

    @strawberry.field(
        description="The errors as a file: a signed link, good for an hour, and no longer than the session. Null until"
        " the run has ended."
    )
    @staticmethod
    async def errors_csv_url(parent: strawberry.Parent[BulkUpdateView], info: Info) -> str | None:
        return await file_url(info, FileKind.BULK_UPDATE_ERRORS, parent.id, "errors.csv") if parent.ended_at else None

    @relation
    @staticmethod
    async def started_by(runs: Sequence[BulkUpdateView], context: Context) -> list[TeamMember]:
        return TeamMember.of_all(await there(context.loaders.member, [run.started_by for run in runs]))

    @relation
    @staticmethod
    async def undoes(runs: Sequence[BulkUpdateView], context: Context) -> list["BulkUpdate | None"]:
        return await _those(context.loaders, [run.undoes for run in runs])

    @relation
    @staticmethod
    async def undone_by(runs: Sequence[BulkUpdateView], context: Context) -> list["BulkUpdate | None"]:
        return await _those(context.loaders, [run.undone_by for run in runs])


async def _those(loaders: Loaders, keys: Sequence[UUID | None]) -> list[BulkUpdate | None]:
    runs = {view.id: BulkUpdate.of(view) for view in await there(loaders.bulk_update, [key for key in keys if key])}
    return [runs[key] if key else None for key in keys]


@reads(Kind.BULK_UPDATE)
async def bulk_update_of(info: Info, key: UUID) -> BulkUpdate | None:
    return BulkUpdate.of(await info.context.loaders.bulk_update.load(key))


@strawberry.type
class BulkUpdateQuery:
    @strawberry.field
    async def bulk_update(self, info: Info, id: strawberry.ID) -> BulkUpdate | None:
        return await bulk_update_of(info, key_of(Kind.BULK_UPDATE, id))

    @strawberry.field(description="Newest first.")
    async def bulk_updates(
        self, info: Info, first: int | None = None, after: str | None = None
    ) -> Connection[BulkUpdate]:
        viewer = viewer_of(info)
        about = canonical("bulk updates", ())
        page = await bulk_update.page(viewer, window_of(about, first=first, after=after))
        count = partial(bulk_update.count, viewer)
        return connected(Connection[BulkUpdate], page, about, node=BulkUpdate.of, count=count)
