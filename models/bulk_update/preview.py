"""What a run would report now (R28). Nothing is kept of it, and nobody is mailed."""

from models import idempotency
from models.bulk_update.edit import BulkEdit
from models.bulk_update.report import Report
from models.bulk_update.starting import checked, must_be_planned_at_once
from models.run import must_have_room
from models.viewer import Viewer, must_manage_accounts


async def preview(by: Viewer, edit: BulkEdit, *, key: str | None = None) -> Report:
    """Raises what `start` raises; but the key is only looked at, and stays unused."""
    must_manage_accounts(by)
    if key is not None:
        idempotency.check_key(key)
    report = Report.of_plan(by, await checked(by, edit))
    must_be_planned_at_once(await report.count(None))
    await must_have_room(by)
    return report
