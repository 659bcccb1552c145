"""Mailboxes and their health."""

from datetime import datetime
from uuid import UUID

import strawberry

from graph.context import Info, viewer_of
from graph.email import file_url
from graph.errors import Refusal, UserError
from graph.firm import TeamMember, member_of
from graph.ids import Kind, global_id
from graph.node import Node, reads
from models import mailbox
from models.links import FileKind
from models.mailbox import MailboxState, MailSecurity, SkipReason

strawberry.enum(MailSecurity, description="NONE: on the loopback of a demo only.")
strawberry.enum(MailboxState, description="RETRYING mends itself; NEEDS_ATTENTION waits for a person (R23).")
strawberry.enum(SkipReason, description="NOT_SWITCHED_ON: no address in it has Email sync on (R18).")


@strawberry.type
class MailServer:
    host: str
    port: int
    security: MailSecurity

    @classmethod
    def of(cls, view: mailbox.MailServer) -> "MailServer":
        return cls(host=view.host, port=view.port, security=view.security)


@strawberry.type(description="Of history, since Email sync was switched on somewhere.")
class Backfill:
    done: int
    total: int


@strawberry.type
class SkippedMessages:
    reason: SkipReason
    count: int


@strawberry.type(description="Could not be read, and is kept as it came. The reason is in plain words.")
class QuarantinedMessage:
    key: strawberry.Private[UUID]
    folder: str
    uid: int
    found_at: datetime
    reason: str

    @strawberry.field(description="Signed, good for an hour.")
    def raw_url(self, info: Info) -> str:
        return file_url(info, FileKind.QUARANTINE, self.key, "message.eml")


@strawberry.type(
    description="`onServer` = `stored` + `pending` + all `skipped` + `quarantined`; anything else is an `error` (R22)."
)
class MailboxHealth:
    view: strawberry.Private[mailbox.MailboxView]
    id: strawberry.ID
    state: MailboxState
    last_sync_at: datetime | None
    backfill: Backfill | None = strawberry.field(description="Null: none under way.")
    error: UserError | None = strawberry.field(description="Its `path` names the part of ConnectMailboxInput to mend.")

    @classmethod
    def of(cls, view: mailbox.MailboxView) -> "MailboxHealth":
        fault, filling = view.fault, view.backfill
        return cls(
            view=view,
            id=global_id(Kind.MAILBOX_HEALTH, view.id),
            state=view.state,
            last_sync_at=view.last_sync_at,
            backfill=Backfill(done=filling.done, total=filling.total) if filling else None,
            error=Refusal(message=fault.message, code=fault.code, path=list(fault.path)) if fault else None,
        )

    async def _figures(self, info: Info) -> mailbox.MailboxHealth:
        return await info.context.loaders.mailbox_health.load(self.view.id) or mailbox.MailboxHealth()

    @strawberry.field(
        description="Age of the oldest message on the server that is not here yet. Null before the first sync."
    )
    async def lag_seconds(self, info: Info) -> int | None:
        return (await self._figures(info)).lag_seconds if self.last_sync_at else None

    @strawberry.field
    async def on_server(self, info: Info) -> int:
        return (await self._figures(info)).on_server

    @strawberry.field
    async def stored(self, info: Info) -> int:
        return (await self._figures(info)).stored

    @strawberry.field
    async def pending(self, info: Info) -> int:
        return (await self._figures(info)).pending

    @strawberry.field
    async def skipped(self, info: Info) -> list[SkippedMessages]:
        return [SkippedMessages(reason=reason, count=n) for reason, n in (await self._figures(info)).skipped]

    @strawberry.field
    async def quarantined(self, info: Info) -> int:
        return (await self._figures(info)).quarantined

    @strawberry.field(description="The newest 100.")
    async def quarantine(self, info: Info) -> list[QuarantinedMessage]:
        return [
            QuarantinedMessage(key=one.id, folder=one.folder, uid=one.uid, found_at=one.found_at, reason=one.reason)
            for one in (await self._figures(info)).quarantine
        ]


@strawberry.type
class Mailbox(Node):
    owner_key: strawberry.Private[UUID | None]
    address: str
    username: str
    imap: MailServer
    smtp: MailServer
    sent_folder: str | None = strawberry.field(description="Null: found by itself.")
    health: MailboxHealth
    version: int

    @classmethod
    def of(cls, view: mailbox.MailboxView) -> "Mailbox":
        return cls(
            id=global_id(Kind.MAILBOX, view.id),
            owner_key=view.owner_id,
            address=view.address,
            username=view.username,
            imap=MailServer.of(view.imap),
            smtp=MailServer.of(view.smtp),
            sent_folder=view.sent_folder,
            health=MailboxHealth.of(view),
            version=view.version,
        )

    @strawberry.field(description="Null: shared by the firm.")
    async def owner(self, info: Info) -> TeamMember | None:
        return await member_of(info, self.owner_key) if self.owner_key else None


@reads(Kind.MAILBOX)
async def mailbox_of(info: Info, key: UUID) -> Mailbox | None:
    view = await info.context.loaders.mailbox.load(key)
    return Mailbox.of(view) if view else None


@strawberry.type
class MailboxQuery:
    @strawberry.field
    async def mailboxes(self, info: Info) -> list[Mailbox]:
        return [Mailbox.of(view) for view in await mailbox.of_firm(viewer_of(info))]
