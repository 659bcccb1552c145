"""What Prometheus reads, who may read it, and the line that an operation leaves in the log."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from graph.process.metrics import NAMES, Metrics
from graph.process.operations import Seen
from models import feed, password_reset
from models.bulk_update import BulkEdit
from models.errand.running import run_errands
from models.ground import clock
from tests.support.api.client import Api, TopLevelErrors, an_api
from tests.support.api.toy_server import until
from tests.support.api.watching import labels, read
from tests.support.firm import bulk_updates, factories

TOGGLES = "subscription { togglesChanged { __typename } }"
SECRET = "hunter2-hunter2"


async def test_operations_are_counted_by_name_kind_and_outcome(store: str, tmp_path: Path) -> None:
    owner = await factories.signed_in(await factories.a_firm())
    async with an_api(store, tmp_path, metrics=True) as api:
        await api.ask("query Firm { firm { name } }", as_=owner)
        await api.ask("query Firm { firm { name } }", as_=owner)
        with pytest.raises(TopLevelErrors):
            await api.ask("query Nonsense { nonsense }", as_=owner)
        with pytest.raises(TopLevelErrors):
            await api.ask("query Firm { firm { name } }")
        with pytest.raises(TopLevelErrors):
            await api.ask(
                "query Firm($first: Int) { firm { name } accounts(first: $first) { totalCount } }",
                {"first": -1},
                as_=owner,
            )
        with pytest.raises(TopLevelErrors):
            await api.ask("subscription Firm { togglesChanged { __typename } }", as_=owner)
        counted = await read(api)
    operations = "switchboard_operations_total"
    assert counted[operations, labels(name="Firm", kind="subscription", outcome="BAD_REQUEST")] == 1
    assert counted[operations, labels(name="Firm", kind="query", outcome="OK")] == 2
    assert counted[operations, labels(name="other", kind="query", outcome="GRAPHQL_VALIDATION_FAILED")] == 1
    assert counted[operations, labels(name="Firm", kind="query", outcome="UNAUTHENTICATED")] == 1
    assert counted[operations, labels(name="Firm", kind="query", outcome="BAD_USER_INPUT")] == 1
    assert counted["switchboard_operation_seconds_count", labels(kind="query")] == 5
    assert counted["switchboard_requests_total", labels(route="graphql", status="200")] == 4
    assert counted["switchboard_requests_total", labels(route="graphql", status="401")] == 1


async def test_what_is_open_and_what_waits_is_gauged(store: str, tmp_path: Path) -> None:
    owner = await factories.signed_in(await factories.a_firm())
    async with an_api(store, tmp_path, metrics=True) as api:
        await until(lambda: feed.hub.hears)
        async with api.follow(TOGGLES, as_=owner) as following:
            await following.next()
            gauged = await read(api)
    nothing = labels()
    assert gauged["switchboard_sockets", nothing] == 1
    assert gauged["switchboard_subscriptions", nothing] == 1
    assert gauged["switchboard_feed_lag", nothing] == 0
    assert gauged["switchboard_wakeups_alive", nothing] == 1
    assert gauged["switchboard_ledger_pending", nothing] == 0
    assert gauged["switchboard_mailboxes", labels(state="NEEDS_ATTENTION")] == 0
    assert gauged["switchboard_letters", labels(state="REFUSED")] == 0
    assert gauged["switchboard_letters_oldest_seconds", nothing] == 0


async def test_bulk_updates_that_have_not_ended_are_gauged(store: str, tmp_path: Path) -> None:
    by = await factories.a_member(await factories.a_firm())
    await factories.an_account(by)
    for _ in range(3):
        await bulk_updates.asked(by, BulkEdit(bulk_updates.ALL, login=bulk_updates.ENABLE))
    await bulk_updates.planned()
    later = clock.now() + timedelta(minutes=5)
    clock.set_source(lambda: later)
    async with an_api(store, tmp_path, metrics=True) as api:
        gauged = await read(api)
        assert gauged["switchboard_bulk_updates", labels(status="QUEUED")] == 2
        assert gauged["switchboard_bulk_updates", labels(status="RUNNING")] == 1
        assert gauged["switchboard_bulk_updates_oldest_seconds", labels()] >= 300
        await bulk_updates.all_end()
        gauged = await read(api)
        assert gauged["switchboard_bulk_updates", labels(status="QUEUED")] == 0
        assert gauged["switchboard_bulk_updates", labels(status="RUNNING")] == 0
        assert gauged["switchboard_bulk_updates_oldest_seconds", labels()] == 0


async def test_errands_that_wait_are_gauged(store: str, tmp_path: Path) -> None:
    async with an_api(store, tmp_path, metrics=True) as api:
        for n in range(2):
            await password_reset.ask(email=f"{n}@client.test", key=str(n))
        later = clock.now() + timedelta(minutes=5)
        clock.set_source(lambda: later)
        gauged = await read(api)
        assert gauged["switchboard_errands", labels()] == 2
        assert gauged["switchboard_errands_oldest_seconds", labels()] >= 300
        assert await run_errands() == 2
        gauged = await read(api)
        assert gauged["switchboard_errands", labels()] == gauged["switchboard_errands_oldest_seconds", labels()] == 0


async def test_a_feed_that_has_not_begun_in_its_time_is_gauged(store: str, tmp_path: Path) -> None:
    async with an_api(store, tmp_path, metrics=True) as api:
        doorkeeper = api.app.state.doorkeeper
        with doorkeeper.greeting():
            assert (await read(api))["switchboard_feeds_ungreeted", labels()] == 0
            doorkeeper.patience = 0
            assert (await read(api))["switchboard_feeds_ungreeted", labels()] == 1
        assert (await read(api))["switchboard_feeds_ungreeted", labels()] == 0


async def test_each_app_has_numbers_of_its_own(store: str, tmp_path: Path) -> None:
    async with an_api(store, tmp_path, metrics=True) as api:
        await api.ask("{ viewer { __typename } }")
    async with an_api(store, tmp_path, metrics=True) as api:
        assert not any(name == "switchboard_operations_total" for name, _ in await read(api))


def test_strangers_cannot_make_up_names_and_there_is_an_end_of_them() -> None:
    metrics = Metrics()

    def named(name: str, *, signed_in: bool = True) -> str:
        member = uuid4() if signed_in else None
        return metrics.name_of(Seen(name, "query", 0.1, 1, "OK", member, None, member))

    assert named("Mine", signed_in=False) == "other"
    assert named("Mine") == named("Mine", signed_in=False) == "Mine"
    assert [named(f"Name{n}") for n in range(NAMES + 5)].count("other") == 6


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "via"])
async def test_a_proxy_on_this_machine_brings_nobody_to_the_metrics(store: str, tmp_path: Path, header: str) -> None:
    async with an_api(store, tmp_path, metrics=True) as api:
        assert (await api.http.get("/metrics", headers={header: "127.0.0.1"})).status_code == 404


async def test_with_a_token_only_who_has_it_reads_the_metrics(store: str, tmp_path: Path) -> None:
    async with an_api(store, tmp_path, metrics=True, metrics_token=SecretStr("t0ken")) as api:
        assert (await api.http.get("/metrics")).status_code == 404
        assert (await api.http.get("/metrics", headers={"authorization": "Bearer wrong"})).status_code == 404
        assert await read(api, authorization="Bearer t0ken")


async def test_without_the_setting_there_are_no_metrics(api: Api) -> None:
    assert (await api.http.get("/metrics")).status_code == 404


async def test_in_production_each_operation_leaves_one_line(store: str, tmp_path: Path) -> None:
    owner = await factories.signed_in(await factories.a_firm(), email="owner@firm.test")
    document = "query Named($id: ID!) { node(id: $id) { id } }"
    async with an_api(store, tmp_path, development=False) as api:
        with capture_logs() as logs:
            answer = await api.told(document, {"id": SECRET}, as_=owner, headers={"x-request-id": "request-12"})
            assert answer.status_code == 200
            (line,) = (each for each in logs if each["event"] == "operation")
    assert line.pop("ms") > 0
    assert line == {
        "event": "operation",
        "log_level": "info",
        "request_id": "request-12",
        "name": "Named",
        "kind": "query",
        "cost": 1,
        "member": owner.viewer.member_id,
        "client": None,
        "firm": owner.viewer.firm_id,
        "outcome": "OK",
    }
    assert SECRET not in str(logs)


async def test_who_signs_in_is_named_in_the_line_and_the_password_is_not(store: str, tmp_path: Path) -> None:
    owner = await factories.signed_in(await factories.a_firm(), email="owner@firm.test")
    signing_in = "mutation ($email: String!, $password: String!) { signIn(input: {email: $email, password: $password, \
        session: BEARER}) { token errors { code } } }"
    async with an_api(store, tmp_path, development=False) as api:
        with capture_logs() as logs:
            told = await api.ask(signing_in, {"email": "owner@firm.test", "password": factories.PASSWORD})
    (line,) = (each for each in logs if each["event"] == "operation")
    assert (line["kind"], line["member"]) == ("mutation", owner.viewer.member_id)
    assert factories.PASSWORD not in str(logs)
    assert told["signIn"]["token"] not in str(logs)


async def test_a_client_is_named_in_the_line_too(store: str, tmp_path: Path) -> None:
    client = await factories.a_client(await factories.a_firm())
    async with an_api(store, tmp_path, development=False) as api:
        with capture_logs() as logs:
            await api.ask("query Mine { portal { account { name } } }", as_=client)
            (line,) = (each for each in logs if each["event"] == "operation")
    who = (client.viewer.firm_id, client.viewer.user_id, None)
    assert (line["name"], line["firm"], line["client"], line["member"]) == ("Mine", *who)


async def test_a_subscription_leaves_one_line_also_where_it_shares_its_events(store: str, tmp_path: Path) -> None:
    owner = await factories.signed_in(await factories.a_firm())
    async with an_api(store, tmp_path, development=False, metrics=True) as api:
        with capture_logs() as logs:
            async with api.follow(TOGGLES, as_=owner) as one, api.follow(TOGGLES, as_=owner) as other:
                await asyncio.gather(one.next(), other.next())
                await factories.an_account(owner.viewer, login=True)
                await asyncio.gather(one.next(), other.next())
            await until(lambda: not len(api.app.state.sockets) and not api.app.state.budget.subscriptions)
            counted = [
                count for (name, _), count in (await read(api)).items() if name == "switchboard_operations_total"
            ]
    lines = [each for each in logs if each["event"] == "operation"]
    assert [(line["kind"], line["member"]) for line in lines] == [("subscription", owner.viewer.member_id)] * 2
    assert len({line["request_id"] for line in lines}) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}", line["request_id"]) for line in lines)
    assert counted == [2]
