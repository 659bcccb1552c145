"""What the link of an invitation leads to: public, for who has the letter."""

from datetime import datetime

import strawberry

from graph.context import Info
from graph.errors import Payload, cursor_of, refusable
from graph.inputs import given, optional
from graph.journal import Viewer
from graph.portal import Portal, portal_of
from graph.sign_in import SessionKind, caller_of, device_of, host_of, let_in, viewer_now
from models import invitation
from models.errors import DeadLinkReason
from models.invitation import Link, WhoAsks, accepting


@strawberry.type(
    description="A colleague's has no account. Of a dead one only `firmName`, `forTeam` and `dead` are told."
)
class InvitationOffer:
    firm_name: str
    for_team: bool = strawberry.field(
        description="A colleague's: for a new one they ask an owner or an admin, since R42 is for clients."
    )
    account_name: str | None = strawberry.field(description="With several accounts, all their names.")
    address: str | None
    expires_at: datetime | None
    dead: DeadLinkReason | None = strawberry.field(description="Null: it is good.")

    @classmethod
    def of(cls, link: Link) -> "InvitationOffer":
        is_dead = link.dead is not None
        return cls(
            firm_name=link.firm_name,
            for_team=link.member_id is not None,
            account_name=None if is_dead else ", ".join(link.account_names) or None,
            address=None if is_dead else link.address,
            expires_at=None if is_dead else link.expires_at,
            dead=link.dead,
        )


@strawberry.type
class InvitationLinkQuery:
    @strawberry.field(
        description="Public: what the link of an invitation leads to. Looking uses nothing up (R7). Null: no such link."
    )
    async def invitation_offer(self, token: str) -> InvitationOffer | None:
        link = await invitation.followed(token)
        return InvitationOffer.of(link) if link else None


@strawberry.input(description="A password has 8 to 128 characters, any of them, and is none of the common ones.")
class AcceptInvitationInput:
    token: str
    password: str
    session: SessionKind = SessionKind.COOKIE


@strawberry.type
class AcceptInvitationPayload(Payload):
    viewer: Viewer | None = None
    portal: Portal | None = None
    token: str | None = None


@strawberry.input
class InvitationAddressInput:
    email: str
    firm: str | None = optional("A `slug`; absent: each firm that knows the address sends its link.")


@strawberry.input(one_of=True)
class InvitationRequestInput:
    token: str | None = strawberry.UNSET
    address: InvitationAddressInput | None = strawberry.UNSET

    def who(self, info: Info) -> WhoAsks:
        address = given(self.address)
        email = address.email if address else None
        firm = given(address.firm) if address else None
        return WhoAsks(token=given(self.token), email=email, firm=firm, host=host_of(info), caller=caller_of(info))


@strawberry.input
class RequestNewInvitationInput:
    for_: InvitationRequestInput = strawberry.field(name="for")
    idempotency_key: str


@strawberry.type
class RequestNewInvitationPayload(Payload):
    pass


@strawberry.type
class InvitationLinkMutation:
    @strawberry.mutation(description="Public; a client's or a colleague's. Uses the link up and signs in (R7, R8).")
    @refusable(AcceptInvitationPayload, clients=True)
    async def accept_invitation(self, info: Info, input: AcceptInvitationInput) -> AcceptInvitationPayload:
        accepted = await accepting.accept(
            input.token, input.password, days=info.context.settings.session_days, device=device_of(info)
        )
        token = let_in(info, accepted.signed_in, input.session)
        return AcceptInvitationPayload(
            viewer=await viewer_now(info),
            portal=await portal_of(info),
            token=token,
            cursor=cursor_of(accepted.done),
        )

    @strawberry.mutation(
        description="Public: from a dead link, or an address, to a live one, mailed to that address only. Always the"
        " same answer (R42)."
    )
    @refusable(RequestNewInvitationPayload, clients=True)
    async def request_new_invitation(self, info: Info, input: RequestNewInvitationInput) -> RequestNewInvitationPayload:
        await invitation.ask(input.for_.who(info), key=input.idempotency_key)
        return RequestNewInvitationPayload()
