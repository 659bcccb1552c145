"""What a resolver knows: who asks, the loaders, and how the request came."""

import re
from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID, uuid4

import orjson
import strawberry

from graph.client_loaders import ClientLoaders
from graph.engine.transport import Call, Follower, RequestCode, RequestError, Sockets
from graph.ids import NOTHING
from graph.loaders import Loaders
from models import session
from models.ground.settings import Settings
from models.viewer import Asker, Client, TeamRole, Viewer

if TYPE_CHECKING:
    from graph.process.budget import Budget
    from graph.process.doorkeeper import Doorkeeper
    from graph.process.metrics import Metrics


@dataclass(eq=False)
class Context:
    """`viewer` None: signed out. Belongs to one operation, or one event: `renew` makes that of the next event."""

    settings: Settings
    call: Call
    sockets: Sockets
    budget: "Budget"
    doorkeeper: "Doorkeeper"
    viewer: Asker | None = None
    metrics: "Metrics | None" = None
    follower: Follower = field(default_factory=Follower)
    _loaders: Loaders | None = field(default=None, repr=False)

    @property
    def holder(self) -> Asker | None:
        """Whose socket it is, with the rights of when it opened (graph.process.revocation)."""
        return self.viewer

    @property
    def loaders(self) -> Loaders:
        if self._loaders is None:
            asker = signed_in(self)
            team = _of_team(asker)
            self._loaders = ClientLoaders(asker, team) if isinstance(asker, Client) else Loaders(team)
        return self._loaders

    def forget(self) -> None:
        """Drops what the loaders have read, since something has changed."""
        self._loaders = None

    def group(self, text: str, variables: Mapping[str, Any]) -> Hashable | None:
        """Who shares a subscription: the firm, or the person where each sees their own. None: nobody."""
        if not isinstance(self.viewer, Viewer) or any(name in text for name in (*BY_RIGHTS, *ALONE)):
            return None
        declared = VARIABLES.findall(text)
        cursors = {name for name, kind in declared if kind == "Cursor"}  # where each begins is its own affair
        values = {name for name, kind in declared if kind != "Cursor"}  # of another operation, it may be
        differing = {name: value for name, value in variables.items() if name not in cursors - values}
        key = orjson.dumps(differing, option=orjson.OPT_SORT_KEYS)
        return self.viewer.firm_id, self.viewer.member_id if _is_personal(text) else None, key.decode()

    def of_group(self, text: str) -> Self:
        """The same with the rights that all of the team have, or as this person where each sees their own."""
        viewer = _of_team(signed_in(self))
        member = viewer.member_id if _is_personal(text) else NOTHING
        nobody = Viewer(viewer.firm_id, member, uuid4(), TeamRole.EMPLOYEE, manage_accounts=False)
        return replace(self, viewer=nobody, follower=self.follower.of_group(), _loaders=None)

    async def authorise(self) -> None:
        """
        Reads session and rights anew for each delivery; all deliveries of a moment in one statement.

        Raises RequestError where the session has ended; ACCOUNT_SWITCHED where a client works in another account than
        when this began.
        """
        if self.follower.for_group:
            return
        before = signed_in(self)
        self.viewer = await self.doorkeeper.still(before)
        if self.viewer is None:
            raise RequestError(RequestCode.UNAUTHENTICATED, "The session has ended. Sign in again.")
        if account_of(self.viewer) != account_of(before):
            message = "You work in another account now, or may no longer enter this one. Subscribe again."
            raise RequestError(RequestCode.ACCOUNT_SWITCHED, message)

    async def authorise_all(self, members: Sequence[Self]) -> set[Self]:
        askers = {(asker := signed_in(member)).session_id: asker for member in members}
        still = {asker.session_id for asker in await session.still_all(askers.values())} if askers else set()
        return {member for member in members if signed_in(member).session_id in still}

    def place(self) -> AbstractContextManager[None]:
        return self.budget.place(signed_in(self).session_id, subscribes=True)

    def renew(self) -> Self:
        return replace(self, _loaders=None)


PERSONAL = (
    "inboxNotifications",
    "unreadCount",
    "accountColumns",
    "notificationSettings",
    "sessions",
    "recoveryCodesLeft",
)
"""Fields that show each person something else: only that person's subscriptions are shared."""
BY_RIGHTS = ("apiTokens", "twoFactor", "url", "rawUrl", "errorsCsvUrl")
"""Fields that depend on rights, or hold a link for one person: a subscription with one of these is not shared."""
ALONE = ("mailboxHealth",)
"""Never shared: they also look by the clock, and such a look has no position from which a group could go on."""
VARIABLES = re.compile(r"\$(\w+)\s*:\s*\[*(\w+)")


def _is_personal(text: str) -> bool:
    return any(name in text for name in PERSONAL)


Info = strawberry.Info[Context, None]


def signed_in(context: Context) -> Asker:
    """Raises RequestError UNAUTHENTICATED where nobody is signed in."""
    if context.viewer is None:
        raise RequestError(RequestCode.UNAUTHENTICATED, "Sign in first: this needs a session.")
    return context.viewer


def viewer_of(info: Info) -> Viewer:
    """
    The colleague who asks; a client is a viewer of a firm that has nothing.

    Raises RequestError UNAUTHENTICATED where nobody is signed in.
    """
    return _of_team(signed_in(info.context))


def client_of(info: Info) -> Client | None:
    """The client who asks; None: a colleague does. Raises RequestError UNAUTHENTICATED."""
    asker = signed_in(info.context)
    return asker if isinstance(asker, Client) else None


def account_of(asker: Asker) -> UUID | None:
    """The account that a client works in."""
    return asker.account_id if isinstance(asker, Client) else None


def _of_team(asker: Asker) -> Viewer:
    if isinstance(asker, Viewer):
        return asker
    return Viewer(NOTHING, NOTHING, asker.session_id, TeamRole.EMPLOYEE, manage_accounts=False)
