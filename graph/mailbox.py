"""Mailboxes and their health."""

from datetime import datetime
from uuid import UUID

import strawberry

from graph.context import Info, viewer_of
from graph.engine.completion import Shows, made
from graph.errors import Refusal, UserError
from graph.file_link import file_url
from graph.firm import TeamMember, member_of
from graph.ids import Kind
from graph.node import Node, made_id, reads
from models import mailbox
from models.links import FileKind
from models.mailbox import MailboxState, MailSecurity, SkipReason

strawberry.enum(MailSecurity, description="NONE: on the loopback of a demo only.")
strawberry.enum(MailboxState, description="RETRYING mends itself; NEEDS_ATTENTION waits for a person (R23).")
strawberry.enum(SkipReason, description="NOT_SWITCHED_ON: no address in it has Email sync on (R18).")


@strawberry.type
class MailServer(Shows[mailbox.MailServer]):
    host: str
    port: int
    security: MailSecurity


@strawberry.type(description="Of history, since Email sync was switched on somewhere.")
class Backfill(Shows[mailbox.Backfill]):
    done: int
    total: int


@strawberry.type(
    description="`why` in plain words: why it is left out, or what is wrong with it alone;"
    " the other folders go on (R22)."
)
class MailFolder(Shows[mailbox.FolderHealth]):
    name: str
    synced: bool
    why: str | None
    on_server: int
    stored: int
    pending: int
    skipped: int
    quarantined: int


@strawberry.type
class SkippedMessages:
    reason: SkipReason
    count: int


@strawberry.type(description="Could not be read, and is kept as it came. The reason is in plain words.")
class QuarantinedMessage(Shows[mailbox.Quarantined]):
    folder: str
    uid: int
    found_at: datetime
    reason: str

    @strawberry.field(description="Signed, good for an hour.")
    @staticmethod
    async def raw_url(parent: strawberry.Parent[mailbox.Quarantined], info: Info) -> str:
        return await file_url(info, FileKind.QUARANTINE, parent.id, "message.eml")


def _error(parent: strawberry.Parent[mailbox.MailboxView]) -> UserError | None:
    fault = parent.fault
    return Refusal(message=fault.message, code=fault.code, path=list(fault.path)) if fault else None


async def _figures(info: Info, view: mailbox.MailboxView) -> mailbox.MailboxHealth:
    """A subscription has read those of all its mailboxes together; else a loader does."""
    return view.figures or await info.context.loaders.mailbox_health.load(view.id) or mailbox.MailboxHealth()


@strawberry.type(
    description="`onServer` = `stored` + `pending` + all `skipped` + `quarantined`; anything else is an `error` (R22)."
)
class MailboxHealth(Shows[mailbox.MailboxView]):
    id: strawberry.ID = made_id(Kind.MAILBOX_HEALTH)
    state: MailboxState
    last_sync_at: datetime | None
    backfill: Backfill | None = strawberry.field(description="Null: none under way.")
    error: UserError | None = made(_error, description="Its `path` names the part of ConnectMailboxInput to mend.")

    @strawberry.field(
        description="Age of the oldest message on the server that is not here yet. Null before the first sync."
    )
    @staticmethod
    async def lag_seconds(parent: strawberry.Parent[mailbox.MailboxView], info: Info) -> int | None:
        return (await _figures(info, parent)).lag_seconds if parent.last_sync_at else None

    @strawberry.field
    @staticmethod
    async def on_server(parent: strawberry.Parent[mailbox.MailboxView], info: Info) -> int:
        return (await _figures(info, parent)).on_server

    @strawberry.field
    @staticmethod
    async def stored(parent: strawberry.Parent[mailbox.MailboxView], info: Info) -> int:
        return (await _figures(info, parent)).stored

    @strawberry.field
    @staticmethod
    async def pending(parent: strawberry.Parent[mailbox.MailboxView], info: Info) -> int:
        return (await _figures(info, parent)).pending

    @strawberry.field
    @staticmethod
    async def skipped(parent: strawberry.Parent[mailbox.MailboxView], info: Info) -> list[SkippedMessages]:
        return [SkippedMessages(reason=reason, count=n) for reason, n in (await _figures(info, parent)).skipped]

    @strawberry.field
    @staticmethod
    async def quarantined(parent: strawberry.Parent[mailbox.MailboxView], info: Info) -> int:
        return (await _figures(info, parent)).quarantined

    @strawberry.field(description="All of the mailbox, those left out too.")
    @staticmethod
    async def folders(parent: strawberry.Parent[mailbox.MailboxView], info: Info) -> list[MailFolder]:
        return MailFolder.of_all((await _figures(info, parent)).folders)

    @strawberry.field(description="The newest 100.")
    @staticmethod
    async def quarantine(parent: strawberry.Parent[mailbox.MailboxView], info: Info) -> list[QuarantinedMessage]:
        return QuarantinedMessage.of_all((await _figures(info, parent)).quarantine)


def _health(parent: strawberry.Parent[mailbox.MailboxView]) -> MailboxHealth:
    return MailboxHealth.of(parent)


@strawberry.type
class Mailbox(Node, Shows[mailbox.MailboxView]):
    id: strawberry.ID = made_id(Kind.MAILBOX)
    address: str
    username: str
    imap: MailServer
    smtp: MailServer
    sent_folder: str | None = strawberry.field(description="Null: found by itself.")
    folders_left_out: list[str]
    keeps_sent: bool | None = strawberry.field(
        description="The server keeps its own copy of what is sent. Null: found out by itself."
    )
    health: MailboxHealth = made(_health)
    version: int

    @strawberry.field(description="Null: shared by the firm.")
    @staticmethod
    async def owner(parent: strawberry.Parent[mailbox.MailboxView], info: Info) -> TeamMember | None:
        return await member_of(info, parent.owner_id) if parent.owner_id else None


@reads(Kind.MAILBOX)
async def mailbox_of(info: Info, key: UUID) -> Mailbox | None:
    return Mailbox.of(await info.context.loaders.mailbox.load(key))


@strawberry.type
class MailboxQuery:
    @strawberry.field
    async def mailboxes(self, info: Info) -> list[Mailbox]:
        return Mailbox.of_all(await mailbox.of_firm(viewer_of(info)))
