"""The whole program under faults: killed in the middle of a backfill, left by hundreds of callers in mid-request."""

import asyncio
import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from mail.demo.people import BELLANDI, OWNER_PASSWORD
from models.ground.embedded import Embedded
from tests.support.processes.switchboard import Running, all_gone, processes_about, running
from tests.support.servers.http import plain_http
from tests.support.waiting import PATIENCE, patience

pytestmark = pytest.mark.faults
SIGN_IN = """mutation ($email: String!, $password: String!) {
  signIn(input: { email: $email, password: $password, session: BEARER }) { token } }"""
ACCOUNTS = """{ accounts(first: 50) { nodes { id code name contacts { contact { name } }
  emails(first: 1) { totalCount } toggles { id emailSync address { id address } } } } }"""
SWITCH = """mutation ($toggles: [TogglesInput!]!) { setToggles(input: { toggles: $toggles }) { errors { message } } }"""
STORED = """SELECT (SELECT count(*) FROM email), (SELECT count(DISTINCT fingerprint) FROM email),
  (SELECT count(*) FROM occurrence WHERE state = 'PENDING'),
  (SELECT count(*) FROM mailbox WHERE last_sync_at IS NULL)"""
A_MINUTE_LATER = "UPDATE mailbox SET lease_until = now() WHERE lease_until > now() AND lease_owner NOT LIKE $1"


async def _post(demo: Running, token: str | None, document: str, variables: Any = None) -> Any:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with plain_http(base_url=f"http://127.0.0.1:{demo.port}", headers=headers, timeout=PATIENCE) as http:
        answer = (await http.post("/graphql", json={"query": document, "variables": variables})).json()
    assert "errors" not in answer, answer
    return answer["data"]


async def _begun(demo: Running) -> str:
    await asyncio.to_thread(demo.until_said, "Ctrl-C stops everything")
    data = await _post(demo, None, SIGN_IN, {"email": BELLANDI.owner.email, "password": OWNER_PASSWORD})
    token: str = data["signIn"]["token"]
    return token


async def _everything_on(demo: Running, token: str) -> None:
    accounts = (await _post(demo, token, ACCOUNTS))["accounts"]["nodes"]
    wishes = [
        {"accountId": one["id"], "addressId": each["address"]["id"], "emailSync": True}
        for one in accounts
        for each in one["toggles"]
    ]
    await _post(demo, token, SWITCH, {"toggles": wishes[:100]})


async def _counts(demo: Running, token: str) -> dict[str, int]:
    accounts = (await _post(demo, token, ACCOUNTS))["accounts"]["nodes"]
    return {one["code"]: one["emails"]["totalCount"] for one in accounts}


async def _settled(var: Path) -> tuple[int, int]:
    """How many e-mails are stored once each mailbox was looked at and nothing is left to fetch; how many differ."""
    server = Embedded.start(var / "postgres")  # attaches
    connection = await asyncpg.connect(server.url)
    try:
        async with patience():
            while True:
                emails, different, pending, unseen = await connection.fetchrow(STORED) or (0, 0, 0, 0)
                if emails and not pending and not unseen:
                    return emails, different
    finally:
        await connection.close()
        server.stop()


async def _leases_end(demo: Running, var: Path) -> None:
    """Those of the one that was killed: a minute that nobody waits for."""
    server = Embedded.start(var / "postgres")  # attaches
    connection = await asyncpg.connect(server.url)
    try:
        await connection.execute(A_MINUTE_LATER, f"%:{demo.process.pid}:%")
    finally:
        await connection.close()
        server.stop()


async def test_killed_in_a_backfill_again_and_again_it_loses_nothing_and_needs_nobody(
    var: Path, tmp_path: Path
) -> None:
    calm, killed = var / "calm", var / "killed"
    with running("demo", output=tmp_path / "calm", var=calm) as demo:
        token = await _begun(demo)
        await _everything_on(demo, token)
        expected = await _settled(calm), await _counts(demo, token)
        demo.stop(signal.SIGTERM)
    shutil.copytree(calm / "demo", killed / "demo")  # the same mail
    for more_than in (20, 60):
        with running("demo", output=tmp_path / f"killed {more_than}", var=killed) as demo:
            token = await _begun(demo)
            await _leases_end(demo, killed)
            await _everything_on(demo, token)
            await _killed_when(demo, token, more_than=more_than)
    with running("demo", output=tmp_path / "last", var=killed) as demo:
        token = await _begun(demo)
        await _leases_end(demo, killed)
        assert (await _settled(killed), await _counts(demo, token)) == expected
        demo.stop(signal.SIGTERM)
    assert processes_about(killed) == {}
    (stored, different), _ = expected
    assert stored == different > 60


async def _killed_when(demo: Running, token: str, *, more_than: int) -> None:
    """In the middle: kill -9 once so many are stored, and nobody else is left of it."""
    async with patience():
        while (sum((await _counts(demo, token)).values())) <= more_than:  # noqa: ASYNC110 - over the network
            await asyncio.sleep(0)
    helpers = demo.descendants()
    os.kill(demo.process.pid, signal.SIGKILL)
    await asyncio.to_thread(demo.process.wait)
    assert await asyncio.to_thread(all_gone, helpers)


async def test_400_callers_who_leave_in_mid_request_keep_no_connection_busy(
    var: Path, database_url: str, tmp_path: Path
) -> None:
    with running("serve", "--no-worker", output=tmp_path / "said", var=var, DATABASE_URL=database_url) as server:
        await _answers(server)
        before = await _backends(database_url)
        await asyncio.gather(*(_leave(server.port, n) for n in range(400)))
        await _answers(server)
        connection = await asyncpg.connect(database_url)
        try:
            async with patience():
                while busy := await connection.fetch(BUSY):
                    assert busy
        finally:
            await connection.close()
        assert await _backends(database_url) <= max(before, 10 + 1)  # the pool, and the channel of wake-ups
        await asyncio.gather(*(_answers(server) for _ in range(40)))  # each connection still works
        server.stop(signal.SIGTERM)
        assert "Traceback" not in server.said


BUSY = """SELECT state, query FROM pg_stat_activity WHERE datname = current_database()
  AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'"""


async def _backends(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        query = "SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()"
        count: int = await connection.fetchval(query)
        return count
    finally:
        await connection.close()


async def _answers(server: Running) -> None:
    async with patience():
        while True:
            try:
                wrong = {"email": "nobody@firm.example", "password": "wrong"}
                await _post(server, None, SIGN_IN, wrong)
                return
            except httpx.TransportError:
                assert server.process.poll() is None, server.said
                await asyncio.sleep(0.02)


async def _leave(port: int, n: int) -> None:
    """Sends all of a request, or a part, and cuts the connection a little later, without a word."""
    variables = {"email": f"nobody{n}@firm.example", "password": "wrong"}
    body = json.dumps({"query": SIGN_IN, "variables": variables}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.encode() + body[: len(body) if n % 4 else 20])
    await writer.drain()
    await asyncio.sleep(n % 20 / 1000)  # at any moment of its work
    writer.transport.abort()
