"""What an API token began goes on no longer than the token lives: to whoever took it, revoking puts an end (R27)."""

from datetime import timedelta
from uuid import UUID

import pytest

from models import api_token, bulk_update, session
from models.bulk_update import BulkEdit
from models.ground import clock
from models.run import RunStatus, release
from models.toggles import Switch
from models.viewer import ApiScope, TeamRole, Viewer
from tests.support.firm.bulk_updates import ALL, ENABLE, all_end, claimed, ran, stepped, told, view
from tests.support.firm.factories import a_firm, a_member, an_account

pytestmark = pytest.mark.usefixtures("store")
ALL_ON = BulkEdit(ALL, login=ENABLE)
DONE, LEFT = {Switch.LOGIN: "off on CHANGED"}, {Switch.LOGIN: "off off ERROR NOT_ALLOWED"}


@pytest.fixture
async def by(store: str) -> Viewer:
    by = await a_member(await a_firm(), role=TeamRole.OWNER)
    for code in "AB":
        await an_account(by, code=code, address=f"{code.lower()}@client.test")
    return by


async def a_token(by: Viewer) -> tuple[UUID, Viewer]:
    """Good for a day; and who acts by it."""
    day = clock.now() + timedelta(days=1)
    made = await api_token.create(by, name="Ledger", scopes=[ApiScope.WRITE], expires_at=day)
    acting = await session.viewer_of(made.token or "")
    assert isinstance(acting, Viewer)
    return made.done.ids[0], acting


async def begun(run_id: UUID) -> None:
    """Its first address has ended; nobody goes on with it for the moment."""
    run = await claimed("a worker")
    assert run.run_id == run_id
    await stepped(run)
    await stepped(run)
    await release(run)


async def test_once_its_token_is_revoked_a_run_does_nothing_more(by: Viewer) -> None:
    token_id, acting = await a_token(by)
    run_id = (await bulk_update.start(acting, ALL_ON)).ids[0]
    await begun(run_id)
    await api_token.revoke(by, token_id)
    await all_end()
    assert await told(by, run_id) == {"A a@client.test": DONE, "B b@client.test": LEFT}
    assert (await view(by, run_id)).status is RunStatus.FINISHED


async def test_once_its_token_has_expired_a_run_does_nothing_more(by: Viewer) -> None:
    _, acting = await a_token(by)
    run_id = (await bulk_update.start(acting, ALL_ON)).ids[0]
    await begun(run_id)
    later = clock.now() + timedelta(days=1)
    clock.set_source(lambda: later)
    await all_end()
    assert await told(by, run_id) == {"A a@client.test": DONE, "B b@client.test": LEFT}


async def test_an_undo_ends_with_its_token_too(by: Viewer) -> None:
    run_id = await ran(by, ALL_ON)
    token_id, acting = await a_token(by)
    undo_id = (await bulk_update.undo(acting, run_id)).ids[0]
    await begun(undo_id)
    await api_token.revoke(by, token_id)
    await all_end()
    assert await told(by, undo_id) == {
        "A a@client.test": {Switch.LOGIN: "on off CHANGED"},
        "B b@client.test": {Switch.LOGIN: "on on ERROR NOT_ALLOWED"},
    }


async def test_a_run_goes_on_when_another_token_of_the_same_person_is_revoked(by: Viewer) -> None:
    (_, acting), (other_id, _) = await a_token(by), await a_token(by)
    run_id = (await bulk_update.start(acting, ALL_ON)).ids[0]
    await begun(run_id)
    await api_token.revoke(by, other_id)
    await all_end()
    assert await told(by, run_id) == {"A a@client.test": DONE, "B b@client.test": DONE}
