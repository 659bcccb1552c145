"""The usual clients, unchanged, against the real server: each queries, mutates and follows a subscription."""

import asyncio
import importlib.util
import json
import os
import shutil
import sys
from typing import Any

import pytest

from tests.support.api.client import Api
from tests.support.firm import factories
from tests.support.processes.switchboard import CLIENTS
from tests.support.waiting import patience

JAVASCRIPT = [
    ("graphql-ws.mjs", ["graphql-ws"]),
    ("graphql-sse.mjs", ["graphql-sse"]),
    ("apollo.mjs", ["apollo multipart", "apollo websocket"]),
    ("urql.mjs", ["urql sse", "urql websocket"]),
    ("relay.mjs", ["relay"]),
]


@pytest.mark.parametrize(("script", "transports"), JAVASCRIPT)
async def test_a_client_in_javascript_works_unchanged(api: Api, script: str, transports: list[str]) -> None:
    node = shutil.which("node")
    if node is None or not (CLIENTS / "node_modules" / "ws").exists():
        pytest.skip("node or its packages are missing: `make clients` installs the packages")
    assert await run(api, node, script) == expected(transports)


async def test_gql_in_python_works_unchanged(api: Api) -> None:
    if importlib.util.find_spec("gql") is None:
        pytest.skip("gql is missing: install the extra `dev`")
    assert await run(api, sys.executable, "gql_python.py") == expected(["gql"])


async def run(api: Api, program: str, script: str) -> list[dict[str, Any]]:
    """What it printed. It signs in by itself; an account with Notify off is there."""
    by = await factories.a_firm()
    await factories.signed_in(by, email="owner@clients.test")
    await factories.an_account(by, name="Vetreria Valsecchi")
    environment = {
        "PATH": os.environ["PATH"],
        "SWITCHBOARD_URL": f"{api.url}/graphql",
        "SWITCHBOARD_EMAIL": "owner@clients.test",
        "SWITCHBOARD_PASSWORD": factories.PASSWORD,
    }
    process = await asyncio.create_subprocess_exec(
        program, script, cwd=CLIENTS, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with patience():
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, err.decode()) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


def expected(transports: list[str]) -> list[dict[str, Any]]:
    """Each transport turns the switch over, and hears of it."""
    told: list[dict[str, Any]] = []
    for number, transport in enumerate(transports):
        before, after = number % 2 == 1, number % 2 == 0
        told += [
            {"transport": transport, "step": "query", "account": "Vetreria Valsecchi", "notify": before},
            {"transport": transport, "step": "event", "type": "FeedReady"},
            {"transport": transport, "step": "mutation", "notify": after},
            {"transport": transport, "step": "event", "type": "TogglesChanged", "notify": after},
        ]
    return told
