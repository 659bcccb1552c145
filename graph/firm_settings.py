"""What a firm decides for itself."""

import strawberry

from graph.context import Info, viewer_of
from graph.engine.completion import Shows, made
from graph.ids import Kind
from graph.inputs import optional
from graph.node import made_id
from models import firm_settings, letter
from models.firm_settings import SETTINGS, ClientAction, FirmWish

strawberry.enum(ClientAction, description="What a firm may let clients do from a letter's link, without Login (R12).")


@strawberry.type(description="Of any 60 minutes. Set by the installation, so that nobody can flood an address.")
class LetterLimits(Shows[letter.LetterLimits]):
    per_hour: int
    left_this_hour: int
    per_recipient_per_hour: int
    notices_per_recipient_per_hour: int


def _sender_name(parent: strawberry.Parent[firm_settings.FirmSettings]) -> str:
    return parent.sender_name or parent.name


@strawberry.type
class FirmSettings(Shows[firm_settings.FirmSettings]):
    id: strawberry.ID = made_id(Kind.FIRM_SETTINGS)
    language: str = strawberry.field(description="Of letters and Inbox+: a BCP 47 tag, such as `en` or `it`.")
    sender_name: str = made(_sender_name)
    reply_to: str | None
    copy_to: str | None = strawberry.field(description="Gets a copy of what clients are sent (R16).")
    invitation_days: int
    actions_without_login: list[ClientAction]
    clients_may_set_preferences: bool
    auto_save_attachments: bool = strawberry.field(description="What clients send goes to the Documents (R20).")
    time_zone: str = strawberry.field(description="IANA, such as `Europe/Rome`: of the times in letters.")
    software_url: str | None = strawberry.field(
        description="Below it lie the links of notices (R14). Null: they lead to the portal."
    )

    @strawberry.field
    @staticmethod
    async def letter_limits(info: Info) -> LetterLimits:
        return LetterLimits.of(await letter.limits_of(viewer_of(info)))


@strawberry.input
class UpdateFirmInput:
    name: str | None = strawberry.UNSET
    language: str | None = optional("One that letters have templates for; null: English.")
    sender_name: str | None = optional("Null: the firm's name.")
    reply_to: str | None = optional("Changed in person, not by a token.")
    copy_to: str | None = optional("Changed in person, not by a token.")
    invitation_days: int | None = optional("1 to 365; null: 30.")
    actions_without_login: list[ClientAction] | None = strawberry.UNSET
    clients_may_set_preferences: bool | None = optional("Null: they may.")
    auto_save_attachments: bool | None = optional("What is received from now on. Null: off.")
    time_zone: str | None = optional("Null: UTC.")
    software_url: str | None = optional(
        "`https://`, a host by its name and, if need be, a path. Changed in person, not by a token."
    )
    expected_version: int | None = strawberry.UNSET

    def wish(self) -> FirmWish:
        wish = {name: getattr(self, name) for name in SETTINGS}
        return {name: value for name, value in wish.items() if value is not strawberry.UNSET}
