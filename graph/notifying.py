"""The firm's other software tells clients of an event (R14)."""

import strawberry

from graph.context import Info, viewer_of
from graph.errors import Payload, cursor_of, refusable
from graph.ids import Kind
from graph.inputs import asked_id, given, optional
from graph.notice import NotifyRecipient
from models import notice
from models.client_event import ClientEvent
from models.firm_settings import ClientAction
from models.notice import AccountRef, NewNotice


@strawberry.input(one_of=True)
class AccountRefInput:
    id: strawberry.ID | None = strawberry.UNSET
    code: str | None = strawberry.UNSET

    def asked(self) -> AccountRef:
        return AccountRef(asked_id(Kind.ACCOUNT, self.id), given(self.code))


@strawberry.input
class NotifyClientsInput:
    account: AccountRefInput
    event: ClientEvent
    subject: str = strawberry.field(description="One line, at most 200 characters.")
    text: str = strawberry.field(description="Plain text, at most 10,000 characters.")
    link: str | None = optional("A path below the firm's `softwareUrl`; absent: the portal.")
    action: ClientAction | None = optional(
        "Absent: the event's own, where it has one (R12). UPLOAD_DOCUMENTS may stand in for COMPLETE_REQUESTS."
    )
    dry_run: bool = strawberry.field(
        default=False, description="Tells who would get it, sends nothing and leaves the key unused."
    )
    idempotency_key: str

    def asked(self) -> NewNotice:
        return NewNotice(
            self.account.asked(), self.event, self.subject, self.text, given(self.link), given(self.action)
        )


@strawberry.type
class NotifyClientsPayload(Payload):
    recipients: list[NotifyRecipient] | None = strawberry.field(
        default=None, description="Every address of the account, and every contact without one."
    )


@strawberry.type
class NotifyingMutation:
    @strawberry.mutation(
        description="For the firm's other software: one event to the addresses of one account (R14). Any team member,"
        " or an API token with NOTIFY_CLIENTS."
    )
    @refusable(NotifyClientsPayload)
    async def notify_clients(self, info: Info, input: NotifyClientsInput) -> NotifyClientsPayload:
        notified = await notice.notify(viewer_of(info), input.asked(), key=input.idempotency_key, dry_run=input.dry_run)
        return NotifyClientsPayload(
            recipients=NotifyRecipient.of_all(notified.recipients), cursor=cursor_of(notified.done)
        )
