"""Clients are imported from a file that was uploaded (R40)."""

import strawberry

from graph.client_import import Import, import_of
from graph.context import Info, viewer_of
from graph.errors import Payload, cursor_of, refusable
from graph.ids import Kind, key_of
from graph.inputs import given, optional
from graph.links import EmailFieldInput
from graph.toggles import NewTogglesInput
from models import client_import
from models.client_import import ImportField, NewImport, Target
from models.toggles import NewToggles


@strawberry.input(one_of=True)
class ImportTargetInput:
    field: ImportField | None = strawberry.UNSET
    email: EmailFieldInput | None = strawberry.UNSET

    def asked(self) -> Target:
        if (email := given(self.email)) is not None:
            return email.asked()
        field = given(self.field)
        assert field is not None, "one of the two is given"
        return field


@strawberry.input
class ImportColumnInput:
    header: str
    into: ImportTargetInput


@strawberry.input
class ImportClientsInput:
    upload_id: strawberry.ID = strawberry.field(description="From POST /uploads.")
    columns: list[ImportColumnInput] | None = optional(
        "Those not named are left out; absent: as guessed, see the `columns` of the answer."
    )
    toggles: NewTogglesInput | None = optional("For every address of the file; a row's own columns come before it.")
    dry_run: bool = False
    idempotency_key: str | None = strawberry.UNSET

    def asked(self) -> NewImport:
        columns, toggles = given(self.columns), given(self.toggles)
        return NewImport(
            key_of(Kind.UPLOAD, self.upload_id),
            None if columns is None else tuple((column.header, column.into.asked()) for column in columns),
            NewToggles() if toggles is None else toggles.asked(),
            self.dry_run,
        )


@strawberry.type
class ImportClientsPayload(Payload):
    import_: Import | None = strawberry.field(name="import", default=None)


@strawberry.type
class ImportMutation:
    @strawberry.mutation
    @refusable(ImportClientsPayload)
    async def import_clients(self, info: Info, input: ImportClientsInput) -> ImportClientsPayload:
        done = await client_import.start(viewer_of(info), input.asked(), key=given(input.idempotency_key))
        return ImportClientsPayload(import_=await import_of(info, done.ids[0]), cursor=cursor_of(done))
