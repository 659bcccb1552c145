"""What a bulk update does: on which accounts, and with each of the three switches (R25)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from models.account import AccountFilter, AccountKind, LoginStatus
from models.bulk_update.item import BulkAction
from models.invitation import InvitationState
from models.notification_category import NotificationCategory
from models.toggles import Invite, NotificationPreference, Preferences, Switch


@dataclass(frozen=True, slots=True)
class AccountSelection:
    """One of the two. `matching`: all that match when the run begins."""

    ids: tuple[UUID, ...] | None = None
    matching: AccountFilter | None = None


@dataclass(frozen=True, slots=True)
class BulkEdit:
    """`invite`: where Login is enabled. `preferences`: where Notify is; those not named stay as they are (R13)."""

    accounts: AccountSelection
    login: BulkAction = BulkAction.DO_NOTHING
    notify: BulkAction = BulkAction.DO_NOTHING
    email_sync: BulkAction = BulkAction.DO_NOTHING
    invite: Invite | None = None
    preferences: Preferences = ()

    def action(self, switch: Switch) -> BulkAction:
        action: BulkAction = getattr(self, switch)
        return action

    def wants(self) -> Iterator[tuple[Switch, bool]]:
        """The wished position of each switch that is enabled or disabled."""
        for switch in Switch:
            if (on := self.action(switch).wants) is not None:
                yield switch, on


def as_json(edit: BulkEdit) -> str:
    return orjson.dumps(edit, default=str).decode()


def from_json(text: str) -> BulkEdit:
    """Reads what `as_json` wrote."""
    edit = orjson.loads(text)
    return BulkEdit(
        _selection(edit["accounts"]),
        **{switch.value: BulkAction(edit[switch]) for switch in Switch},
        invite=Invite(**edit["invite"]) if edit["invite"] else None,
        preferences=tuple(
            NotificationPreference(NotificationCategory(preference["category"]), preference["on"])
            for preference in edit["preferences"]
        ),
    )


def _selection(accounts: Mapping[str, Any]) -> AccountSelection:
    if accounts["ids"] is not None:
        return AccountSelection(ids=tuple(map(UUID, accounts["ids"])))
    return AccountSelection(matching=AccountFilter(**{**accounts["matching"], **_enums(accounts["matching"])}))


def _enums(matching: Mapping[str, Any]) -> dict[str, Any]:
    members = {"kinds": AccountKind, "login_statuses": LoginStatus, "invitations": InvitationState}
    return {name: None if matching[name] is None else tuple(map(of, matching[name])) for name, of in members.items()}
