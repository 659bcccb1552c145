"""OpenTelemetry, as a real collector hears it: a span for each operation, its statements below, nothing secret."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from graph.process.opening import opened
from models import feed
from models.ground.settings import Settings
from tests.support.api.client import Api, TopLevelErrors, an_api
from tests.support.firm import factories
from tests.support.processes.switchboard import CHECKOUT
from tests.support.servers.collector import Collector

CALLER, CALLING = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
ACCOUNTS = "query Accounts($code: String!) { accounts(first: 2, filter: {search: $code}) { nodes { id } } }"
SECRET = "hunter2"


@asynccontextmanager
async def traced(collector: Collector, url: str, var: Path) -> AsyncIterator[Api]:
    """The server, opened as `serve` does; when it has closed everything has been told."""
    chosen = Settings(database_url=SecretStr(url), var=var, otel_endpoint=collector.url)
    async with opened(chosen):
        await feed.hub.close()  # `an_api` opens its own
        async with an_api(url, var) as api:
            yield api


@pytest.mark.usefixtures("no_store")
async def test_an_operation_is_told_with_its_statements_as_its_children(
    database_url: str, collector: Collector, tmp_path: Path
) -> None:
    async with traced(collector, database_url, tmp_path) as api:
        owner = await factories.signed_in(await factories.a_firm())
        caller = {"traceparent": f"00-{CALLER}-{CALLING}-01", "x-request-id": "from-the-test"}
        await api.told(ACCOUNTS, {"code": SECRET}, as_=owner, headers=caller)
    span = collector.one("query Accounts")
    assert (span.trace, span.parent, span.failed) == (CALLER, CALLING, False)
    assert span.attributes == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Accounts",
        "switchboard.cost": 3,
        "switchboard.outcome": "OK",
        "switchboard.request_id": "from-the-test",
        "switchboard.firm": str(owner.viewer.firm_id),
        "switchboard.member": str(owner.viewer.member_id),
    }
    statements = [child.attributes["db.query.text"] for child in collector.children(span)]
    assert any("FROM account" in text and "$1" in text for text in statements), statements
    assert collector.service == "switchboard"


@pytest.mark.usefixtures("no_store")
async def test_what_goes_wrong_is_told_by_its_code_and_nothing_secret_is(
    database_url: str, collector: Collector, tmp_path: Path
) -> None:
    async with traced(collector, database_url, tmp_path) as api:
        owner = await factories.signed_in(await factories.a_firm())
        await api.ask("mutation Enter($input: SignInInput!) { signIn(input: $input) { errors { code } } }", ENTER)
        for secret, refused in (({"password": SECRET}, False), ({"oauth": OAUTH}, True)):
            box = {"address": "box@firm.test", "imap": SERVER, "smtp": SERVER, "secret": secret}
            told = (await api.ask(CONNECT, {"i": box}, as_=owner))["connectMailbox"]
            assert bool(told["errors"]) is refused
        with pytest.raises(TopLevelErrors):
            await api.ask(f'query Wrong {{ nothing(of: "{SECRET}") }}', as_=owner)
    assert collector.one("mutation Enter").attributes["switchboard.outcome"] == "OK"
    wrong = collector.one("query Wrong")
    assert wrong.attributes["switchboard.outcome"] == "GRAPHQL_VALIDATION_FAILED"
    assert not collector.children(wrong)
    assert not any(secret.encode() in collector.raw for secret in (SECRET, owner.token, factories.PASSWORD))


CONNECT = "mutation Connect($i: ConnectMailboxInput!) { connectMailbox(input: $i) { cursor errors { message } } }"
SERVER = {"host": "mail.client.test", "port": 993}
OAUTH = {"tokenUrl": f"http://{SECRET}.test/token", "clientId": SECRET, "refreshToken": SECRET}
"""Refused: without TLS."""
ENTER = {"input": {"email": f"{SECRET}@firm.test", "password": SECRET}}


def test_where_it_is_off_nothing_of_it_is_loaded() -> None:
    loaded = (
        "import sys, graph.process.serving; print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", loaded], cwd=CHECKOUT, text=True, capture_output=True, check=True)
    assert done.stdout == "[]\n"


def test_without_its_packages_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)  # as if they were not installed
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    with pytest.raises(ValidationError, match=r"pip install -e '\.\[otel\]'"):
        Settings()


def test_a_collector_is_named_by_either_variable_ours_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://everybodys:4318")
    assert Settings().otel_endpoint == "http://everybodys:4318"
    monkeypatch.setenv("SWITCHBOARD_OTEL_ENDPOINT", "http://ours:4318")
    assert Settings().otel_endpoint == "http://ours:4318"
    monkeypatch.setenv("SWITCHBOARD_OTEL_ENDPOINT", "ours:4318")
    with pytest.raises(ValidationError, match="http://host:4318"):
        Settings()
