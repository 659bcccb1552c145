"""The audit trail, for OWNER and ADMIN."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from graph.account import Account, account_of
from graph.address import PortalUser, portal_user_of
from graph.context import Info, viewer_of
from graph.errors import KINDS
from graph.firm import TeamMember, member_of
from graph.ids import NOTHING, Kind, global_id, parsed
from graph.inputs import asked_id, given
from graph.node import Node, node_of, reads
from graph.paging import Connection, Edge, connected, window_of
from models import journal
from models.ground.canonical import canonical
from models.journal import JournalFilter, JournalKind, Subject

strawberry.enum(JournalKind)
Viewer = Annotated[
    TeamMember | PortalUser,
    strawberry.union(
        "Viewer",
        description='Who is asking, or who did something. "The team" is any TeamMember, "a client" a PortalUser.',
    ),
]


@strawberry.type(description="`field` as this schema names it, values as text, secrets never.")
class JournalChange:
    field: str
    from_: str | None = strawberry.field(name="from")
    to: str | None


@strawberry.type
class JournalEntry(Node):
    entry: strawberry.Private[journal.Entry]
    kind: JournalKind
    occurred_at: datetime

    @classmethod
    def of(cls, entry: journal.Entry) -> "JournalEntry":
        return cls(
            id=global_id(Kind.JOURNAL_ENTRY, entry.id),
            entry=entry,
            kind=JournalKind(entry.kind),
            occurred_at=entry.occurred_at,
        )

    @strawberry.field(description="Null: the system itself.")
    async def actor(self, info: Info) -> Viewer | None:
        return await actor_of(info, self.entry)

    @strawberry.field
    async def account(self, info: Info) -> Account | None:
        return await account_of(info, self.entry.account_ids[0]) if self.entry.account_ids else None

    @strawberry.field(description="Null where it is gone.")
    async def subject(self, info: Info) -> Node | None:
        if self.entry.subject_type is None or self.entry.subject_id is None:
            return None
        return await node_of(info, global_id(KINDS[Subject(self.entry.subject_type)], self.entry.subject_id))

    @strawberry.field
    def changes(self) -> list[JournalChange]:
        return [JournalChange(field=one.field, from_=one.before, to=one.after) for one in self.entry.changes]


async def actor_of(info: Info, entry: journal.Entry) -> Viewer | None:
    """Who did it: a colleague, or a client; None: the system itself."""
    if entry.user_id:
        return await portal_user_of(info, entry.user_id)
    return await member_of(info, entry.member_id) if entry.member_id else None


@reads(Kind.JOURNAL_ENTRY)
async def entry_of(info: Info, key: UUID) -> JournalEntry | None:
    entry = await info.context.loaders.journal_entry.load(key)
    return JournalEntry.of(entry) if entry else None


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
    subject_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Any object: a contact, toggles, a mailbox."
    )
    actor_id: strawberry.ID | None = strawberry.UNSET
    since: datetime | None = strawberry.UNSET
    until: datetime | None = strawberry.UNSET

    def asked(self) -> JournalFilter:
        kinds, subject = given(self.kinds), given(self.subject_id)
        found = parsed(subject or "")
        return JournalFilter(
            kinds=None if kinds is None else tuple(kinds),
            account_id=asked_id(Kind.ACCOUNT, self.account_id),
            subject_id=None if subject is None else found[1] if found else UUID(int=0),
            actor_id=_person(self.actor_id),
            since=given(self.since),
            until=given(self.until),
        )


def _person(asked: strawberry.ID | None) -> UUID | None:
    """A colleague or a client; the id of nothing where it is of another kind."""
    wanted = given(asked)
    if wanted is None:
        return None
    found = parsed(wanted)
    return found[1] if found and found[0] in {Kind.TEAM_MEMBER, Kind.PORTAL_USER} else NOTHING


@strawberry.type
class JournalQuery:
    @strawberry.field(description="Newest first. OWNER and ADMIN only.")
    async def journal(
        self, info: Info, filter: JournalFilterInput | None = None, first: int | None = None, after: str | None = None
    ) -> JournalConnection:
        viewer = viewer_of(info)
        wanted = filter.asked() if filter else JournalFilter()
        about = canonical("journal", wanted)
        window = window_of(about, first=first, after=after)
        page = await journal.page(viewer, wanted, window)

        async def count() -> int:
            return await journal.count(viewer, wanted)

        return connected(  # type: ignore[no-any-return]
            JournalConnection, page, about, node=JournalEntry.of, count=count, edge=JournalEdge
        )
