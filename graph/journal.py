"""The audit trail, for OWNER and ADMIN."""

from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

import strawberry

from graph.account import Account, account_of
from graph.address import PortalUser, portal_user_of
from graph.bulk_update import BulkUpdate, bulk_update_of
from graph.context import Info, viewer_of
from graph.engine.completion import Shows, made
from graph.errors import KINDS
from graph.firm import TeamMember, member_of
from graph.ids import NOTHING, Kind, global_id, parsed
from graph.inputs import asked_id, given, optional
from graph.node import Node, made_id, node_of, reads
from graph.paging import Connection, Edge, connected, window_of
from models import journal
from models.ground.canonical import canonical
from models.journal import JournalFilter, JournalKind, Subject
from models.viewer import JournalSource

strawberry.enum(JournalKind)
strawberry.enum(
    JournalSource,
    description="By what somebody came. An API token's entries of 0.1 say SESSION.",
)
Viewer = Annotated[
    TeamMember | PortalUser,
    strawberry.union(
        "Viewer",
        description='Who is asking, or who did something. "The team" is any TeamMember, "a client" a PortalUser.',
    ),
]


def _before(parent: strawberry.Parent[journal.Change]) -> str | None:
    return parent.before


def _after(parent: strawberry.Parent[journal.Change]) -> str | None:
    return parent.after


def _kind(parent: strawberry.Parent[journal.Entry]) -> JournalKind:
    return JournalKind(parent.kind)


@strawberry.type(description="`field` as this schema names it, values as text, secrets never.")
class JournalChange(Shows[journal.Change]):
    field: str
    from_: str | None = made(_before, name="from")
    to: str | None = made(_after)


@strawberry.type
class JournalEntry(Node, Shows[journal.Entry]):
    id: strawberry.ID = made_id(Kind.JOURNAL_ENTRY)
    kind: JournalKind = made(_kind)
    occurred_at: datetime

    by: JournalSource

    @strawberry.field(description="Null: the system itself, or whoever holds a letter's link; `by` says which.")
    @staticmethod
    async def actor(parent: strawberry.Parent[journal.Entry], info: Info) -> Viewer | None:
        return await actor_of(info, parent)

    @strawberry.field
    @staticmethod
    async def account(parent: strawberry.Parent[journal.Entry], info: Info) -> Account | None:
        return await account_of(info, parent.account_ids[0]) if parent.account_ids else None

    @strawberry.field(description="Null where it is gone.")
    @staticmethod
    async def subject(parent: strawberry.Parent[journal.Entry], info: Info) -> Node | None:
        if parent.subject_type is None or parent.subject_id is None:
            return None
        return await node_of(info, global_id(KINDS[Subject(parent.subject_type)], parent.subject_id))

    @strawberry.field
    @staticmethod
    def changes(parent: strawberry.Parent[journal.Entry]) -> list[JournalChange]:
        return JournalChange.of_all(parent.changes)

    @strawberry.field
    @staticmethod
    async def bulk_update(parent: strawberry.Parent[journal.Entry], info: Info) -> BulkUpdate | None:
        return await bulk_update_of(info, parent.run_id) if parent.run_id else None


async def actor_of(info: Info, entry: journal.Entry) -> Viewer | None:
    """A colleague or a client; None: the system, or whoever holds a letter's link."""
    if entry.user_id:
        return await portal_user_of(info, entry.user_id)
    return await member_of(info, entry.member_id) if entry.member_id else None


@reads(Kind.JOURNAL_ENTRY)
async def entry_of(info: Info, key: UUID) -> JournalEntry | None:
    return JournalEntry.of(await info.context.loaders.journal_entry.load(key))


@strawberry.type
class JournalEdge(Edge[JournalEntry]):
    pass


@strawberry.type
class JournalConnection(Connection[JournalEntry]):
    edges: list[JournalEdge]  # type: ignore[assignment]  # named so in the schema; it has the same fields


@strawberry.input(name="JournalFilter")
class JournalFilterInput:
    kinds: list[JournalKind] | None = strawberry.UNSET
    account_id: strawberry.ID | None = strawberry.UNSET
    subject_id: strawberry.ID | None = optional("Any object: a contact, toggles, a mailbox.")
    actor_id: strawberry.ID | None = strawberry.UNSET
    bulk_update_id: strawberry.ID | None = strawberry.UNSET
    since: datetime | None = strawberry.UNSET
    until: datetime | None = strawberry.UNSET

    def asked(self) -> JournalFilter:
        kinds, subject = given(self.kinds), given(self.subject_id)
        parts = parsed(subject or "")
        return JournalFilter(
            kinds=None if kinds is None else tuple(kinds),
            account_id=asked_id(Kind.ACCOUNT, self.account_id),
            subject_id=None if subject is None else parts[1] if parts else UUID(int=0),
            actor_id=_person(self.actor_id),
            bulk_update_id=asked_id(Kind.BULK_UPDATE, self.bulk_update_id),
            since=given(self.since),
            until=given(self.until),
        )


def _person(id: strawberry.ID | None) -> UUID | None:
    """The key of a colleague or a client; NOTHING for another kind."""
    id_given = given(id)
    if id_given is None:
        return None
    parts = parsed(id_given)
    return parts[1] if parts and parts[0] in {Kind.TEAM_MEMBER, Kind.PORTAL_USER} else NOTHING


@strawberry.type
class JournalQuery:
    @strawberry.field(description="Newest first. OWNER and ADMIN only.")
    async def journal(
        self, info: Info, filter: JournalFilterInput | None = None, first: int | None = None, after: str | None = None
    ) -> JournalConnection:
        viewer = viewer_of(info)
        condition = filter.asked() if filter else JournalFilter()
        about = canonical("journal", condition)
        window = window_of(about, first=first, after=after)
        page = await journal.page(viewer, condition, window)
        count = partial(journal.count, viewer, condition)
        return connected(JournalConnection, page, about, node=JournalEntry.of, count=count, edge=JournalEdge)
