"""API tokens: made by an admin, acting as them, revocable at once."""

from datetime import timedelta

import pytest

from models import api_token, journal, session
from models.api_token import Created
from models.errors import ErrorCode, Refusal
from models.ground import clock, store
from models.viewer import ApiScope, TeamRole, Viewer
from tests.support.firm.factories import a_firm, a_member

pytestmark = pytest.mark.usefixtures("store")
BOTH = [ApiScope.READ, ApiScope.WRITE]


async def a_token(by: Viewer, **wishes: object) -> tuple[Created, str]:
    created = await api_token.create(by, name="Ledger export", scopes=BOTH, **wishes)  # type: ignore[arg-type]
    assert created.token is not None
    return created, created.token


async def test_a_token_acts_as_the_admin_who_made_it_within_its_scopes() -> None:
    admin = await a_member(await a_firm(), role=TeamRole.ADMIN)
    created = await api_token.create(admin, name="Dashboard", scopes=[ApiScope.READ])
    assert created.token is not None
    asking = await session.viewer_of(created.token)
    assert asking is not None
    assert (asking.member_id, asking.scopes) == (admin.member_id, frozenset({ApiScope.READ}))


async def test_a_token_is_shown_once_and_stands_nowhere_in_the_database() -> None:
    owner = await a_member(await a_firm())
    created, token = await a_token(owner, key="one request")
    again = await api_token.create(owner, name="Ledger export", scopes=BOTH, key="one request")
    assert (again.done, again.token) == (created.done, None)
    assert token not in repr(created)
    dump = await store.value(
        "SELECT (SELECT jsonb_agg(a) FROM api_token a)::text || (SELECT jsonb_agg(j) FROM journal_entry j)::text"
    )
    assert token not in dump


async def test_a_revoked_token_is_nobody_at_once() -> None:
    owner = await a_member(await a_firm())
    created, token = await a_token(owner)
    asking = await session.viewer_of(token)
    assert asking is not None
    await api_token.revoke(owner, created.done.ids[0])
    assert await session.viewer_of(token) is None
    assert await session.still(asking) is None


async def test_a_token_ends_at_its_time_and_with_its_maker() -> None:
    by = await a_firm()
    owner, other = await a_member(by), await a_member(by, role=TeamRole.ADMIN)
    _, brief = await a_token(owner, expires_at=clock.now() + timedelta(hours=1))
    _, orphan = await a_token(other)
    await store.execute("UPDATE team_member SET state = 'REMOVED' WHERE id = $1", other.member_id)
    assert await session.viewer_of(orphan) is None
    assert await session.viewer_of(brief) is not None
    later = clock.now() + timedelta(hours=2)
    clock.set_source(lambda: later)
    assert await session.viewer_of(brief) is None


async def test_the_last_use_is_noted_to_the_minute() -> None:
    owner = await a_member(await a_firm())
    _, token = await a_token(owner)
    start = clock.now()
    for minutes in (0, 0.5, 2):
        clock.set_source(lambda minutes=minutes: start + timedelta(minutes=minutes))  # type: ignore[misc]
        await session.viewer_of(token)
    [view] = await api_token.of_firm(owner)
    assert view.last_used_at == start + timedelta(minutes=2)


async def test_only_admins_in_person_make_and_revoke_tokens() -> None:
    by = await a_firm()
    owner, employee = await a_member(by), await a_member(by, role=TeamRole.EMPLOYEE, manage_accounts=True)
    created, token = await a_token(owner)
    itself = await session.viewer_of(token)
    assert isinstance(itself, Viewer)
    for asking in (employee, itself):
        with pytest.raises(Refusal) as refused:
            await api_token.create(asking, name="Mine", scopes=BOTH)
        assert refused.value.code is ErrorCode.NOT_ALLOWED
        with pytest.raises(Refusal):
            await api_token.revoke(asking, created.done.ids[0])
    assert await api_token.of_firm(employee) == []


async def test_another_firms_token_is_not_found() -> None:
    owner, stranger = await a_member(await a_firm()), await a_member(await a_firm())
    created, token = await a_token(owner)
    with pytest.raises(Refusal) as refused:
        await api_token.revoke(stranger, created.done.ids[0])
    assert refused.value.code is ErrorCode.NOT_FOUND
    assert await session.viewer_of(token) is not None


async def test_making_and_revoking_is_journalled_by_name() -> None:
    owner = await a_member(await a_firm())
    created, _ = await a_token(owner)
    await api_token.revoke(owner, created.done.ids[0])
    told = [change for batch in await journal.since(owner.firm_id, 0) for e in batch.entries for change in e.changes]
    assert [(c.before, c.after) for c in told if c.field == "apiTokens"] == [
        (None, "Ledger export"),
        ("Ledger export", None),
    ]
