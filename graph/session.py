"""Where a colleague is signed in."""

from datetime import datetime

import strawberry

from graph.engine.completion import Shows
from graph.ids import Kind
from graph.node import made_id
from models.session import SessionView


@strawberry.type
class Session(Shows[SessionView]):
    id: strawberry.ID = made_id(Kind.SESSION)
    created_at: datetime
    last_used_at: datetime | None = strawberry.field(
        description="To the minute. Unused it ends, after 14 days where the installation says nothing else; an open"
        " socket is a use."
    )
    device: str | None = strawberry.field(description="The User-Agent that signed in.")
    current: bool = strawberry.field(description="The one that asks.")
