"""How a colleague signs in: the password, the second factor, and the end of a session."""

import strawberry

from graph.context import Info, viewer_of
from graph.errors import Payload, cursor_of, refusable
from graph.firm import TeamMember, member_of
from graph.ids import Kind, key_of
from graph.sign_in import keep_mark
from models import second_factor, session, team


@strawberry.input
class ChangePasswordInput:
    current_password: str
    new_password: str


@strawberry.type
class ChangePasswordPayload(Payload):
    member: TeamMember | None = None


@strawberry.input
class EndSessionInput:
    id: strawberry.ID


@strawberry.type
class EndSessionPayload(Payload):
    member: TeamMember | None = None


@strawberry.input
class StartTwoFactorInput:
    password: str


@strawberry.type
class StartTwoFactorPayload(Payload):
    secret: str | None = strawberry.field(default=None, description="To type into an authenticator app; shown once.")
    uri: str | None = strawberry.field(default=None, description="The same as `otpauth:`, to show as a QR code.")


@strawberry.input
class ConfirmTwoFactorInput:
    code: str = strawberry.field(description="Of the authenticator app.")


@strawberry.type
class ConfirmTwoFactorPayload(Payload):
    member: TeamMember | None = None
    recovery_codes: list[str] | None = strawberry.field(
        default=None, description="Each signs in once where the app is lost. Shown this once."
    )


@strawberry.input
class EndTwoFactorInput:
    password: str
    code: str = strawberry.field(description="Of the authenticator app, or a recovery code.")


@strawberry.type
class EndTwoFactorPayload(Payload):
    member: TeamMember | None = None


@strawberry.type
class OwnAccessMutation:
    @strawberry.mutation(description="The viewer's own. Ends the other sessions.")
    @refusable(ChangePasswordPayload)
    async def change_password(self, info: Info, input: ChangePasswordInput) -> ChangePasswordPayload:
        by = viewer_of(info)
        done = await team.change_password(by, current=input.current_password, new=input.new_password)
        keep_mark(info, await session.mark_of(by))
        return ChangePasswordPayload(member=await member_of(info, by.member_id), cursor=cursor_of(done))

    @strawberry.mutation(description="One of the viewer's own.")
    @refusable(EndSessionPayload)
    async def end_session(self, info: Info, input: EndSessionInput) -> EndSessionPayload:
        by = viewer_of(info)
        done = await session.end_own(by, key_of(Kind.SESSION, input.id))
        return EndSessionPayload(member=await member_of(info, by.member_id), cursor=cursor_of(done))

    @strawberry.mutation(description="Nothing is asked for yet: `confirmTwoFactor` switches it on.")
    @refusable(StartTwoFactorPayload)
    async def start_two_factor(self, info: Info, input: StartTwoFactorInput) -> StartTwoFactorPayload:
        started = await second_factor.start(viewer_of(info), input.password)
        return StartTwoFactorPayload(secret=started.secret, uri=started.uri)

    @strawberry.mutation(description="From now on `signIn` asks for a `code`.")
    @refusable(ConfirmTwoFactorPayload)
    async def confirm_two_factor(self, info: Info, input: ConfirmTwoFactorInput) -> ConfirmTwoFactorPayload:
        by = viewer_of(info)
        confirmed = await second_factor.confirm(by, input.code)
        return ConfirmTwoFactorPayload(
            member=await member_of(info, by.member_id),
            recovery_codes=list(confirmed.recovery_codes),
            cursor=cursor_of(confirmed.done),
        )

    @strawberry.mutation
    @refusable(EndTwoFactorPayload)
    async def end_two_factor(self, info: Info, input: EndTwoFactorInput) -> EndTwoFactorPayload:
        by = viewer_of(info)
        done = await second_factor.end(by, input.password, input.code)
        return EndTwoFactorPayload(member=await member_of(info, by.member_id), cursor=cursor_of(done))
