"""A session that nobody uses ends by itself; one that is used goes on until its days are over."""

from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from models import api_token, housekeeping, session
from models.ground import clock, store
from models.ground.settings import Settings
from models.session import SignedIn
from models.viewer import ApiScope, Asker, System
from tests.support.api.client import Api
from tests.support.emails.synced_mailbox import eventually
from tests.support.firm.factories import a_client, an_account, counting, signed_in
from tests.support.firm.invitations import later
from tests.support.firm.revocations import feed_begun

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def five_days() -> Iterator[None]:
    session.limit(Settings(session_idle_days=5))
    yield
    session.limit(Settings())


async def a_session(by: System, kind: str) -> SignedIn[Asker]:
    return await (signed_in(by) if kind == "colleague" else a_client(by, await an_account(by)))


@pytest.mark.parametrize("kind", ["colleague", "client"])
async def test_after_14_days_without_use_a_session_is_nobodys(by: System, kind: str) -> None:
    found = await a_session(by, kind)
    later(days=14, seconds=-1)
    assert await session.still(found.viewer) == found.viewer
    later(seconds=1)
    assert await session.viewer_of(found.token) is None
    assert await session.still(found.viewer) is None


@pytest.mark.parametrize("kind", ["colleague", "client"])
async def test_a_session_that_is_used_goes_on_until_its_30_days_are_over(by: System, kind: str) -> None:
    found = await a_session(by, kind)
    for days in (13, 13, 3):
        later(days=days)
        assert await session.viewer_of(found.token) == found.viewer
    later(days=1)
    assert await session.viewer_of(found.token) is None


async def test_the_installation_says_how_long_unused_is_too_long(by: System, five_days: None) -> None:
    found = await signed_in(by)
    later(days=4)
    assert await session.viewer_of(found.token) == found.viewer
    later(days=5)
    assert await session.viewer_of(found.token) is None


async def test_an_api_token_has_no_such_limit(by: System) -> None:
    owner = await signed_in(by)
    created = await api_token.create(owner.viewer, name="Yearly report", scopes=[ApiScope.READ])
    assert created.token is not None
    later(days=300)
    assert await session.viewer_of(created.token) is not None


async def test_a_session_of_the_release_before_ends_as_that_said_or_unused(by: System) -> None:
    idle, busy = await signed_in(by), await signed_in(by)
    await store.execute("UPDATE session SET expires_at = ends_at, ends_at = NULL")
    for _ in range(3):
        later(days=9)
        assert await session.viewer_of(busy.token) == busy.viewer
    assert await session.viewer_of(idle.token) == idle.viewer
    later(days=3)
    assert await session.viewer_of(busy.token) is None


async def test_use_is_written_down_once_a_minute_in_one_statement(by: System) -> None:
    found = await signed_in(by)
    later(minutes=1)
    async with counting() as statements:
        for _ in range(20):
            await session.viewer_of(found.token)
    assert sum("UPDATE session" in statement for statement in statements) == 1
    assert len(statements) == 21


async def test_what_ended_unused_is_thrown_away(by: System) -> None:
    later(days=-15)  # it is now, in the end: else nothing is thrown away
    used, _ = await signed_in(by), await signed_in(by)
    later(days=10)
    await session.viewer_of(used.token)
    clock.set_source(None)
    assert (await housekeeping.sweep())["session"] == 1
    assert await session.viewer_of(used.token) == used.viewer


async def test_an_open_socket_is_a_use_and_no_request(api: Api, by: System) -> None:
    """Written down once an hour, however often it is looked at; when the person asked for something stays as it was."""
    api.app.state.sockets.watch.every = 0.1
    owner, closed = await signed_in(by), await signed_in(by)
    own = "FROM session WHERE id = $1"
    async with AsyncExitStack() as stack:
        feed = await feed_begun(stack, api, owner)
        for _ in range(2):
            now = later(days=13)
            lasts = f"SELECT expires_at = least($2::timestamptz + interval '14 days', ends_at) {own}"
            await eventually(lambda now=now, lasts=lasts: store.value(lasts, owner.viewer.session_id, now))  # type: ignore[misc]
        assert await session.viewer_of(closed.token) is None
        assert await store.value(f"SELECT last_used_at = created_at {own}", owner.viewer.session_id)
        later(days=5)
        assert await feed.closed() == 4403
    assert await session.viewer_of(owner.token) is None
