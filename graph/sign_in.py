"""Signing in and out; who is asking."""

from enum import StrEnum

import strawberry

from graph.address import portal_user_of
from graph.context import Info, signed_in
from graph.engine.transport.headers import cookie_of
from graph.errors import Payload, refusable
from graph.firm import member_of
from graph.ids import Kind
from graph.inputs import asked_id, given, optional
from graph.journal import Viewer
from graph.portal import Portal, portal_of
from models import session
from models.session import SignedIn, marks
from models.viewer import Asker, ViewerKind
from models.viewer import Viewer as TeamViewer

strawberry.enum(ViewerKind)


@strawberry.enum(
    description="COOKIE: for browsers, set by the answer. BEARER: the payload's `token`, shown once, and no cookie of a"
    " session. With either, an answer over HTTP sets a cookie by which the device is known again: it signs nobody in;"
    " strangers who try wrong passwords do not lock that device out. An app that keeps no cookies is a new device each"
    " time."
)
class SessionKind(StrEnum):
    COOKIE = "COOKIE"
    BEARER = "BEARER"


@strawberry.type
class SessionQuery:
    @strawberry.field(description="Null when signed out.")
    async def viewer(self, info: Info) -> Viewer | None:
        return await viewer_now(info) if info.context.viewer else None


async def viewer_now(info: Info) -> Viewer | None:
    """Who asks, also where they have signed in by this very operation."""
    asker = signed_in(info.context)
    if isinstance(asker, TeamViewer):
        return await member_of(info, asker.member_id)
    return await portal_user_of(info, asker.user_id)


@strawberry.input
class SignInInput:
    email: str
    password: str
    firm: str | None = optional(
        "A `slug`; may be left out where the address is known to one firm or the host name says which."
    )
    as_: ViewerKind | None = optional(
        "For an address that is both a colleague's and a client's; absent: the colleague.", name="as"
    )
    account_id: strawberry.ID | None = optional(
        "A client's: the account to start in, such as the one that a link named (R37)."
    )
    code: str | None = optional(
        "Of a colleague with a second factor: of the app, or a recovery code. Asked for by CODE_NEEDED."
    )
    session: SessionKind = SessionKind.COOKIE


@strawberry.type
class SignInPayload(Payload):
    viewer: Viewer | None = None
    portal: Portal | None = None
    token: str | None = None


@strawberry.input(description="`everywhere`: all sessions of mine, not this one only.")
class SignOutInput:
    everywhere: bool = False


@strawberry.type
class SignOutPayload(Payload):
    pass


def host_of(info: Info) -> str:
    return info.context.call.connection.url.hostname or ""


def caller_of(info: Info) -> str:
    """The network address of whoever asks."""
    client = info.context.call.connection.client
    return client.host if client else ""


def device_of(info: Info) -> str | None:
    return info.context.call.connection.headers.get("user-agent")


def let_in(info: Info, signed_in: SignedIn[Asker], kind: SessionKind) -> str | None:
    """Signs them in for the rest of the operation. Sets the cookie, or answers the token, which is shown this once."""
    call, settings = info.context.call, info.context.settings
    info.context.viewer = signed_in.viewer
    info.context.forget()
    keep_mark(info, signed_in.mark)
    if call.response is None or kind is SessionKind.BEARER:
        return signed_in.token
    call.response.set_cookie(
        settings.cookie,
        signed_in.token,
        max_age=settings.session_days * 86_400,
        httponly=True,
        secure=True,
        samesite="lax",
    )
    return None


def marks_of(info: Info) -> str:
    """The marks of people who have signed in on the device before."""
    return cookie_of(info.context.call.connection, info.context.settings.device_cookie) or ""


def keep_mark(info: Info, mark: str) -> None:
    """Puts the mark into the cookie, where the answer can carry one, so that the device is known again."""
    if info.context.call.response is not None:
        info.context.call.response.set_cookie(
            info.context.settings.device_cookie,
            marks.kept(marks_of(info), mark),
            max_age=int(marks.GOOD_FOR.total_seconds()),
            httponly=True,
            secure=True,
            samesite="strict",
        )


@strawberry.type
class SessionMutation:
    @strawberry.mutation(
        description="Public, team and clients alike. An unknown address and a wrong password answer the same, in the"
        " same time."
    )
    @refusable(SignInPayload, clients=True)
    async def sign_in(self, info: Info, input: SignInInput) -> SignInPayload:
        signed_in = await session.sign_in(
            email=input.email,
            secret=input.password,
            firm=given(input.firm),
            host=host_of(info),
            caller=caller_of(info),
            days=info.context.settings.session_days,
            kind=given(input.as_),
            account_id=asked_id(Kind.ACCOUNT, input.account_id),
            device=device_of(info),
            code=given(input.code),
            cookie=marks_of(info),
        )
        token = let_in(info, signed_in, input.session)
        return SignInPayload(viewer=await viewer_now(info), portal=await portal_of(info), token=token)

    @strawberry.mutation
    @refusable(SignOutPayload, clients=True)
    async def sign_out(self, info: Info, input: SignOutInput) -> SignOutPayload:
        await session.sign_out(signed_in(info.context), everywhere=input.everywhere)
        if info.context.call.response is not None:
            info.context.call.response.delete_cookie(info.context.settings.cookie, secure=True, httponly=True)
        return SignOutPayload()
