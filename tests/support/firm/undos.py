"""Bulk updates and what takes them back, as tests ask for them and read what came of one address."""

from typing import TypedDict, Unpack
from uuid import UUID

from models import bulk_update
from models.bulk_update import BulkAction, BulkEdit, Report
from models.ground.page import Window
from models.run import Held
from models.toggles import Invite, Preferences, Switch
from models.viewer import Viewer
from tests.support.firm import bulk_updates
from tests.support.firm.bulk_updates import all_end, claimed, stepped, these, view
from tests.support.firm.factories import MadeAccount


class Edit(TypedDict, total=False):
    login: BulkAction
    notify: BulkAction
    email_sync: BulkAction
    invite: Invite
    preferences: Preferences


async def asked(by: Viewer, *accounts: MadeAccount, **edit: Unpack[Edit]) -> UUID:
    """A bulk update of these accounts, which waits for its turn."""
    return await bulk_updates.asked(by, BulkEdit(these(*(made.id for made in accounts)), **edit))


async def ran(by: Viewer, *accounts: MadeAccount, **edit: Unpack[Edit]) -> UUID:
    """The same, from beginning to end."""
    run_id = await asked(by, *accounts, **edit)
    await all_end()
    return run_id


async def undone(by: Viewer, run_id: UUID) -> UUID:
    """The undo, from beginning to end."""
    undo_id = (await bulk_update.undo(by, run_id)).ids[0]
    await all_end()
    return undo_id


async def begun() -> Held:
    """The run whose turn it is, planned."""
    held = await claimed()
    assert await stepped(held)
    return held


async def came(by: Viewer, run_id: UUID, made: MadeAccount) -> dict[Switch, str]:
    """What came of each switch of its address, as in `on off CHANGED`; {}: the report has no word of it."""
    items = (await Report.of_run(by, await view(by, run_id)).items(None, Window(100))).rows
    return {
        switch: f"{_ON[result.before]} {_ON[result.after]} {result.error or result.outcome}"
        for item in items
        if (item.account_id, item.address_id) == (made.id, made.address)
        for switch, result in item.results.items()
        if result
    }


_ON = {True: "on", False: "off", None: "-"}
