"""What a bulk update would do, or has done so far: items, their results, and how many there are of each (R28)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol
from uuid import UUID

import strawberry

from graph.account import Account
from graph.address import EmailAddress
from graph.contact import Contact
from graph.context import Context, Info
from graph.engine.completion import Shows, made, relation
from graph.errors import Conflict, Refusal, UserError
from graph.ids import Kind, global_id
from graph.loaders import seen, there
from graph.paging import Connection, connected, window_of
from models import bulk_update
from models.bulk_update import BulkAction, BulkEdit, BulkOutcome, BulkUpdateItemView, Report, Result, Summary
from models.errors import ErrorCode
from models.ground.canonical import canonical
from models.ground.page import Page, Window
from models.toggles import Switch

strawberry.enum(BulkAction)
strawberry.enum(
    BulkOutcome,
    description="INVITED: an invitation goes out, whether or not Login had been on; it does not count as CHANGED too.",
)


@strawberry.type(
    description="No `from` and `to` without an address. `error` with ERROR only; a Conflict has the toggles as they are"
    " now."
)
class BulkUpdateResult:
    from_: bool | None = strawberry.field(name="from")
    to: bool | None
    outcome: BulkOutcome
    error: UserError | None


def _login(parent: strawberry.Parent[BulkUpdateItemView]) -> BulkUpdateResult | None:
    return _result(parent, Switch.LOGIN)


def _notify(parent: strawberry.Parent[BulkUpdateItemView]) -> BulkUpdateResult | None:
    return _result(parent, Switch.NOTIFY)


def _email_sync(parent: strawberry.Parent[BulkUpdateItemView]) -> BulkUpdateResult | None:
    return _result(parent, Switch.EMAIL_SYNC)


def _result(item: BulkUpdateItemView, switch: Switch) -> BulkUpdateResult | None:
    if (result := item.results[switch]) is None:
        return None
    error = _error(item, switch, result, result.error) if result.error else None
    return BulkUpdateResult(from_=result.before, to=result.after, outcome=result.outcome, error=error)


def _error(item: BulkUpdateItemView, switch: Switch, result: Result, code: ErrorCode) -> UserError:
    """`path` is empty: the error is about a row of the report, not about a place in the input."""
    message = bulk_update.sentence(code, switch, result)
    if code is ErrorCode.CHANGED_MEANWHILE and item.toggles_id:
        return Conflict(message=message, code=code, path=[], subject=global_id(Kind.TOGGLES, item.toggles_id))
    return Refusal(message=message, code=code, path=[])


@strawberry.type(
    description="One address on one account, or an account or contact without any. A setting is null where it was"
    " DO_NOTHING."
)
class BulkUpdateItem(Shows[BulkUpdateItemView]):
    @relation
    @staticmethod
    async def account(items: Sequence[BulkUpdateItemView], context: Context) -> list[Account]:
        return Account.of_all(await there(context.loaders.account, [item.account_id for item in items]))

    @relation
    @staticmethod
    async def contacts(items: Sequence[BulkUpdateItemView], context: Context) -> list[list[Contact]]:
        keys = dict.fromkeys(key for item in items for key in item.contact_ids)
        contacts = {view.id: Contact.of(view) for view in await seen(context.loaders.contact, list(keys))}
        return [[contacts[key] for key in item.contact_ids if key in contacts] for item in items]

    @relation
    @staticmethod
    async def address(items: Sequence[BulkUpdateItemView], context: Context) -> list[EmailAddress | None]:
        keys = [item.address_id for item in items if item.address_id]
        addresses = {view.id: EmailAddress.of(view) for view in await there(context.loaders.address, keys)}
        return [addresses[item.address_id] if item.address_id else None for item in items]

    login: BulkUpdateResult | None = made(_login)
    notify: BulkUpdateResult | None = made(_notify)
    email_sync: BulkUpdateResult | None = made(_email_sync)


@strawberry.type(description="Addresses by outcome. No `action`: an undo, which puts each back as it was (R30).")
class BulkUpdateTally:
    action: BulkAction | None
    changed: int
    unchanged: int
    invited: int
    errors: int


def _tally(summary: Summary, switch: Switch) -> BulkUpdateTally:
    tally = summary.tallies[switch]
    return BulkUpdateTally(
        action=summary.actions[switch] if summary.actions else None,
        changed=tally[BulkOutcome.CHANGED],
        unchanged=tally[BulkOutcome.UNCHANGED],
        invited=tally[BulkOutcome.INVITED],
        errors=tally[BulkOutcome.ERROR],
    )


class Items(Protocol):
    """Where a report reads its items from."""

    def about(self, outcome: BulkOutcome | None) -> str: ...

    async def page(self, info: Info, outcome: BulkOutcome | None, window: Window) -> Page[BulkUpdateItemView]: ...

    async def count(self, info: Info, outcome: BulkOutcome | None) -> int: ...


@dataclass(frozen=True, slots=True)
class ItemsOfRun:
    """The items of a run that are done."""

    run_id: UUID

    def about(self, outcome: BulkOutcome | None) -> str:
        return canonical("items of a bulk update", (self.run_id, outcome))

    async def page(self, info: Info, outcome: BulkOutcome | None, window: Window) -> Page[BulkUpdateItemView]:
        return await info.context.loaders.bulk_update_items.load((self.run_id, (outcome, window)))

    async def count(self, info: Info, outcome: BulkOutcome | None) -> int:
        return await info.context.loaders.bulk_update_item_count.load((self.run_id, outcome))


@dataclass(frozen=True, slots=True)
class ItemsOfPreview:
    """The items that a run would have. `edit`: the wish that is previewed."""

    report: Report
    edit: BulkEdit

    def about(self, outcome: BulkOutcome | None) -> str:
        return canonical("items of a preview", (self.edit, outcome))

    async def page(self, info: Info, outcome: BulkOutcome | None, window: Window) -> Page[BulkUpdateItemView]:
        return await self.report.items(outcome, window)

    async def count(self, info: Info, outcome: BulkOutcome | None) -> int:
        return await self.report.count(outcome)


@strawberry.type(description="What a run would do, or has done so far (R28).")
class BulkUpdateReport:
    account_count: int
    login: BulkUpdateTally
    notify: BulkUpdateTally
    email_sync: BulkUpdateTally
    its: strawberry.Private[Items]

    @strawberry.field(
        description="By account code, then address. `outcome`: at least one of the three settings came out so."
    )
    async def items(
        self, info: Info, outcome: BulkOutcome | None = None, first: int | None = None, after: str | None = None
    ) -> Connection[BulkUpdateItem]:
        about = self.its.about(outcome)
        page = await self.its.page(info, outcome, window_of(about, first=first, after=after))
        count = partial(self.its.count, info, outcome)
        return connected(Connection[BulkUpdateItem], page, about, node=BulkUpdateItem.of, count=count)


def report_of(summary: Summary, items: Items) -> BulkUpdateReport:
    login, notify, email_sync = (_tally(summary, switch) for switch in Switch)
    return BulkUpdateReport(
        account_count=summary.account_count, login=login, notify=notify, email_sync=email_sync, its=items
    )
