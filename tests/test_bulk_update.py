"""What a bulk update does, reports and leaves alone (R25 to R29)."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from models import account, contact, journal, letter
from models.bulk_update import BulkEdit, BulkOutcome
from models.contact import ContactEmail, FieldRef
from models.ground import clock, store
from models.ground.settings import Settings
from models.invitation import revoke
from models.journal import JournalKind
from models.notification_category import NotificationCategory
from models.toggles import Invite, NotificationPreference, Switch
from models.viewer import Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.bulk_updates import (
    ALL,
    DISABLE,
    ENABLE,
    INVITING,
    all_end,
    asked,
    claimed,
    letters,
    previewed,
    ran,
    stepped,
    these,
    told,
    view,
)
from tests.support.firm.factories import a_contact, an_account, an_address, counting, invited, linked, spelled, switched

pytestmark = pytest.mark.usefixtures("store")
LOGIN, NOTIFY, SYNC = Switch
by = owner_of_a_new_firm


@pytest.fixture
def limited() -> Iterator[None]:
    """The firm may send two letters an hour."""
    letter.limit(Settings(letters_per_hour=2))
    yield
    letter.limit(Settings())


async def suppressed(address_id: UUID) -> None:
    await store.execute("UPDATE email_address SET suppressed_at = now() WHERE id = $1", address_id)


async def test_a_run_does_what_its_preview_says(by: Viewer) -> None:
    await an_account(by, code="A", address="off@client.test")
    await an_account(by, code="B", address="on@client.test", login=True, notify=True)
    active = await an_account(by, code="C", address="active@client.test")
    await an_address(by, "active@client.test", activated=True)
    edit = BulkEdit(ALL, login=ENABLE, notify=ENABLE, email_sync=DISABLE, invite=Invite("Welcome"))
    said = await previewed(by, edit)
    assert await letters() == 0
    assert (
        await told(by, await ran(by, edit))
        == said
        == {
            "A off@client.test": {LOGIN: "off on INVITED", NOTIFY: "off on CHANGED", SYNC: "off off UNCHANGED"},
            "B on@client.test": {LOGIN: "on on INVITED", NOTIFY: "on on UNCHANGED", SYNC: "off off UNCHANGED"},
            "C active@client.test": {LOGIN: "off on CHANGED", NOTIFY: "off on CHANGED", SYNC: "off off UNCHANGED"},
        }
    )
    assert await spelled(by, active.id, active.address) == "LN"
    assert await letters() == 3


async def test_what_is_so_already_changes_nothing_and_mails_nobody(by: Viewer) -> None:
    await an_account(by, address="off@client.test")
    await ran(by, INVITING)
    stood, sent = await journal.head(by.firm_id), await letters()
    run_id = await ran(by, INVITING)
    assert (await view(by, run_id)).tallies[LOGIN][BulkOutcome.UNCHANGED] == 1
    assert await letters() == sent
    entries = [entry for batch in await journal.since(by.firm_id, stood) for entry in batch.entries]
    assert {entry.kind for entry in entries} & {JournalKind.TOGGLES_CHANGED, JournalKind.INVITATION_SENT} == set()


async def test_one_letter_covers_all_accounts_of_an_address(by: Viewer) -> None:
    made = await an_account(by, code="A", address="anna@client.test")
    for code in "BCD":
        await linked(by, (await an_account(by, code=code)).id, made.contact)
    run_id = await ran(by, INVITING)
    to_anna = await store.rows("SELECT facts FROM letter WHERE to_key = 'anna@client.test'")
    assert len(to_anna) == 1
    assert [said[LOGIN] for whom, said in (await told(by, run_id)).items() if "anna" in whom] == ["off on INVITED"] * 4


async def test_an_invitation_that_lives_covers_more_without_a_letter_unless_again(by: Viewer) -> None:
    made = await an_account(by, code="A", address="anna@client.test")
    await invited(by, made.id, made.address)
    other = await an_account(by, code="B", address="other@client.test")
    await linked(by, other.id, made.contact)
    assert (await told(by, await ran(by, INVITING)))["B anna@client.test"] == {LOGIN: "off on CHANGED"}
    assert await letters() == 2  # to Anna before, to the other now
    again = BulkEdit(ALL, login=ENABLE, invite=Invite(again=True))
    assert {said[LOGIN] for said in (await told(by, await ran(by, again))).values()} == {"on on INVITED"}
    assert await letters() == 4


async def test_who_has_no_address_is_named(by: Viewer) -> None:
    made = await an_account(by, code="A", address="anna@client.test")
    await a_contact(by, name="Bruno", on=made.id)
    bare = await an_account(by, code="B")
    await contact.unlink(by, bare.id, bare.contact)
    edit = BulkEdit(ALL, login=ENABLE, notify=DISABLE)
    assert await told(by, await ran(by, edit)) == {
        "A anna@client.test": {LOGIN: "off on CHANGED", NOTIFY: "off off UNCHANGED"},
        "A Bruno": {LOGIN: "ERROR NO_ADDRESS"},
        "B": {LOGIN: "ERROR NO_ADDRESS"},
    }
    assert set(await told(by, await ran(by, BulkEdit(ALL, notify=DISABLE)))) == {"A anna@client.test"}


async def test_a_letter_that_cannot_go_leaves_login_on_and_is_an_error(by: Viewer, limited: None) -> None:
    for n in range(4):
        made = await an_account(by, code=f"A{n}", address=f"a{n}@client.test")
        if n == 0:
            await suppressed(made.address)
    said = await previewed(by, INVITING)
    assert (
        await told(by, await ran(by, INVITING))
        == said
        == {
            "A0 a0@client.test": {LOGIN: "off on ERROR ADDRESS_SUPPRESSED"},
            "A1 a1@client.test": {LOGIN: "off on INVITED"},
            "A2 a2@client.test": {LOGIN: "off on INVITED"},
            "A3 a3@client.test": {LOGIN: "off on ERROR RATE_LIMITED"},
        }
    )
    assert await spelled(by, made.id, made.address) == "L"


async def test_an_archived_account_and_an_address_of_the_firm_are_left_alone(by: Viewer) -> None:
    archived = await an_account(by, code="A", address="a@client.test", notify=True)
    await account.archive(by, archived.id, archived=True)
    await an_account(by, code="B", address="b@client.test")
    await store.execute("UPDATE team_member SET email_key = 'b@client.test' WHERE id = $1", by.member_id)
    ours = these(archived.id, *[row["id"] for row in await store.rows("SELECT id FROM account WHERE code = 'B'")])
    edit = BulkEdit(ours, login=ENABLE, notify=DISABLE, email_sync=ENABLE)
    assert await told(by, await ran(by, edit)) == {
        "A a@client.test": {
            LOGIN: "off off ERROR ACCOUNT_ARCHIVED",
            NOTIFY: "on off CHANGED",
            SYNC: "off off ERROR ACCOUNT_ARCHIVED",
        },
        "B b@client.test": {
            LOGIN: "off on CHANGED",
            NOTIFY: "off off UNCHANGED",
            SYNC: "off off ERROR OWN_ADDRESS",
        },
    }


async def test_only_disabling_login_covers_unlinked_emails(by: Viewer) -> None:
    made = await an_account(by, code="A", address="left@client.test", login=True)
    await an_address(by, "left@client.test", activated=True)
    await contact.update(by, made.contact, emails=[ContactEmail(FieldRef(name="Email"), None)])
    assert await told(by, await ran(by, BulkEdit(ALL, login=ENABLE))) == {"A": {LOGIN: "ERROR NO_ADDRESS"}}
    edit = BulkEdit(ALL, login=DISABLE, notify=DISABLE)
    assert await told(by, await ran(by, edit)) == {"A left@client.test": {LOGIN: "on off CHANGED"}}
    assert await spelled(by, made.id, made.address) == "-"


async def test_categories_that_are_named_are_set_and_the_others_stay(by: Viewer) -> None:
    made = await an_account(by, code="A", address="a@client.test", notify=True)
    named = (
        NotificationPreference(NotificationCategory.ORGANIZERS, False),
        NotificationPreference(NotificationCategory.MESSAGES, True),
    )
    edit = BulkEdit(ALL, notify=ENABLE, preferences=named)
    assert await told(by, await ran(by, edit)) == {"A a@client.test": {NOTIFY: "on on CHANGED"}}
    muted = await store.value("SELECT muted FROM toggles WHERE account_id = $1", made.id)
    assert muted == ["ORGANIZERS"]
    assert await told(by, await ran(by, edit)) == {"A a@client.test": {NOTIFY: "on on UNCHANGED"}}


async def test_what_somebody_sets_after_the_plan_stays(by: Viewer) -> None:
    """What was so already and is no longer; what is as wanted by now; who is not held or archived by now."""
    on = await an_account(by, code="A", address="on@client.test", login=True)
    off = await an_account(by, code="B", address="off@client.test")
    gone = await an_account(by, code="C", address="gone@client.test")
    shut = await an_account(by, code="D", address="shut@client.test")
    run_id = await asked(by, BulkEdit(ALL, login=ENABLE))
    held = await claimed()
    await stepped(held)
    await switched(by, on.id, on.address, login=False)
    await switched(by, off.id, off.address, login=True)
    await contact.unlink(by, gone.id, gone.contact)
    await account.archive(by, shut.id, archived=True)
    while await stepped(held):
        pass
    assert await told(by, run_id) == {
        "A on@client.test": {LOGIN: "off off ERROR CHANGED_MEANWHILE"},
        "B off@client.test": {LOGIN: "on on UNCHANGED"},
        "C gone@client.test": {LOGIN: "off off ERROR CHANGED_MEANWHILE"},
        "D shut@client.test": {LOGIN: "off off ERROR ACCOUNT_ARCHIVED"},
    }
    assert await spelled(by, on.id, on.address) == "-"


async def test_a_letter_that_bounced_or_was_revoked_is_sent_anew(by: Viewer) -> None:
    made = await an_account(by, address="a@client.test")
    await invited(by, made.id, made.address)
    [row] = await store.rows("SELECT id FROM invitation")
    await revoke(by, row["id"])
    assert (await told(by, await ran(by, INVITING))).popitem()[1] == {LOGIN: "on on INVITED"}


async def test_an_invitation_that_expired_is_sent_anew(by: Viewer) -> None:
    made = await an_account(by, address="a@client.test")
    await invited(by, made.id, made.address)
    later = clock.now() + timedelta(days=31)
    clock.set_source(lambda: later)
    assert (await told(by, await ran(by, INVITING))).popitem()[1] == {LOGIN: "on on INVITED"}


async def test_a_chunk_takes_as_many_statements_for_many_as_for_few(by: Viewer) -> None:
    counts = []
    for many in (3, 40):
        for _ in range(many):
            await an_account(by)
        run_id = await asked(by, INVITING)
        async with counting() as statements:
            await all_end()
        assert (await view(by, run_id)).tallies[LOGIN][BulkOutcome.INVITED] == many
        counts.append(len(statements))
    assert counts[0] == counts[1]
