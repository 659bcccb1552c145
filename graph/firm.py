"""The firm, its people and its e-mail fields."""

from uuid import UUID

import strawberry

from graph.api_token import ApiToken
from graph.context import Info, client_of, signed_in, viewer_of
from graph.engine.completion import Shows
from graph.errors import Payload, cursor_of, refusable
from graph.firm_settings import FirmSettings, UpdateFirmInput
from graph.ids import Kind
from graph.inputs import given
from graph.node import Node, made_id, reads
from graph.session import Session
from models import api_token, email_field, firm, firm_settings, notification, second_factor, session, team
from models.account_columns import AccountColumn, set_account_columns
from models.notification import NotificationChannel, NotificationKind
from models.team import TeamMemberState
from models.viewer import TeamRole, Viewer

strawberry.enum(TeamRole)
strawberry.enum(TeamMemberState)
strawberry.enum(AccountColumn)
strawberry.enum(NotificationKind)
strawberry.enum(
    NotificationChannel,
    description="INBOX: lies in Inbox+; without it an entry is archived from the start. EMAIL: a letter for an entry,"
    " and no other until it was read. DAILY_DIGEST: a letter a day, at 07:00 of the firm.",
)


@strawberry.type
class EmailField(Node, Shows[email_field.EmailFieldView]):
    id: strawberry.ID = made_id(Kind.EMAIL_FIELD)
    name: str


@strawberry.type(description="No channel: not told.")
class MemberNotificationSetting(Shows[notification.NotificationSetting]):
    kind: NotificationKind
    channels: list[NotificationChannel]


@strawberry.type
class TeamMember(Node, Shows[team.TeamMemberView]):
    id: strawberry.ID = made_id(Kind.TEAM_MEMBER)
    name: str
    email: str
    role: TeamRole
    manage_accounts: bool = strawberry.field(description="True of every OWNER and ADMIN.")
    state: TeamMemberState
    notification_settings: list[MemberNotificationSetting] = strawberry.field(
        description="All kinds; empty on anybody but yourself (R38)."
    )
    account_columns: list[AccountColumn] = strawberry.field(
        description="Of the account list, in order; empty on anybody but yourself (R49)."
    )
    two_factor: bool | None = strawberry.field(
        description="Signing in asks for a code too. Null: on a colleague, for all but OWNER and ADMIN."
    )
    version: int

    @strawberry.field(
        description="Codes that still sign in where the app is lost. Null: without a second factor, and on anybody but"
        " yourself."
    )
    @staticmethod
    async def recovery_codes_left(parent: strawberry.Parent[team.TeamMemberView], info: Info) -> int | None:
        by = viewer_of(info)
        return await second_factor.recovery_codes_left(by) if _is_mine(parent, by) else None

    @strawberry.field(description="Of the whole Inbox+, archived entries apart. Null on anybody but yourself.")
    @staticmethod
    async def unread_count(parent: strawberry.Parent[team.TeamMemberView], info: Info) -> int | None:
        by = viewer_of(info)
        return await notification.unread_count(by) if _is_mine(parent, by) else None

    @strawberry.field(description="Where one is signed in, the newest first; empty on anybody but yourself.")
    @staticmethod
    async def sessions(parent: strawberry.Parent[team.TeamMemberView], info: Info) -> list[Session]:
        by = viewer_of(info)
        return Session.of_all(await session.own(by)) if _is_mine(parent, by) else []


def _is_mine(member: team.TeamMemberView, by: Viewer) -> bool:
    """Not with an API token: it acts as a colleague, but has nothing of its own."""
    return member.id == by.member_id and by.scopes is None


@strawberry.type(description="A client sees the name; `settings` is null and the lists are empty.")
class Firm(Node, Shows[firm.FirmView]):
    id: strawberry.ID = made_id(Kind.FIRM)
    name: str
    slug: str = strawberry.field(description="Stands for the firm on signing in.")
    version: int

    @strawberry.field
    async def settings(self, info: Info) -> FirmSettings | None:
        return None if client_of(info) else FirmSettings.of(await firm_settings.of(viewer_of(info)))

    @strawberry.field
    async def members(self, info: Info) -> list[TeamMember]:
        return TeamMember.of_all(await team.of_firm(viewer_of(info)))

    @strawberry.field(description="OWNER and ADMIN only.")
    async def api_tokens(self, info: Info) -> list[ApiToken]:
        return ApiToken.of_all(await api_token.of_firm(viewer_of(info)))

    @strawberry.field
    async def email_fields(self, info: Info) -> list[EmailField]:
        return EmailField.of_all(await email_field.of_firm(viewer_of(info)))


@reads(Kind.FIRM)
async def firm_of(info: Info, key: UUID) -> Firm | None:
    viewer = signed_in(info.context)
    return Firm.of(await firm.of(viewer)) if key == viewer.firm_id else None


@reads(Kind.TEAM_MEMBER)
async def member_of(info: Info, key: UUID) -> TeamMember | None:
    return TeamMember.of(await info.context.loaders.member.load(key))


async def me(info: Info) -> TeamMember | None:
    """The colleague who asks, or in whose name a token does."""
    return await member_of(info, viewer_of(info).member_id)


@reads(Kind.EMAIL_FIELD)
async def email_field_of(info: Info, key: UUID) -> EmailField | None:
    return EmailField.of(await info.context.loaders.email_field.load(key))


@strawberry.type
class FirmQuery:
    @strawberry.field
    async def firm(self, info: Info) -> Firm:
        return Firm.of(await firm.of(signed_in(info.context)))


@strawberry.input
class SetAccountColumnsInput:
    columns: list[AccountColumn]


@strawberry.type
class SetAccountColumnsPayload(Payload):
    member: TeamMember | None = None


@strawberry.input
class CreateEmailFieldInput:
    name: str
    idempotency_key: str | None = strawberry.UNSET


@strawberry.type
class CreateEmailFieldPayload(Payload):
    email_field: EmailField | None = None


@strawberry.type
class UpdateFirmPayload(Payload):
    firm: Firm | None = None


@strawberry.type
class FirmMutation:
    @strawberry.mutation(description="The viewer's own (R49).")
    @refusable(SetAccountColumnsPayload)
    async def set_account_columns(self, info: Info, input: SetAccountColumnsInput) -> SetAccountColumnsPayload:
        done = await set_account_columns(viewer_of(info), input.columns)
        return SetAccountColumnsPayload(member=await member_of(info, done.ids[0]), cursor=cursor_of(done))

    @strawberry.mutation
    @refusable(CreateEmailFieldPayload)
    async def create_email_field(self, info: Info, input: CreateEmailFieldInput) -> CreateEmailFieldPayload:
        done = await email_field.create(viewer_of(info), input.name, key=given(input.idempotency_key))
        return CreateEmailFieldPayload(email_field=await email_field_of(info, done.ids[0]), cursor=cursor_of(done))

    @strawberry.mutation(description="OWNER and ADMIN only.")
    @refusable(UpdateFirmPayload)
    async def update_firm(self, info: Info, input: UpdateFirmInput) -> UpdateFirmPayload:
        by = viewer_of(info)
        done = await firm_settings.update(by, input.wish(), expected_version=given(input.expected_version))
        return UpdateFirmPayload(firm=Firm.of(await firm.of(by)), cursor=cursor_of(done))
