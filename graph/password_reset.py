"""A new password by the link of a letter."""

import strawberry

from graph.context import Info
from graph.errors import Payload, cursor_of, refusable
from graph.inputs import given, optional
from graph.sign_in import caller_of, host_of, marks_of
from models import password_reset
from models.viewer import ViewerKind


@strawberry.input
class RequestPasswordResetInput:
    email: str
    firm: str | None = optional("A `slug`; absent: each firm that knows the address sends its link.")
    as_: ViewerKind | None = optional("As in `signIn`.", name="as")
    idempotency_key: str


@strawberry.type
class RequestPasswordResetPayload(Payload):
    pass


@strawberry.input(description="`token`: the last part of the link, as in `/reset/<token>`.")
class ResetPasswordInput:
    token: str
    password: str


@strawberry.type
class ResetPasswordPayload(Payload):
    pass


@strawberry.type
class PasswordResetMutation:
    @strawberry.mutation(
        description="Public. A known and an unknown address answer the same; a client with Login on nowhere gets no"
        " letter (R47). The link is good for an hour, and the one before it no longer."
    )
    @refusable(RequestPasswordResetPayload, clients=True)
    async def request_password_reset(self, info: Info, input: RequestPasswordResetInput) -> RequestPasswordResetPayload:
        await password_reset.ask(
            email=input.email,
            key=input.idempotency_key,
            firm_slug=given(input.firm),
            host=host_of(info),
            caller=caller_of(info),
            kind=given(input.as_),
            cookie=marks_of(info),
        )
        return RequestPasswordResetPayload()

    @strawberry.mutation(description="Public. Ends the person's sessions.")
    @refusable(ResetPasswordPayload, clients=True)
    async def reset_password(self, info: Info, input: ResetPasswordInput) -> ResetPasswordPayload:
        done = await password_reset.use(token=input.token, secret=input.password)
        return ResetPasswordPayload(cursor=cursor_of(done))
