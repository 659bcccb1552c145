"""No Email sync for an address of the firm itself (R46)."""

import asyncio

import pytest

from models import journal, team
from models.errors import ErrorCode
from models.mailbox import MailSecurity, MailServer, NewMailbox, connect
from models.viewer import TeamRole, Viewer
from tests.make import a_firm, a_member, an_account, spelled, switched
from tests.refused import refused

pytestmark = pytest.mark.usefixtures("store")
LOOPBACK = MailServer("127.0.0.1", 1143, MailSecurity.NONE)


@pytest.fixture
async def by(store: str) -> Viewer:
    return await a_member(await a_firm())


async def test_email_sync_is_refused_for_a_colleagues_address_and_a_mailbox(by: Viewer) -> None:
    """R46"""
    await a_member(by, email="Giulia@Firm.test")
    await connect(by, NewMailbox("studio@firm.test", "secret", LOOPBACK, LOOPBACK))
    for text in ("giulia@firm.test", "Studio@Firm.test"):
        made = await an_account(by, address=text)
        with refused(ErrorCode.OWN_ADDRESS, "toggles", 0, "emailSync"):
            await switched(by, made.id, made.address, email_sync=True)
        await switched(by, made.id, made.address, login=True, notify=True)
        assert await spelled(by, made.id, made.address) == "LN"


async def test_an_address_that_becomes_the_firms_own_loses_email_sync_with_an_entry(by: Viewer) -> None:
    """R46"""
    colleague = await an_account(by, address="davide@firm.test", login=True, email_sync=True)
    box = await an_account(by, address="studio@firm.test", email_sync=True)
    other = await an_account(by, address="other@x.test", email_sync=True)
    head = await journal.head(by.firm_id)
    await team.add(by, name="Davide", email="Davide@firm.test", secret="long enough", role=TeamRole.EMPLOYEE)
    await connect(by, NewMailbox("studio@firm.test", "secret", LOOPBACK, LOOPBACK))
    assert [await spelled(by, one.id, one.address) for one in (colleague, box, other)] == ["L", "-", "E"]
    told = [entry for batch in await journal.since(by.firm_id, head) for entry in batch.of("TOGGLES_CHANGED")]
    assert [entry.account_ids for entry in told] == [(colleague.id,), (box.id,)]


async def test_email_sync_that_goes_on_just_as_the_address_becomes_the_firms_own_ends_off(by: Viewer) -> None:
    """R46"""
    made = [await an_account(by, address=f"box{n}@firm.test") for n in range(16)]
    boxes = [NewMailbox(f"box{n}@firm.test", "secret", LOOPBACK, LOOPBACK) for n in range(16)]
    for one, box in zip(made, boxes, strict=True):
        switching = switched(by, one.id, one.address, email_sync=True)
        await asyncio.gather(connect(by, box), switching, return_exceptions=True)
        assert await spelled(by, one.id, one.address) == "-"
