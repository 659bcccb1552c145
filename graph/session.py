"""Signing in and out; who is asking."""

from enum import StrEnum

import strawberry

from graph.context import Info, signed_in
from graph.errors import Payload, refusable
from graph.firm import member_of
from graph.inputs import given
from graph.journal import Viewer
from models import session
from models.viewer import Viewer as TeamViewer


@strawberry.enum
class ViewerKind(StrEnum):
    TEAM_MEMBER = "TEAM_MEMBER"


@strawberry.enum(
    description="COOKIE: for browsers, set by the answer. BEARER: the payload's `token`, shown once, and no cookie."
)
class SessionKind(StrEnum):
    COOKIE = "COOKIE"
    BEARER = "BEARER"


@strawberry.type
class SessionQuery:
    @strawberry.field(description="Null when signed out.")
    async def viewer(self, info: Info) -> Viewer | None:
        viewer = info.context.viewer
        return await member_of(info, viewer.member_id) if isinstance(viewer, TeamViewer) else None


@strawberry.input
class SignInInput:
    email: str
    password: str
    firm: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="A `slug`; may be left out where the address is known to one firm or the host name says which.",
    )
    as_: ViewerKind | None = strawberry.field(default=strawberry.UNSET, name="as", description="Absent: the colleague.")
    session: SessionKind = SessionKind.COOKIE


@strawberry.type
class SignInPayload(Payload):
    viewer: Viewer | None = None
    token: str | None = None


@strawberry.input(description="`everywhere`: all sessions of mine, not this one only.")
class SignOutInput:
    everywhere: bool = False


@strawberry.type
class SignOutPayload(Payload):
    pass


@strawberry.type
class SessionMutation:
    @strawberry.mutation(
        description="Public. An unknown address and a wrong password answer the same, in the same time."
    )
    @refusable(SignInPayload, clients=True)
    async def sign_in(self, info: Info, input: SignInInput) -> SignInPayload:
        call, settings = info.context.call, info.context.settings
        signed_in = await session.sign_in(
            email=input.email,
            secret=input.password,
            firm=given(input.firm),
            host=call.connection.url.hostname or "",
            caller=call.connection.client.host if call.connection.client else "",
            days=settings.session_days,
        )
        info.context.viewer = signed_in.viewer
        info.context.forget()
        viewer = await member_of(info, signed_in.viewer.member_id)
        if call.response is None or input.session is SessionKind.BEARER:
            return SignInPayload(viewer=viewer, token=signed_in.token)
        call.response.set_cookie(
            settings.cookie,
            signed_in.token,
            max_age=settings.session_days * 86_400,
            httponly=True,
            secure=True,
            samesite="lax",
        )
        return SignInPayload(viewer=viewer)

    @strawberry.mutation
    @refusable(SignOutPayload, clients=True)
    async def sign_out(self, info: Info, input: SignOutInput) -> SignOutPayload:
        await session.sign_out(signed_in(info.context), everywhere=input.everywhere)
        if info.context.call.response is not None:
            info.context.call.response.delete_cookie(info.context.settings.cookie, secure=True, httponly=True)
        return SignOutPayload()
