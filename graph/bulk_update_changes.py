"""Bulk updates: previewed, started, cancelled, undone (R25, R28, R30)."""

import strawberry

from graph.account import AccountFilterInput
from graph.bulk_update import BulkUpdate, bulk_update_of
from graph.bulk_update_report import BulkUpdateReport, ItemsOfPreview, report_of
from graph.context import Info, viewer_of
from graph.errors import Payload, UserError, cursor_of, must_be_team, refusable, user_errors
from graph.ids import Kind, key_of
from graph.inputs import InviteInput, given, invite_of, optional
from graph.preferences import NotificationPreferenceInput, preferences_of
from models import bulk_update
from models.account import AccountFilter
from models.bulk_update import AccountSelection, BulkAction, BulkEdit
from models.errors import Refusal, Refusals

ONLY_TEAM = "Only the firm's team may do this."


@strawberry.input(name="AccountSelection", one_of=True)
class AccountSelectionInput:
    ids: list[strawberry.ID] | None = optional("At most 1,000.")
    matching: AccountFilterInput | None = optional(
        "All that match when the run begins; `{}`: all that are not archived."
    )

    def asked(self) -> AccountSelection:
        ids, matching = given(self.ids), given(self.matching)
        if ids is not None:
            return AccountSelection(ids=tuple(key_of(Kind.ACCOUNT, account_id) for account_id in ids))
        return AccountSelection(matching=matching.asked() if matching else AccountFilter())


@strawberry.input
class BulkUpdateTogglesInput:
    accounts: AccountSelectionInput
    login: BulkAction = BulkAction.DO_NOTHING
    notify: BulkAction = BulkAction.DO_NOTHING
    email_sync: BulkAction = BulkAction.DO_NOTHING
    invite: InviteInput | None = optional("Only with `login: ENABLE_FOR_ALL`. One letter per person and run (R26).")
    notification_preferences: list[NotificationPreferenceInput] = strawberry.field(
        default_factory=list,
        description="Only with `notify: ENABLE_FOR_ALL`. Those not named stay as they are (R13, R25).",
    )
    idempotency_key: str | None = strawberry.UNSET

    def asked(self) -> BulkEdit:
        return BulkEdit(
            self.accounts.asked(),
            self.login,
            self.notify,
            self.email_sync,
            invite=invite_of(self.invite),
            preferences=preferences_of(self.notification_preferences),
        )


@strawberry.type
class BulkUpdatePreview:
    report: BulkUpdateReport | None = strawberry.field(
        default=None, description="Null where bulkUpdateToggles would refuse."
    )
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class BulkUpdateTogglesPayload(Payload):
    bulk_update: BulkUpdate | None = None


@strawberry.input
class CancelBulkUpdateInput:
    id: strawberry.ID


@strawberry.type
class CancelBulkUpdatePayload(Payload):
    bulk_update: BulkUpdate | None = None


@strawberry.input
class UndoBulkUpdateInput:
    id: strawberry.ID
    idempotency_key: str | None = strawberry.UNSET


@strawberry.type
class UndoBulkUpdatePayload(Payload):
    bulk_update: BulkUpdate | None = None


@strawberry.type
class BulkUpdatePreviewQuery:
    @strawberry.field(
        description="What this run would report now (R28). Mails nobody and leaves the `idempotencyKey` unused."
    )
    async def bulk_update_preview(self, info: Info, input: BulkUpdateTogglesInput) -> BulkUpdatePreview:
        viewer, edit = viewer_of(info), input.asked()
        try:
            must_be_team(info.context, ONLY_TEAM)
            report = await bulk_update.preview(viewer, edit, key=given(input.idempotency_key))
        except (Refusal, Refusals) as refused:
            return BulkUpdatePreview(errors=user_errors(refused))
        return BulkUpdatePreview(report=report_of(await report.summary(), ItemsOfPreview(report, edit)))


@strawberry.type
class BulkUpdateMutation:
    @strawberry.mutation
    @refusable(BulkUpdateTogglesPayload)
    async def bulk_update_toggles(self, info: Info, input: BulkUpdateTogglesInput) -> BulkUpdateTogglesPayload:
        done = await bulk_update.start(viewer_of(info), input.asked(), key=given(input.idempotency_key))
        return BulkUpdateTogglesPayload(bulk_update=await bulk_update_of(info, done.ids[0]), cursor=cursor_of(done))

    @strawberry.mutation
    @refusable(CancelBulkUpdatePayload)
    async def cancel_bulk_update(self, info: Info, input: CancelBulkUpdateInput) -> CancelBulkUpdatePayload:
        done = await bulk_update.cancel(viewer_of(info), key_of(Kind.BULK_UPDATE, input.id))
        return CancelBulkUpdatePayload(bulk_update=await bulk_update_of(info, done.ids[0]), cursor=cursor_of(done))

    @strawberry.mutation(description="Answers with a run of its own (R30). Once per run, when that has ended.")
    @refusable(UndoBulkUpdatePayload)
    async def undo_bulk_update(self, info: Info, input: UndoBulkUpdateInput) -> UndoBulkUpdatePayload:
        key = given(input.idempotency_key)
        done = await bulk_update.undo(viewer_of(info), key_of(Kind.BULK_UPDATE, input.id), key=key)
        return UndoBulkUpdatePayload(bulk_update=await bulk_update_of(info, done.ids[0]), cursor=cursor_of(done))
