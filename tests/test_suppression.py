import pytest

from models import address, contact, journal, suppression
from models.contact import ContactFilter, ContactOrder
from models.errors import ErrorCode, Refusal
from models.ground import store
from models.ground.page import Window
from models.journal import JournalKind
from models.viewer import System, TeamRole
from tests.support.firm.factories import a_contact, a_firm, a_member, an_account, an_address

pytestmark = pytest.mark.usefixtures("store")
GONE = "The mail server says that there is no such mailbox."


async def _suppressed(by: System, address_id: object, reason: str = GONE) -> None:
    async with store.transaction():
        await suppression.suppress(by.firm_id, address_id, reason)  # type: ignore[arg-type]  # a UUID of asyncpg's


async def test_a_suppressed_address_says_since_when_and_why_and_the_first_reason_stands(by: System) -> None:
    owner, made = await a_member(by), await an_account(by)
    await _suppressed(by, made.address)
    await _suppressed(by, made.address, "Another reason.")
    told = (await address.by_ids(owner, [made.address]))[made.address].suppressed
    assert told is not None
    assert told.reason == GONE


async def test_a_person_of_the_firm_lifts_it_and_the_journal_tells_who(by: System) -> None:
    owner, made = await a_member(by), await an_account(by)
    await _suppressed(by, made.address)
    before = await journal.head(by.firm_id)
    done = await suppression.lift(owner, made.address)
    assert (await address.by_ids(owner, [made.address]))[made.address].suppressed is None
    (batch,) = await journal.since(by.firm_id, before)
    (entry,) = batch.entries
    assert (done.cursor, entry.kind, entry.member_id) == (batch.cursor, JournalKind.SUPPRESSION_LIFTED, owner.member_id)
    assert entry.account_ids == (made.id,)
    assert (await suppression.lift(owner, made.address)).cursor is None  # nothing to lift, nobody is told (R3)


async def test_contacts_can_be_found_by_whether_letters_reach_them(by: System) -> None:
    owner, gone = await a_member(by), await a_contact(by, "gone@client.test")
    there, without = await a_contact(by, "there@client.test"), await a_contact(by)
    await _suppressed(by, await an_address(by, "gone@client.test"))

    async def found(suppressed: bool | None) -> set[object]:
        wanted = ContactFilter(suppressed=suppressed)
        page = await contact.page(owner, wanted, ContactOrder.NAME_ASC, Window())
        assert await contact.count(owner, wanted) == len(page.rows)
        return {one.id for one in page.rows}

    assert await found(True) == {gone}
    assert await found(False) == {there, without}
    assert await found(None) == {gone, there, without}


@pytest.mark.parametrize("who", ["another firm's", "an employee without the right"])
async def test_nobody_else_lifts_it(by: System, who: str) -> None:
    made = await an_account(by)
    await _suppressed(by, made.address)
    asking = await (a_member(await a_firm()) if who == "another firm's" else a_member(by, role=TeamRole.EMPLOYEE))
    with pytest.raises(Refusal) as refused:
        await suppression.lift(asking, made.address)
    assert refused.value.code is (ErrorCode.NOT_FOUND if who == "another firm's" else ErrorCode.NOT_ALLOWED)
