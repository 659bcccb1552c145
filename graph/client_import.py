"""Imports of clients, as the team sees them (R40)."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

import strawberry

from graph.context import Context, Info, viewer_of
from graph.engine.completion import Shows, made, relation
from graph.file_link import file_url
from graph.firm import TeamMember
from graph.ids import Kind
from graph.loaders import there
from graph.node import Node, made_id, reads
from graph.paging import Connection, connected, window_of
from models import client_import
from models.client_import import ClientImportView, ImportField, RowError
from models.errors import ErrorCode
from models.ground.canonical import canonical
from models.links import FileKind
from models.run import RunStatus

strawberry.enum(ImportField, description="LOGIN, NOTIFY, EMAIL_SYNC: yes or no, for all addresses of the row.")


@strawberry.type(
    description="`samples` are its first values. `emailField` names one that is there or will be made; neither: left"
    " out."
)
class ImportColumn(Shows[client_import.ImportColumn]):
    header: str
    samples: list[str]
    field: ImportField | None
    email_field: str | None


def _columns(parent: strawberry.Parent[ClientImportView]) -> list[ImportColumn]:
    return ImportColumn.of_all(parent.columns)


@strawberry.type(name="ImportError", description="Row 1 is the first after the header. No column: the row as a whole.")
class RowErrorOfImport(Shows[RowError]):
    row: int
    column: str | None
    code: ErrorCode
    message: str


@strawberry.type
class Import(Node, Shows[ClientImportView]):
    id: strawberry.ID = made_id(Kind.IMPORT)
    status: RunStatus
    dry_run: bool
    columns: list[ImportColumn] = made(_columns)
    warnings: list[str] = strawberry.field(
        description="About the file as a whole, in plain words, such as an encoding that had to be guessed."
    )
    rows: int
    rows_done: int
    rows_created: int
    rows_matched: int
    rows_with_errors: int
    accounts_created: int
    contacts_created: int
    contacts_matched: int
    invited: int
    started_at: datetime
    ended_at: datetime | None

    @strawberry.field(description="By row; `totalCount` counts errors, and a row may have several.")
    @staticmethod
    async def row_errors(
        parent: strawberry.Parent[ClientImportView], info: Info, first: int | None = None, after: str | None = None
    ) -> Connection[RowErrorOfImport]:
        about = canonical("errors of an import", {"id": parent.id})
        window = window_of(about, first=first, after=after)
        loaders = info.context.loaders
        page = await loaders.import_errors.load((parent.id, window))
        count = partial(loaders.import_error_count.load, (parent.id, None))
        return connected(Connection[RowErrorOfImport], page, about, node=RowErrorOfImport.of, count=count)

    @strawberry.field(
        description="Rows with errors, to mend and import again: a signed link, good for an hour, and no longer than"
        " the session. Null: none, or it has not ended."
    )
    @staticmethod
    async def bad_rows_csv_url(parent: strawberry.Parent[ClientImportView], info: Info) -> str | None:
        if not parent.has_ended or not parent.rows_with_errors:
            return None
        return await file_url(info, FileKind.ROWS_TO_MEND, parent.id, "rows-to-mend.csv")

    @relation
    @staticmethod
    async def started_by(imports: Sequence[ClientImportView], context: Context) -> list[TeamMember]:
        return TeamMember.of_all(
            await there(context.loaders.member, [client_import.started_by for client_import in imports])
        )


@reads(Kind.IMPORT)
async def import_of(info: Info, key: UUID) -> Import | None:
    return Import.of(await info.context.loaders.client_import.load(key))


@strawberry.type
class ImportQuery:
    @strawberry.field(description="Newest first.")
    async def imports(self, info: Info, first: int | None = None, after: str | None = None) -> Connection[Import]:
        viewer = viewer_of(info)
        about = canonical("imports", ())
        page = await client_import.page(viewer, window_of(about, first=first, after=after))
        count = partial(client_import.count, viewer)
        return connected(Connection[Import], page, about, node=Import.of, count=count)
