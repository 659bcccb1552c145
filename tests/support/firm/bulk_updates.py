"""A bulk update as tests ask for it, go through it step by step, and read what came of it."""

from uuid import UUID

from models import bulk_update
from models.account import AccountFilter
from models.bulk_update import AccountSelection, BulkAction, BulkEdit, BulkUpdateView, Report, Runner
from models.bulk_update.stepping import step
from models.ground import store
from models.ground.page import Window
from models.run import Held, Pace, RunKind, claim, release
from models.toggles import Invite, Switch
from models.viewer import Viewer

ENABLE, DISABLE = BulkAction.ENABLE_FOR_ALL, BulkAction.DISABLE_FOR_ALL
ALL = AccountSelection(matching=AccountFilter())
INVITING = BulkEdit(ALL, login=ENABLE, invite=Invite("Welcome"))


def these(*account_ids: UUID) -> AccountSelection:
    return AccountSelection(ids=account_ids)


async def asked(by: Viewer, edit: BulkEdit) -> UUID:
    """It waits for its turn."""
    return (await bulk_update.start(by, edit)).ids[0]


async def ran(by: Viewer, edit: BulkEdit) -> UUID:
    """From beginning to end."""
    run_id = await asked(by, edit)
    await all_end()
    return run_id


async def all_end() -> None:
    """Whatever waits, of any firm."""
    while await Runner().look():
        pass


async def claimed(owner: str = "a worker") -> Held:
    """The run whose turn it is."""
    held = await claim(owner, list(RunKind))
    assert held is not None, "none waits"
    return held


async def kept_waiting(by: Viewer, edit: BulkEdit) -> UUID:
    """It is another worker's, which is busy with other things, for a minute."""
    run_id = await asked(by, edit)
    assert (await claimed("a busy worker")).run_id == run_id
    return run_id


async def planned() -> None:
    """The run whose turn it is has its items, and none has ended."""
    held = await claimed()
    await stepped(held)
    await release(held)


class OneByOne(Pace):
    """Each chunk is one address."""

    FIRST = MOST = LEAST = 1


async def stepped(held: Held) -> bool:
    """One step further: the plan, or one address; False: that was the last one."""
    return await step(held, OneByOne())


async def view(by: Viewer, run_id: UUID) -> BulkUpdateView:
    return (await bulk_update.by_ids(by, [run_id]))[run_id]


async def told(by: Viewer, run_id: UUID) -> dict[str, dict[Switch, str]]:
    """What came of each item so far, as in `off on INVITED` or `ERROR NO_ADDRESS`, by address or account and place."""
    return await spelled_out(Report.of_run(by, await view(by, run_id)))


async def previewed(by: Viewer, edit: BulkEdit) -> dict[str, dict[Switch, str]]:
    """The same of what a run would do now."""
    return await spelled_out(Report.of_plan(by, await bulk_update.checked(by, edit)))


async def spelled_out(report: Report) -> dict[str, dict[Switch, str]]:
    items = (await report.items(None, Window(1000))).rows
    codes = {row["id"]: row["code"] for row in await store.rows("SELECT id, code FROM account")}
    typed = {row["id"]: row["address"] for row in await store.rows("SELECT id, address FROM email_address")}
    names = {row["id"]: row["name"] for row in await store.rows("SELECT id, name FROM contact")}
    told: dict[str, dict[Switch, str]] = {}
    for item in items:
        whom = typed[item.address_id] if item.address_id else " ".join(names[each] for each in item.contact_ids)
        results = {switch: result for switch, result in item.results.items() if result}
        told[f"{codes[item.account_id]} {whom}".strip()] = {
            switch: " ".join(filter(None, (_on(result.before), _on(result.after), result.outcome, result.error)))
            for switch, result in results.items()
        }
    return told


def _on(switch: bool | None) -> str:
    return "" if switch is None else "on" if switch else "off"


async def letters() -> int:
    count: int = await store.value("SELECT count(*) FROM letter")
    return count
