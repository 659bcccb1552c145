"""What must be so once a bulk update or its undo has ended, whoever was killed or paused meanwhile."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from models import contact, journal
from models.bulk_update import BulkEdit
from models.ground import store
from models.notification_category import NotificationCategory
from models.run import RunStatus
from models.toggles import Invite, NotificationPreference, Switch
from models.viewer import Viewer
from tests.support.firm.bulk_updates import ALL, ENABLE, view
from tests.support.firm.factories import a_firm, a_member, an_account, an_address, linked

LOGIN, NOTIFY, _ = Switch
MESSAGES_OFF = (NotificationPreference(NotificationCategory.MESSAGES, False),)
INVITING = BulkEdit(ALL, login=ENABLE, notify=ENABLE, invite=Invite("Welcome"), preferences=MESSAGES_OFF)
REPORT = {
    "A anna@client.test": {LOGIN: "off on INVITED", NOTIFY: "off on CHANGED"},
    "B anna@client.test": {LOGIN: "off on INVITED", NOTIFY: "off on CHANGED"},
    "B beppe@client.test": {LOGIN: "on on INVITED", NOTIFY: "off on CHANGED"},
    "C carla@client.test": {LOGIN: "off on CHANGED", NOTIFY: "on on CHANGED"},
    "D dario@client.test": {LOGIN: "off on ERROR ADDRESS_SUPPRESSED", NOTIFY: "off on CHANGED"},
    "E": {LOGIN: "ERROR NO_ADDRESS", NOTIFY: "ERROR NO_ADDRESS"},
}
"""Of INVITING, on a firm of everybody: Anna on two accounts, Carla activated, Dario suppressed, E without address."""
MAILED = ["anna@client.test", "beppe@client.test", "carla@client.test"]


async def a_firm_of_everybody() -> Viewer:
    """Its colleague who asks for bulk updates."""
    by = await a_member(await a_firm())
    anna = await an_account(by, code="A", address="anna@client.test")
    beppe = await an_account(by, code="B", address="beppe@client.test", login=True)
    await linked(by, beppe.id, anna.contact)
    await an_account(by, code="C", address="carla@client.test", notify=True)
    await an_address(by, "carla@client.test", activated=True)
    dario = await an_account(by, code="D", address="dario@client.test")
    await store.execute("UPDATE email_address SET suppressed_at = now() WHERE id = $1", dario.address)
    bare = await an_account(by, code="E", address="emma@client.test")
    await contact.unlink(by, bare.id, bare.contact)
    return by


async def switches_of(by: Viewer) -> list[tuple[object, ...]]:
    """All there are, with whom they belong to."""
    return [tuple(row) for row in await store.rows(_SWITCHES, by.firm_id)]


_SWITCHES = """
SELECT a.code, e.address, t.login, t.notify, t.email_sync, t.muted FROM toggles t
JOIN account a ON a.id = t.account_id JOIN email_address e ON e.id = t.address_id WHERE t.firm_id = $1 ORDER BY 1, 2
"""


async def mailed(by: Viewer) -> list[str]:
    """Once for each letter."""
    rows = await store.rows("SELECT to_key FROM letter WHERE firm_id = $1 ORDER BY to_key", by.firm_id)
    return [row["to_key"] for row in rows]


@dataclass(frozen=True)
class Beginning:
    """Where a firm stood before the run."""

    by: Viewer
    stood: int

    @classmethod
    async def of(cls, by: Viewer) -> "Beginning":
        return cls(by, await journal.head(by.firm_id))

    async def must_have_happened_once(self, run_id: UUID) -> None:
        """Each item ended once, the switches are as reported, one entry, and the journal names the run."""
        await _each_item_ended_once(self.by, run_id)
        assert not await store.rows(_NOT_AS_REPORTED, self.by.firm_id, run_id)
        entries = await store.rows("SELECT member_id, count FROM notification WHERE about = $1", run_id)
        assert [tuple(row) for row in entries] == [(self.by.member_id, 1)]
        written = await store.rows(_WRITTEN, self.by.firm_id, self.stood)
        assert {row["run_id"] for row in written} == {run_id}
        twice = [tuple(row) for row in written if row["times"] > 1 and row["subject_id"]]
        assert [kind for _, kind, _, _ in twice] == [journal.FeedKind.RUN_MOVED]


async def _each_item_ended_once(by: Viewer, run_id: UUID) -> None:
    run = await view(by, run_id)
    items = await store.rows("SELECT * FROM bulk_update_item WHERE firm_id = $1 AND run_id = $2", by.firm_id, run_id)
    assert (run.status, run.done, run.total) == (RunStatus.FINISHED, len(items), len(items))
    for switch in Switch:
        assert +Counter(run.tallies[switch]) == Counter(filter(None, (item[f"{switch}_outcome"] for item in items)))


_NOT_AS_REPORTED = f"""
SELECT i.place FROM bulk_update_item i JOIN toggles t ON t.firm_id = i.firm_id AND t.id = i.toggles_id
WHERE i.firm_id = $1 AND i.run_id = $2
  AND ({" OR ".join(f"i.{switch}_to <> t.{switch}" for switch in Switch)}
    OR NOT (i.muted_to <@ t.muted AND i.muted_to @> t.muted))
"""
_WRITTEN = """
SELECT run_id, kind, subject_id, count(*) AS times FROM journal_entry WHERE firm_id = $1 AND position > $2
GROUP BY 1, 2, 3
"""
