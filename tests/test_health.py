"""Whether the process lives, and whether it may be sent requests."""

from pathlib import Path

from pydantic import SecretStr

from graph.process.health import ERRANDS_WAIT
from models import feed, password_reset
from models.errand.running import run_errands
from models.ground import store
from tests.support.api.client import Api, an_api
from tests.support.api.toy_server import until
from tests.support.api.watching import WAITING, ready
from tests.support.firm.factories import a_firm, signed_in
from tests.support.waiting import held

LIVE = "subscription { togglesChanged { __typename } }"
LATE = "Feeds that wait for longer than 0 seconds to begin: 1."


async def test_a_process_with_all_it_needs_is_ready(api: Api) -> None:
    await until(lambda: feed.hub.hears)
    assert await ready(api) == (200, f"ready\n{WAITING}")
    assert (await api.http.get("/healthz")).text == "alive\n"


async def test_without_its_database_it_lives_and_is_not_ready(api: Api) -> None:
    await until(lambda: feed.hub.hears)
    await store.close()
    assert await ready(api) == (503, "The database does not answer.\n")
    assert (await api.http.get("/healthz")).status_code == 200


async def test_it_is_not_ready_while_migrations_lack(own_store: str, tmp_path: Path) -> None:
    await store.execute("DELETE FROM tortoise_migrations WHERE id = (SELECT max(id) FROM tortoise_migrations)")
    async with an_api(own_store, tmp_path) as api:
        await until(lambda: feed.hub.hears)
        status, words = await ready(api)
    assert (status, words.splitlines()) == (503, ["The database lacks 1 migrations. Run `switchboard migrate`."])


async def test_silent_wake_ups_are_told_and_take_nobody_out_of_service(store: str, tmp_path: Path) -> None:
    async with an_api(store, tmp_path) as api:
        await feed.hub.close()
        assert await ready(api) == (
            200,
            f"ready\nThe channel of wake-ups is silent: events come some seconds late.\n{WAITING}",
        )


async def test_nothing_is_said_of_letters_that_can_leave(store: str, tmp_path: Path) -> None:
    async with an_api(store, tmp_path, smtp_url=SecretStr("smtps://mail.test"), mail_from="portal@firm.test") as api:
        await until(lambda: feed.hub.hears)
        assert await ready(api) == (200, "ready\n")


async def test_errands_that_nobody_does_are_told_and_take_nobody_out_of_service(api: Api) -> None:
    await until(lambda: feed.hub.hears)
    await password_reset.ask(email="anna@client.test", key="k")
    assert await ready(api) == (200, f"ready\n{WAITING}"), "a worker may be about to take it"
    await store.execute("UPDATE errand SET due_at = now() - interval '61 seconds'")
    assert await ready(api) == (200, f"ready\n{WAITING}{ERRANDS_WAIT}\n")
    await run_errands()
    assert await ready(api) == (200, f"ready\n{WAITING}")


async def test_it_is_not_ready_once_it_drains(api: Api) -> None:
    await until(lambda: feed.hub.hears)
    await api.app.state.sockets.drain()
    assert await ready(api) == (503, "The process is shutting down.\n")


async def test_feeds_that_greet_nobody_are_told(own_store: str, tmp_path: Path) -> None:
    ours, theirs = await signed_in(await a_firm()), await signed_in(await a_firm("Harbour"))
    async with an_api(own_store, tmp_path) as api:
        doorkeeper = api.app.state.doorkeeper
        doorkeeper.patience = 0
        await until(lambda: feed.hub.hears)
        async with api.follow(LIVE, as_=theirs) as begun:
            await begun.next()
            assert await ready(api) == (200, f"ready\n{WAITING}")
            async with held(store.execute("LOCK TABLE journal_head")), api.follow(LIVE, as_=ours):
                await until(lambda: doorkeeper.ungreeted == 1)
                alone = f"{LATE} No other begins: restart the process if that lasts.\n"
                assert await ready(api) == (503, alone)
                async with api.follow(LIVE, as_=theirs) as another:
                    await another.next()
                assert await ready(api) == (200, f"ready\n{LATE} Others do begin.\n{WAITING}")
            await until(lambda: not doorkeeper.ungreeted)
            assert await ready(api) == (200, f"ready\n{WAITING}")
