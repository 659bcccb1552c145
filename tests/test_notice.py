"""What clients are told of an event, and what is answered of each address (R14)."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from models import account, contact, journal, letter, notice
from models.client_event import ClientEvent
from models.contact import ContactEmail, FieldRef
from models.errors import ErrorCode
from models.ground import clock, store
from models.ground.page import Window
from models.ground.settings import Settings
from models.journal import JournalFilter, JournalKind, Subject
from models.letter import LetterState
from models.notice import NotifyOutcome
from models.viewer import System, Viewer
from tests.support.firm.acting import owner_of_a_new_firm
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import (
    a_contact,
    a_firm,
    a_member,
    an_account,
    an_address,
    counting,
    switched,
    with_password,
)
from tests.support.firm.notices import later, subjects
from tests.support.firm.notify_clients import (
    EVERYBODY,
    INVOICE,
    as_told,
    everybody,
    kept,
    many_told,
    notified,
    the_notices,
)
from tests.support.firm.one_of_everything import everything
from tests.support.refusals import refused
from tests.support.waiting import held, until_waiting

pytestmark = pytest.mark.usefixtures("store")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
REMINDER = ClientEvent.INVOICE_REMINDER
by = owner_of_a_new_firm


@pytest.fixture
def _one_an_hour() -> Iterator[None]:
    letter.limit(Settings.model_validate({"notices_per_recipient": 1}))
    yield
    letter.limit(Settings())


async def test_each_address_and_each_contact_without_one_is_named_with_what_became_of_it(by: Viewer) -> None:
    made = await everybody(by)
    told = await notified(by, made.id)
    assert as_told(told.recipients) == EVERYBODY
    (shown,) = await the_notices(by, made.id)
    assert (shown.event, shown.subject) == (INVOICE, "Invoice 12")
    assert (await notice.recipients_of(by, [shown.id]))[shown.id] == list(told.recipients)
    letters = (await notice.letters_of(by, [shown.id]))[shown.id]
    assert [(one.address.address, one.state, one.reason) for one in letters] == [(ANNA, LetterState.QUEUED, None)]


async def test_login_has_nothing_to_do_with_it(by: Viewer) -> None:
    made = await an_account(by, login=False, notify=True)
    assert [one.outcome for one in (await notified(by, made.id)).recipients] == [NotifyOutcome.QUEUED]


async def test_contacts_who_share_an_address_are_one_recipient(by: Viewer) -> None:
    made = await an_account(by, address=ANNA, notify=True)
    await a_contact(by, "ANNA@client.test", name="Aldo", on=made.id)
    told = await notified(by, made.id)
    assert as_told(told.recipients) == [("ANNA@client.test", ("Aldo", "Marta Valsecchi"), "QUEUED")]


async def test_an_unlinked_email_gets_nothing_and_is_not_listed(by: Viewer) -> None:
    made = await an_account(by, address=ANNA, login=True, notify=True)
    await with_password(by, made.address)
    await contact.update(by, made.contact, emails=[ContactEmail(FieldRef(name="Email"), None)])
    assert as_told((await notified(by, made.id)).recipients) == [(None, ("Marta Valsecchi",), "NO_ADDRESS")]
    await contact.unlink(by, made.id, made.contact)
    assert (await notified(by, made.id, key="nobody")).recipients == ()
    assert await store.value("SELECT count(*) FROM letter") == 0


async def test_what_is_held_elsewhere_counts_for_nothing_here(by: Viewer) -> None:
    """The address is held on another account, by another contact, and wants notices there."""
    made = await an_account(by, address=ANNA, login=True, notify=True)
    await with_password(by, made.address)
    await an_account(by, name="Altra", address=ANNA, notify=True)
    await contact.update(by, made.contact, emails=[ContactEmail(FieldRef(name="Email"), None)])
    assert as_told((await notified(by, made.id)).recipients) == [(None, ("Marta Valsecchi",), "NO_ADDRESS")]


async def test_the_same_key_answers_the_same_word_for_word_whatever_has_been_switched_since(by: Viewer) -> None:
    made = await everybody(by)
    first = await notified(by, made.id)
    await switched(by, made.id, made.address, notify=False)
    await switched(by, made.id, await an_address(by, "bruno@client.test"), notify=True)
    await a_contact(by, "fabio@client.test", name="Fabio", on=made.id)
    before = await kept()
    assert await notified(by, made.id) == first
    await contact.unlink(by, made.id, made.contact)
    await account.archive(by, made.id, archived=True)
    assert await notified(by, made.id) == first
    assert await kept() == before


async def test_the_same_key_with_anything_else_is_refused(by: Viewer) -> None:
    made = await an_account(by, code="V1", notify=True)
    await notified(by, made.id)
    before = await everything()
    for other in ({"subject": "Invoice 13"}, {"text": "x"}, {"link": "/x"}, {"event": REMINDER}, {"subject": ""}):
        with refused(ErrorCode.IDEMPOTENCY_KEY_REUSED, "idempotencyKey"):
            await notified(by, made.id, **other)
    with refused(ErrorCode.IDEMPOTENCY_KEY_REUSED):
        await notified(by, "V1")
    assert await everything() == before


async def test_a_dry_run_tells_the_same_writes_nothing_and_leaves_the_key_unused(by: Viewer) -> None:
    made = await everybody(by)
    before = await everything()
    would = await notified(by, made.id, dry_run=True)
    assert as_told(would.recipients) == EVERYBODY
    assert would.done.cursor is None
    assert await everything() == before
    told = await notified(by, made.id, subject="Another")
    assert told.recipients == would.recipients
    assert told.done.cursor is not None
    with refused(ErrorCode.INVALID, "idempotencyKey"):
        await notified(by, made.id, key="", dry_run=True)
    with refused(ErrorCode.NOT_FOUND):
        await notified(by, UUID(int=0), dry_run=True)


async def test_clients_of_an_archived_account_are_told_nothing(by: Viewer) -> None:
    made = await an_account(by, code="V1", notify=True)
    await account.archive(by, made.id, archived=True)
    before = await everything()
    for dry_run in (False, True):
        with refused(ErrorCode.ACCOUNT_ARCHIVED, "account", "id"):
            await notified(by, made.id, dry_run=dry_run)
        with refused(ErrorCode.ACCOUNT_ARCHIVED, "account", "code"):
            await notified(by, "V1", dry_run=dry_run)
    assert await everything() == before


async def test_the_journal_says_who_raised_it_and_how_many_letters_tell_of_it_and_no_word_of_it(by: Viewer) -> None:
    made = await everybody(by)
    told = await notified(by, made.id)
    shown = JournalFilter(kinds=(JournalKind.CLIENTS_NOTIFIED,))
    (entry,) = (await journal.page(by, shown, Window())).rows
    (view,) = await the_notices(by, made.id)
    assert (entry.member_id, entry.account_ids) == (by.member_id, (made.id,))
    assert (entry.subject_type, entry.subject_id) == (Subject.NOTICE, view.id)
    assert entry.position == told.done.cursor
    said = {change.field: (change.before, change.after) for change in entry.changes}
    assert said == {"event": (None, "INVOICE_SENT"), "recipients": (None, "5"), "letters": (None, "1")}


async def test_notices_are_read_newest_first_each_account_its_own(by: Viewer) -> None:
    first, second = await an_account(by, notify=True), await an_account(by, notify=True)
    for minute, (made, subject) in enumerate([(first, "1"), (second, "2"), (first, "3"), (first, "4")]):
        clock.set_source(partial(NOON.__add__, timedelta(minutes=minute)))
        await notified(by, made.id, key=subject, subject=subject)
    pages = await notice.of_accounts(by, [first.id, second.id], Window(size=2))
    assert [view.subject for view in pages[first.id].rows] == ["4", "3"]
    assert pages[first.id].has_next
    assert [view.subject for view in pages[second.id].rows] == ["2"]
    assert await notice.counts_of_accounts(by, [first.id, second.id]) == {first.id: 3, second.id: 1}
    more = await notice.of_accounts(by, [first.id], Window(size=2, after=pages[first.id].keys[-1]))
    assert [view.subject for view in more[first.id].rows] == ["1"]


async def test_nothing_of_another_firm_is_read(by: Viewer) -> None:
    made = await everybody(by)
    await notified(by, made.id)
    (view,) = await the_notices(by, made.id)
    stranger = await a_member(await a_firm())
    assert await notice.by_ids(by, [view.id]) == {view.id: view}
    assert await notice.by_ids(stranger, [view.id]) == {}
    assert await notice.recipients_of(stranger, [view.id]) == {}
    assert await notice.letters_of(stranger, [view.id]) == {}
    assert await the_notices(stranger, made.id) == []
    assert await notice.counts_of_accounts(stranger, [made.id]) == {}


@pytest.mark.usefixtures("_one_an_hour")
async def test_an_address_that_has_had_its_letters_of_the_hour_is_told_apart(by: Viewer) -> None:
    made = await an_account(by, address=ANNA, notify=True)
    await notified(by, made.id, key="first")
    await later(timedelta(seconds=61))
    await a_contact(by, "bea@client.test", name="Bea", on=made.id)
    await switched(by, made.id, await an_address(by, "bea@client.test"), notify=True)
    would = await notified(by, made.id, key="second", dry_run=True)
    told = await notified(by, made.id, key="second")
    assert as_told(told.recipients) == [
        (ANNA, ("Marta Valsecchi",), "LIMIT_REACHED"),
        ("bea@client.test", ("Bea",), "QUEUED"),
    ]
    assert would.recipients == told.recipients
    assert await notified(by, made.id, key="second") == told
    assert await store.value("SELECT count(*) FROM letter") == 2


async def test_notices_of_one_minute_are_told_by_one_letter(by: Viewer) -> None:
    made = await an_account(by, notify=True)
    for n in range(3):
        await notified(by, made.id, key=str(n), subject=str(n))
    rows = await store.rows(
        "SELECT r.letter_id FROM notice n JOIN notice_recipient r ON r.notice_id = n.id ORDER BY n.subject"
    )
    first, second, third = [row["letter_id"] for row in rows]
    assert first != second == third
    assert [list(await subjects(letter_id)) for letter_id in (first, second)] == [["0"], ["1", "2"]]


@pytest.mark.parametrize(
    ("state", "error", "reason"),
    [
        ("QUEUED", "450 try later", None),
        ("SENT", "450 try later", None),
        ("UNCERTAIN", None, None),
        ("REFUSED", "550 no such user", "550 no such user"),
        ("BOUNCED", None, "It came back."),
        ("CANCELLED", None, "It was cancelled before it left."),
        ("CANCELLED", "Notify is off.", "Notify is off."),
    ],
)
async def test_a_letter_says_why_it_will_not_arrive(
    by: Viewer, state: str, error: str | None, reason: str | None
) -> None:
    made = await an_account(by, notify=True)
    await notified(by, made.id)
    settled = None if state == "QUEUED" else clock.now()
    await store.execute("UPDATE letter SET state = $1, error = $2, settled_at = $3", state, error, settled)
    (view,) = await the_notices(by, made.id)
    (shown,) = (await notice.letters_of(by, [view.id]))[view.id]
    assert (shown.state, shown.settled_at, shown.reason) == (state, settled, reason)


@pytest.mark.parametrize("count", [5, 50])
async def test_as_many_statements_for_fifty_addresses_as_for_five(by: Viewer, count: int) -> None:
    made = await many_told(by, count)
    async with counting() as statements:
        assert len((await notified(by, made.id)).recipients) == count
    assert len(statements) == 11, [" ".join(one.split())[:90] for one in statements]


@pytest.mark.parametrize("count", [5, 50])
async def test_nor_do_letters_that_are_there_already_cost_more(by: Viewer, count: int) -> None:
    """Some wait for more of it, some are new: the most that there can be."""
    made = await many_told(by, count)
    await notified(by, made.id, key="first")
    await notified(by, made.id, key="second")
    await a_contact(by, "new@client.test", name="New", on=made.id)
    await switched(by, made.id, await an_address(by, "new@client.test"), notify=True)
    async with counting() as statements:
        assert {one.outcome for one in (await notified(by, made.id)).recipients} == {NotifyOutcome.QUEUED}
    assert len(statements) <= 12, [" ".join(one.split())[:90] for one in statements]


async def test_an_account_of_a_thousand_contacts(by: Viewer) -> None:
    made = await an_account(by, address=ANNA, notify=True)
    await store.execute(_THOUSAND, by.firm_id, made.id)
    told = await notified(by, made.id)
    assert len(told.recipients) == 1_000
    assert [one.outcome for one in told.recipients[:2]] == [NotifyOutcome.QUEUED, NotifyOutcome.NO_ADDRESS]
    assert await notified(by, made.id) == told


_THOUSAND = """
WITH people AS (
  INSERT INTO contact (id, firm_id, name, sort_key, words, created_at, version)
  SELECT gen_random_uuid(), $1, 'P' || n, 'p' || n, '{}', now(), 1 FROM generate_series(1, 999) n RETURNING id
)
INSERT INTO account_contact (id, firm_id, account_id, contact_id) SELECT gen_random_uuid(), $1, $2, id FROM people
"""


async def test_two_who_say_the_same_at_once_have_said_it_once(by: Viewer) -> None:
    made = await everybody(by)
    told = await asyncio.gather(*[notified(by, made.id) for _ in range(5)])
    assert all(one == told[0] for one in told)
    assert await store.value("SELECT count(*) FROM notice") == 1
    assert await store.value("SELECT count(*) FROM letter") == 1


async def test_who_is_cancelled_halfway_has_said_nothing(by: Viewer, store: str) -> None:
    made = await everybody(by)
    before = await everything()
    async with held(switched(System(by.firm_id), made.id, made.address, login=True)):
        raising = asyncio.create_task(notified(by, made.id))
        await until_waiting(store, 1)
        raising.cancel()
        with pytest.raises(asyncio.CancelledError):
            await raising
    after = await everything()
    assert {table for table in after if before[table] != after[table]} <= {"toggles", "journal_entry", "journal_head"}
    assert as_told((await notified(by, made.id)).recipients) == EVERYBODY


async def test_what_is_switched_at_that_very_moment_counts(by: Viewer, store: str) -> None:
    made = await an_account(by, notify=True)
    async with held(switched(System(by.firm_id), made.id, made.address, notify=False)):
        raising = asyncio.create_task(notified(by, made.id))
        await until_waiting(store, 1)
    assert [one.outcome for one in (await raising).recipients] == [NotifyOutcome.NOTIFY_OFF]


async def test_a_contact_that_is_gone_is_shown_no_more(by: Viewer) -> None:
    made = await an_account(by, address=ANNA, notify=True)
    told = await notified(by, made.id)
    await contact.delete(by, made.contact)
    (view,) = await the_notices(by, made.id)
    (recipient,) = (await notice.recipients_of(by, [view.id]))[view.id]
    assert (recipient.address, recipient.contacts) == (told.recipients[0].address, ())
