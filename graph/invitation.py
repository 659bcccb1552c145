"""An invitation: what became of it."""

from datetime import datetime
from uuid import UUID

import strawberry

from graph.context import Info
from graph.engine.completion import Shows
from graph.ids import Kind
from graph.node import Node, made_id, reads
from models.invitation import InvitationState, InvitationView

strawberry.enum(
    InvitationState,
    description="NOT_SENT: Login is on and no letter has left yet. ACCEPTED: at once, where the person had activated"
    " before (R8).",
)


@strawberry.type
class Invitation(Node, Shows[InvitationView]):
    id: strawberry.ID = made_id(Kind.INVITATION)
    state: InvitationState
    sent_at: datetime | None
    expires_at: datetime | None


@reads(Kind.INVITATION)
async def invitation_of(info: Info, key: UUID) -> Invitation | None:
    return Invitation.of(await info.context.loaders.invitation.load(key))
