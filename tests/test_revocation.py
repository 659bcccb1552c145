"""Revocation reaches open sockets (P5): whoever lost the session, or the account in use, is cut off everywhere."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from graph.ids import Kind, global_id
from models import account, api_token, contact, session
from models.ground import clock, store
from models.viewer import ApiScope
from tests.support.api.client import Api, Following, TopLevelErrors
from tests.support.firm.factories import a_firm, signed_in, switched
from tests.support.firm.revocations import (
    CLIENT_KEEPS,
    CLIENT_LOSES,
    COLLEAGUE_LOSES,
    LIVE,
    Loses,
    a_firm_with_people,
    feed_begun,
    login_off,
    password_changed_elsewhere,
    removed,
    right_lost,
)
from tests.support.processes.several_servers import a_server, asked
from tests.support.servers.redis import RedisServer
from tests.support.waiting import patience

WHO = "{ __typename }"
RENAME = 'mutation($id: ID!) { updateAccount(input: { id: $id, name: "B" }) { errors { code } } }'


async def is_open(feed: Following) -> bool:
    """It answers a ping, after whatever it tells before. Raises ConnectionClosed."""
    await feed.socket.send('{"type": "ping"}')
    while (await feed.message())["type"] != "pong":
        pass
    return True


@pytest.mark.parametrize("loses", CLIENT_LOSES)
async def test_a_clients_sockets_end_with_the_account_in_use(api: Api, loses: Loses) -> None:
    firm = await a_firm_with_people()
    async with AsyncExitStack() as stack:
        theirs, others, colleagues = [
            await feed_begun(stack, api, each) for each in (firm.client, firm.other, firm.colleague)
        ]
        await loses(firm)
        assert await theirs.closed() == 4403
        assert await is_open(others)
        assert await is_open(colleagues)


@pytest.mark.parametrize("keeps", CLIENT_KEEPS)
async def test_who_can_still_enter_by_a_former_address_goes_on(api: Api, keeps: Loses) -> None:
    """R34: until the unlinked email goes too (R35)."""
    firm = await a_firm_with_people()
    async with AsyncExitStack() as stack:
        theirs = await feed_begun(stack, api, firm.client)
        await keeps(firm)
        assert await session.still(firm.client.viewer) == firm.client.viewer
        assert await is_open(theirs)
        await contact.delete_email(firm.by, firm.account.id, firm.account.address)
        assert await theirs.closed() == 4403


@pytest.mark.parametrize("loses", COLLEAGUE_LOSES)
async def test_a_colleagues_sockets_end_with_the_session_or_the_rights(api: Api, loses: Loses) -> None:
    firm = await a_firm_with_people()
    who = (firm.colleague, firm.colleague_elsewhere, firm.owner, firm.client)
    async with AsyncExitStack() as stack:
        mine, elsewhere, others, clients = [await feed_begun(stack, api, each) for each in who]
        await loses(firm)
        assert await mine.closed() == 4403
        if loses is password_changed_elsewhere:
            assert await is_open(elsewhere)
        else:
            assert await elsewhere.closed() == 4403
        assert await is_open(others)
        assert await is_open(clients)


async def test_who_has_fewer_rights_comes_back_with_those_and_who_was_removed_does_not(api: Api) -> None:
    firm = await a_firm_with_people()
    await right_lost(firm)
    async with AsyncExitStack() as stack:
        assert await is_open(await feed_begun(stack, api, firm.colleague))
    told = await api.ask(RENAME, {"id": global_id(Kind.ACCOUNT, firm.account.id)}, as_=firm.colleague)
    assert told["updateAccount"]["errors"] == [{"code": "NOT_ALLOWED"}]
    await removed(firm)
    with pytest.raises(TopLevelErrors) as refused:
        await api.ask(WHO, as_=firm.colleague)
    assert refused.value.codes == ["UNAUTHENTICATED"]


async def test_another_account_of_the_same_person_goes_on(api: Api) -> None:
    """R10"""
    firm = await a_firm_with_people()
    async with AsyncExitStack() as stack:
        feed = await feed_begun(stack, api, firm.client)
        await switched(firm.by, firm.second.id, firm.account.address, login=False)
        await account.update(firm.by, firm.account.id, name="Renamed")
        assert await is_open(feed)
        assert await session.still(firm.client.viewer) == firm.client.viewer


async def test_the_next_request_is_refused_where_nothing_is_left(api: Api) -> None:
    firm = await a_firm_with_people()
    await login_off(firm)
    assert await api.ask(WHO, as_=firm.client)
    assert (await session.still(firm.client.viewer)).account_id is None  # type: ignore[union-attr]
    await switched(firm.by, firm.second.id, firm.account.address, login=False)
    with pytest.raises(TopLevelErrors) as refused:
        await api.ask(WHO, as_=firm.client)
    assert refused.value.codes == ["UNAUTHENTICATED"]


async def test_a_token_that_is_revoked_and_a_session_that_is_ended_elsewhere_take_only_their_own_sockets(
    api: Api,
) -> None:
    by = await a_firm()
    owner, colleague = await signed_in(by), await signed_in(by)
    created = await api_token.create(owner.viewer, name="Ledger", scopes=[ApiScope.READ])
    assert created.token is not None
    second = await session.start_for_member(firm_id=by.firm_id, member_id=owner.viewer.member_id, days=1)
    async with AsyncExitStack() as stack:
        feeds = [await feed_begun(stack, api, each) for each in (created.token, second, owner, colleague)]
        await api_token.revoke(owner.viewer, created.done.ids[0])
        assert await feeds[0].closed() == 4403
        await session.sign_out(second.viewer)
        assert await feeds[1].closed() == 4403
        assert await is_open(feeds[2])
        assert await is_open(feeds[3])


async def test_a_session_ends_by_the_clock_and_its_socket_with_it(api: Api) -> None:
    api.app.state.sockets.watch.every = 0.1
    owner = await signed_in(await a_firm())
    async with AsyncExitStack() as stack:
        feed = await feed_begun(stack, api, owner)
        await store.execute("UPDATE session SET expires_at = $1", clock.now())
        assert await feed.closed() == 4403


async def test_who_asks_to_sign_out_on_a_socket_is_answered_before_it_closes(api: Api) -> None:
    owner = await signed_in(await a_firm())
    async with api.follow("mutation { signOut(input: {}) { errors { code } } }", as_=owner) as socket:
        assert await socket.next() == {"errors": []}
        assert await socket.closed() == 4403


async def test_a_stream_over_http_ends_too(api: Api) -> None:
    owner = await signed_in(await a_firm())
    headers = {"accept": "text/event-stream", "authorization": f"Bearer {owner.token}"}
    async with api.http.stream("POST", "/graphql", json={"query": LIVE}, headers=headers) as answer:
        lines = answer.aiter_lines()
        async for line in lines:
            if "FeedReady" in line:
                break
        await session.sign_out(owner.viewer)
        async with patience():
            rest = "".join([line async for line in lines])
    assert "UNAUTHENTICATED" in rest


async def test_a_session_that_ended_before_its_socket_was_known_ends_too(api: Api) -> None:
    """The token was looked at, then revoked, then the socket opened: nobody tells of it any more."""
    owner = await signed_in(await a_firm())
    async with api.socket(as_=owner) as socket:
        await store.execute("DELETE FROM session")  # without an entry
        api.app.state.sockets.watch.opened(owner.viewer)
        assert await Following(socket).closed() == 4403


async def test_in_every_process_also_where_the_wake_ups_are_down(
    store: str, tmp_path: Path, redis: RedisServer
) -> None:
    """What this process writes wakes the first server by the database; the second listens to a Redis that is silent."""
    cases = [(await a_firm_with_people(), loses) for loses in (*CLIENT_LOSES, *COLLEAGUE_LOSES)]
    deaf = {"SWITCHBOARD_WAKEUPS_URL": redis.url}
    with a_server(store, tmp_path, "near") as one, a_server(store, tmp_path, "deaf", **deaf) as other:
        async with asked(one) as near, asked(other) as far, AsyncExitStack() as stack:
            pairs = [
                [
                    await feed_begun(stack, api, firm.client if loses in CLIENT_LOSES else firm.colleague)
                    for api in (near, far)
                ]
                for firm, loses in cases
            ]
            untouched = [await feed_begun(stack, api, cases[0][0].owner) for api in (near, far)]
            for (firm, loses), (here, _) in zip(cases, pairs, strict=True):
                await loses(firm)
                assert await here.closed() == 4403, loses.__name__
            for (_, loses), (_, there) in zip(cases, pairs, strict=True):
                assert await there.closed() == 4403, loses.__name__
            assert await is_open(untouched[0])
            assert await is_open(untouched[1])
