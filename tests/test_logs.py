"""What is logged: a line an event, JSON in production, tracebacks as lines for people, and nothing that is secret."""

import asyncio
import io
import json
import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import structlog
from structlog.testing import capture_logs

from graph.process.logs import log_plainly
from models.ground import store as database
from models.ground.settings import Settings
from models.ground.tracebacks import traceback_of
from tests.support.firm import factories
from tests.support.processes.several_servers import a_server, asked

SECRET = "hunter2"
SERVER = {"host": "mail.client.test", "port": 993}
GOOD = {"tokenUrl": f"https://accounts.client.test/{SECRET}", "clientId": SECRET, "refreshToken": SECRET}
OAUTH_SECRETS = [GOOD, GOOD | {"clientSecret": f"{SECRET}\n{SECRET}"}, GOOD | {"tokenUrl": f"http://{SECRET}.test"}]
"""One that is taken, and two that are refused."""
MERGED = [structlog.contextvars.merge_contextvars]


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def logged(*, development: bool) -> io.StringIO:
    written = io.StringIO()
    log_plainly(Settings(development=development), to=written)
    return written


def test_in_production_each_event_is_one_line_of_json() -> None:
    written = logged(development=False)
    structlog.get_logger("feed").warning("feed.poll_failed", error="OSError", text="two\nlines")
    structlog.get_logger("feed").debug("nobody asked")
    (line,) = written.getvalue().splitlines()
    told = json.loads(line)
    assert told.pop("timestamp").endswith("Z")
    assert told == {"level": "warning", "event": "feed.poll_failed", "error": "OSError", "text": "two\nlines"}


def test_what_libraries_say_comes_in_the_same_shape() -> None:
    written = logged(development=False)
    logging.getLogger("uvicorn.error").error("cannot %s", "listen")
    logging.getLogger("uvicorn.error").info("started")
    told = json.loads(written.getvalue())
    assert (told["event"], told["level"], told["logger"]) == ("cannot listen", "error", "uvicorn.error")


def test_in_development_a_traceback_is_printed_as_lines() -> None:
    written = logged(development=True)
    structlog.get_logger("graph").error("unexpected error", exception="Traceback …\n  File here\nValueError: no")
    assert "\n  File here\nValueError: no" in written.getvalue()


@pytest.mark.parametrize("development", [True, False])
def test_a_traceback_never_shows_what_variables_hold(development: bool) -> None:
    written = logged(development=development)

    def fail(password: str) -> None:
        raise ValueError("no")

    for log in (structlog.get_logger("graph").exception, logging.getLogger("asyncio").exception):
        try:
            fail(SECRET[::-1][::-1])
        except ValueError:
            log("it failed")
    assert written.getvalue().count("ValueError: no") == 2
    assert SECRET not in written.getvalue()


def test_a_traceback_quotes_no_row_that_postgres_refused() -> None:
    refused = asyncpg.CheckViolationError(f"new row violates a check\nDETAIL:  Failing row contains (1,\n{SECRET}).")
    told = traceback_of(ExceptionGroup("several", [TypeError("another"), refused]))
    assert "CheckViolationError: new row violates a check\n" in told
    assert SECRET not in told


async def test_all_that_a_server_in_production_says_is_json_without_secrets(store: str, tmp_path: Path) -> None:
    owner = await factories.signed_in(await factories.a_firm(), email="owner@firm.test")
    signing_in = 'mutation SignIn($p: String!) { signIn(input: {email: "owner@firm.test", password: $p}) { cursor } }'
    connecting = "mutation Connect($i: ConnectMailboxInput!) { connectMailbox(input: $i) { errors { message path } } }"
    production = {"SWITCHBOARD_DEVELOPMENT": "false", "SWITCHBOARD_METRICS": "true"}
    with a_server(store, tmp_path, "one", **production) as server:
        async with asked(server) as api:
            await api.ask(signing_in, {"p": factories.PASSWORD})
            await api.ask("query Firm { firm { name } }", as_=owner)
            for secret in OAUTH_SECRETS:
                box = {"address": "box@firm.test", "imap": SERVER, "smtp": SERVER, "secret": {"oauth": secret}}
                told = await api.ask(connecting, {"i": box}, as_=owner)
                assert SECRET not in str(told)
            assert 'name="Firm",outcome="OK"' in (await api.http.get("/metrics")).text
        await asyncio.to_thread(server.stop, signal.SIGTERM)
        lines = [json.loads(line) for line in server.said.splitlines()]
    names = [line["name"] for line in lines if line["event"] == "operation"]
    assert names == ["SignIn", "Firm", *["Connect"] * len(OAUTH_SECRETS)]
    assert factories.PASSWORD not in server.said
    assert SECRET not in server.said
    assert owner.token not in server.said


@pytest.mark.parametrize("development", ["true", "false"])
async def test_what_breaks_while_somebody_gets_in_tells_the_log_no_secret(
    own_store: str, tmp_path: Path, development: str
) -> None:
    """Not even where PostgreSQL quotes the row that it refuses."""
    by = await factories.a_firm()
    made = await factories.an_account(by, address="anna@client.test", login=True)
    token = await factories.invited(by, made.id, made.address)
    await factories.signed_in(by, email="owner@firm.test")
    await database.execute("ALTER TABLE portal_user ADD CHECK (password_hash IS NULL)")
    await database.execute("ALTER TABLE session ADD CHECK (token_hash IS NULL) NOT VALID")
    entering = [
        (
            "mutation A($t: String!, $p: String!) { acceptInvitation(input: {token: $t, password: $p}) { cursor } }",
            token,
        ),
        (
            "mutation S($t: String!, $p: String!) { signIn(input: {email: $t, password: $p}) { cursor } }",
            "owner@firm.test",
        ),
    ]
    with a_server(own_store, tmp_path, "one", SWITCHBOARD_DEVELOPMENT=development) as server:
        async with asked(server) as api:
            for document, who in entering:
                told = (await api.told(document, {"t": who, "p": factories.PASSWORD})).text
                assert "Something went wrong on our side" in told
                assert "check" not in told
    assert server.said.count("CheckViolation") >= 2
    for secret in (factories.PASSWORD, token, "argon2id", "Failing row"):
        assert secret not in server.said


async def test_a_slow_statement_is_logged_with_the_request_and_without_values(store: str) -> None:
    with structlog.contextvars.bound_contextvars(request_id="request-12"), capture_logs(processors=MERGED) as logs:
        await database.rows("SELECT pg_sleep($1::float),\n  $2::text", 1.05, SECRET)
    (line,) = logs
    assert (line["request_id"], line["statement"]) == ("request-12", "SELECT pg_sleep($1::float), $2::text")
    assert line["seconds"] >= 1
    assert SECRET not in str(logs)
