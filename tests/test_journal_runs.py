"""Whoever acts for a run leaves its name in each entry of the journal, whatever they do; so what it did is found."""

from collections.abc import Sequence
from dataclasses import replace

from uuid_utils.compat import uuid7

from graph.ids import Kind, global_id, key_of
from models import account, invitation, journal, notification
from models.ground import store
from models.invitation import Invitation
from models.journal import Effect, Entry, FeedKind, JournalKind, Subject
from models.notification import NewNotification, NotificationKind
from models.notification_category import NotificationCategory
from models.viewer import TeamRole, Viewer
from tests.support.api.client import Api
from tests.support.api.isolation import NOT_IDS
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import a_firm, an_account, invited, signed_in, switched
from tests.support.firm.inbox import saying
from tests.support.firm.one_of_everything import a_letter, a_world
from tests.support.firm.preferences import preferred

FOUND = """query($bulk: ID) { journal(filter: { bulkUpdateId: $bulk }, first: 100) {
  nodes { id kind subject { id } } totalCount } }"""
NOTHING: dict[str, object] = {"nodes": [], "totalCount": 0}


async def entries_after(by: Viewer, position: int) -> list[Entry]:
    return [entry for batch in await journal.since(by.firm_id, position) for entry in batch.entries]


def kinds_of(entries: Sequence[Entry]) -> set[str]:
    return {entry.kind for entry in entries}


async def test_every_entry_of_who_acts_for_a_run_names_it_and_no_other_does(api: Api) -> None:
    world = await a_world()
    await a_letter(world.by, mailbox_id=world.mailbox)
    by = world.owner.viewer
    head = await journal.head(by.firm_id)
    run = replace(by, run_id=uuid7())
    await everything_that_a_run_may_do(run)
    done = await entries_after(by, head)
    assert {entry.run_id for entry in done} == {run.run_id}
    assert {entry.member_id for entry in done if entry.kind != JournalKind.EMAIL_STORED} == {by.member_id}
    assert kinds_of(done) >= {
        *{JournalKind.TOGGLES_CHANGED, JournalKind.PREFERENCES_CHANGED, JournalKind.EMAIL_STORED},
        *{JournalKind.INVITATION_SENT, JournalKind.INVITATION_REVOKED},
        *{FeedKind.ACCESS_ENDED, FeedKind.NOTIFICATIONS_MOVED},
    }
    head = await journal.head(by.firm_id)
    await everything_that_a_run_may_do(by)
    assert {entry.run_id for entry in await entries_after(by, head)} == {None}


async def everything_that_a_run_may_do(by: Viewer) -> None:
    """Also what follows from it: history is linked, access is lost, the team hears of it."""
    made = await an_account(by, address=ANNA)
    await switched(by, made.id, made.address, notify=True, email_sync=True)
    await preferred(by, made.id, made.address, NotificationCategory.PROPOSALS)
    other = await an_account(by, login=True)
    await invited(by, other.id, other.address)
    sent = await Invitation.get(address_id=other.address)
    await invitation.revoke(by, sent.id)
    await switched(by, other.id, other.address, login=False)
    await account.archive(by, other.id, archived=True)
    async with store.transaction():
        new = NewNotification(NotificationKind.EMAIL_SYNC_ENDED, uuid7(), sent.id, saying("So it is."))
        await notification.raise_for_team(by, [new])


async def test_the_audit_finds_what_a_run_did_newest_first_and_nothing_else(api: Api) -> None:
    firm = await a_firm()
    owner, employee = await signed_in(firm), await signed_in(firm, role=TeamRole.EMPLOYEE)
    run, other = uuid7(), uuid7()
    made = [await an_account(firm) for _ in range(3)]
    for each in made:
        for by in (replace(owner.viewer, run_id=run), owner.viewer, replace(owner.viewer, run_id=other)):
            await switched(by, each.id, each.address, login=by.run_id is not None)
    bulk = global_id(Kind.BULK_UPDATE, run)
    found = (await api.ask(FOUND, {"bulk": bulk}, as_=owner))["journal"]
    by_run = [entry.id for entry in await entries_after(owner.viewer, 0) if entry.run_id == run]
    assert [entry["id"] for entry in found["nodes"]] == [global_id(Kind.JOURNAL_ENTRY, key) for key in by_run[::-1]]
    assert {entry["kind"] for entry in found["nodes"]} == {"TOGGLES_CHANGED"}
    assert found["totalCount"] == len(made)
    assert (await api.ask(FOUND, {"bulk": None}, as_=owner))["journal"]["totalCount"] > 2 * len(made)
    assert (await api.ask(FOUND, {"bulk": bulk}, as_=employee))["journal"] == NOTHING


async def test_the_audit_shows_when_a_run_began_and_ended_and_feeds_alone_hear_how_it_goes(api: Api) -> None:
    firm = await a_firm()
    owner = await signed_in(firm)
    run_id = uuid7()
    run = replace(owner.viewer, run_id=run_id)
    for kind in (JournalKind.BULK_UPDATE_STARTED, FeedKind.RUN_MOVED, JournalKind.BULK_UPDATE_ENDED):
        async with store.transaction():
            journal.record(kind, by=run, subject=(Subject.BULK_UPDATE, run_id))
    bulk = global_id(Kind.BULK_UPDATE, run_id)
    found = (await api.ask(FOUND, {"bulk": bulk}, as_=owner))["journal"]["nodes"]
    assert [entry["kind"] for entry in found] == ["BULK_UPDATE_ENDED", "BULK_UPDATE_STARTED"]
    moved = [entry for entry in await entries_after(owner.viewer, 0) if entry.kind == FeedKind.RUN_MOVED]
    assert [(entry.subject_type, entry.subject_id) for entry in moved] == [("BulkUpdate", run_id)]
    assert not any(entry.has(effect) for entry in moved for effect in Effect)


async def test_what_is_no_run_of_the_firm_finds_nothing(api: Api) -> None:
    mine, theirs = await a_world(), await a_world()
    run = key_of(Kind.BULK_UPDATE, mine.ids["bulk_update"])
    assert (await api.ask(FOUND, {"bulk": mine.ids["bulk_update"]}, as_=mine.owner))["journal"]["totalCount"] > 0
    of_other_kinds = [global_id(kind, run) for kind in Kind if kind is not Kind.BULK_UPDATE]
    for bulk in (*of_other_kinds, theirs.ids["bulk_update"], global_id(Kind.BULK_UPDATE, uuid7()), *NOT_IDS):
        assert (await api.ask(FOUND, {"bulk": bulk}, as_=mine.owner))["journal"] == NOTHING
