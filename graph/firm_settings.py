"""What a firm decides for itself."""

import strawberry

from graph.context import Info, viewer_of
from graph.errors import Payload, cursor_of, refusable
from graph.firm import Firm
from graph.ids import Kind, global_id
from graph.inputs import changed, cleared_or, given
from models import firm, firm_settings, letter
from models.firm_settings import ClientAction, FirmWish

strawberry.enum(ClientAction, description="What a firm may let clients do from a letter's link, without Login (R12).")


@strawberry.type(description="Of any 60 minutes. Set by the installation, so that nobody can flood an address.")
class LetterLimits:
    per_hour: int
    left_this_hour: int
    per_recipient_per_hour: int


@strawberry.type
class FirmSettings:
    id: strawberry.ID
    language: str = strawberry.field(description="Of the letters: a BCP 47 tag, such as `en` or `it`.")
    sender_name: str
    reply_to: str | None
    copy_to: str | None = strawberry.field(description="Gets a copy of what clients are sent (R16).")
    invitation_days: int
    actions_without_login: list[ClientAction]

    @strawberry.field
    async def letter_limits(self, info: Info) -> LetterLimits:
        limits = await letter.limits_of(viewer_of(info))
        return LetterLimits(
            per_hour=limits.per_hour,
            left_this_hour=limits.left_this_hour,
            per_recipient_per_hour=limits.per_recipient_per_hour,
        )

    @classmethod
    def of(cls, view: firm_settings.FirmSettings, firm_name: str) -> "FirmSettings":
        return cls(
            id=global_id(Kind.FIRM_SETTINGS, view.firm_id),
            language=view.language,
            sender_name=view.sender_name or firm_name,
            reply_to=view.reply_to,
            copy_to=view.copy_to,
            invitation_days=view.invitation_days,
            actions_without_login=list(view.actions_without_login),
        )


@strawberry.input
class UpdateFirmInput:
    name: str | None = strawberry.UNSET
    language: str | None = strawberry.field(
        default=strawberry.UNSET, description="One that letters have templates for; null: English."
    )
    sender_name: str | None = strawberry.field(default=strawberry.UNSET, description="Null: the firm's name.")
    reply_to: str | None = strawberry.UNSET
    copy_to: str | None = strawberry.UNSET
    invitation_days: int | None = strawberry.field(default=strawberry.UNSET, description="1 to 365; null: 30.")
    actions_without_login: list[ClientAction] | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@strawberry.type
class UpdateFirmPayload(Payload):
    firm: Firm | None = None


@strawberry.type
class FirmSettingsMutation:
    @strawberry.mutation(description="OWNER and ADMIN only.")
    @refusable(UpdateFirmPayload)
    async def update_firm(self, info: Info, input: UpdateFirmInput) -> UpdateFirmPayload:
        wish = FirmWish(
            name=changed(input.name, cleared=""),
            language=cleared_or(input.language),
            sender_name=cleared_or(input.sender_name),
            reply_to=cleared_or(input.reply_to),
            copy_to=cleared_or(input.copy_to),
            invitation_days=cleared_or(input.invitation_days),
            actions_without_login=changed(input.actions_without_login, cleared=[]),
        )
        done = await firm_settings.update(viewer_of(info), wish, expected_version=given(input.expected_version))
        return UpdateFirmPayload(firm=Firm.of(await firm.of(viewer_of(info))), cursor=cursor_of(done))
