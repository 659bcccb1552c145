"""A complaint ends the kind of notice that it is about, for that address on that account, and nothing else (R17)."""

from uuid import UUID

from mail.compose import LETTER, SIGNED
from mail.parse.report import read_report
from mail.returns.settling import settle
from models import journal, letter
from models.address import TypedAddress
from models.client_event import ClientEvent
from models.ground import clock, keys, store
from models.letter import NoticeItem, Tidings
from models.notification_category import NotificationCategory
from models.viewer import System
from tests.support.firm.cast import ANNA
from tests.support.firm.factories import MadeAccount, a_member, an_account, an_address, linked
from tests.support.letters.outbox import row_of, written
from tests.support.letters.reports import a_complaint

INVOICES = NotificationCategory.INVOICES_AND_PAYMENTS
UNWANTED = f"{ANNA} told its mail provider that it does not want a letter of yours."


async def a_notice(by: System, made: MadeAccount) -> UUID:
    item = NoticeItem(ClientEvent.INVOICE_SENT, "Invoice 7")
    tidings = Tidings(TypedAddress(ANNA, ANNA), made.address, made.id, "Vetreria", item)
    async with store.transaction(by.firm_id):
        (letter_id,) = await letter.gather(by, [tidings])
    assert letter_id is not None
    return await left(letter_id)


async def left(letter_id: UUID) -> UUID:
    await store.execute("UPDATE letter SET state = 'SENT', settled_at = $2 WHERE id = $1", letter_id, clock.now())
    return letter_id


def about(letter_id: UUID) -> bytes:
    signed = keys.installation().signature(LETTER, str(letter_id))
    return f"To: {ANNA}\r\n{SIGNED}: {letter_id}.{signed}\r\n\r\nInvoice 7\r\n".encode()


async def settled(raw: bytes) -> bool:
    report = read_report(raw)
    assert report is not None
    return await settle(report)


async def muted() -> dict[UUID, list[str]]:
    rows = await store.rows("SELECT account_id, muted FROM toggles WHERE muted <> '{}'")
    return {row["account_id"]: row["muted"] for row in rows}


async def texts() -> list[tuple[str, int]]:
    return [(row["text"], row["count"]) for row in await store.rows("SELECT text, count FROM notification")]


async def test_a_complaint_on_a_notice_switches_its_category_off_there_once(by: System) -> None:
    await a_member(by)
    made = await an_account(by, address=ANNA, notify=True)
    other = await an_account(by, name="Altra")
    await linked(by, other.id, made.contact)
    letter_id, stood = await a_notice(by, made), await journal.head(by.firm_id)
    for _ in range(2):
        assert await settled(a_complaint(about(letter_id)))
    assert await muted() == {made.id: [INVOICES]}
    words = (
        f"{UNWANTED} It is told of invoices and payments no more on that account, until its preferences are changed."
    )
    assert await texts() == [(words, 1)]
    assert (await row_of(letter_id))["state"] == "SENT"
    assert await store.value("SELECT count(*) FROM email_address WHERE suppressed_at IS NOT NULL") == 0
    (batch,) = await journal.since(by.firm_id, stood)
    assert ("PREFERENCES_CHANGED", None) in {(entry.kind, entry.member_id) for entry in batch.entries}


async def test_what_was_switched_on_again_since_stays_on(by: System) -> None:
    made = await an_account(by, address=ANNA, notify=True)
    letter_id = await a_notice(by, made)
    await settled(a_complaint(about(letter_id)))
    await store.execute("UPDATE toggles SET muted = '{}'")
    await settled(a_complaint(about(letter_id)))
    assert await muted() == {}


async def test_on_an_account_that_is_no_longer_theirs_it_is_told_only(by: System) -> None:
    await a_member(by)
    made = await an_account(by, address=ANNA, notify=True)
    letter_id = await a_notice(by, made)
    await store.execute("UPDATE account SET archived_at = now() WHERE id = $1", made.id)
    assert await settled(a_complaint(about(letter_id)))
    assert await muted() == {}
    assert await texts() == [(UNWANTED, 1)]


async def test_on_another_letter_it_is_told_and_nothing_ends(by: System) -> None:
    await a_member(by)
    made = await an_account(by, address=ANNA, login=True, notify=True)
    letter_id = await left(await written(by, ANNA, address_id=made.address))
    for _ in range(2):
        assert await settled(a_complaint(about(letter_id)))
    assert (await muted(), await texts()) == ({}, [(UNWANTED, 1)])
    assert (await row_of(letter_id))["state"] == "SENT"


async def test_what_is_no_complaint_of_a_person_or_names_no_letter_does_nothing(by: System) -> None:
    await a_member(by)
    made = await an_account(by, address=ANNA, notify=True)
    letter_id = await a_notice(by, made)
    for kind in ("not-spam", "auth-failure", "virus", "other", ""):
        assert not await settled(a_complaint(about(letter_id), kind=kind))
    changed = about(letter_id)
    at = changed.index(b"X-Switchboard-Letter: ") + 80
    changed = changed[:at] + (b"A" if changed[at : at + 1] != b"A" else b"B") + changed[at + 1 :]
    assert not await settled(a_complaint(changed))
    assert (await muted(), await texts()) == ({}, [])


async def test_a_letter_that_has_not_left_is_complained_of_by_nobody(by: System) -> None:
    await a_member(by)
    letter_id = await written(by, ANNA, address_id=await an_address(by, ANNA))
    assert await settled(a_complaint(about(letter_id)))
    assert (await muted(), await texts()) == ({}, [])
