"""One switch set over HTTP: how long it takes, and how many statements."""

import asyncio
from time import perf_counter

import orjson

from bench.figure import Figure, percentile
from bench.ground import Ground, ground, serving
from bench.load import Orders, one_answer, request
from graph.ids import Kind, global_id
from models.ground import store
from models.toggles import TogglesWish, setting
from models.viewer import Viewer
from tests.support.firm.factories import MadeAccount, an_account, counting, signed_in

DOCUMENT = """
mutation Set($input: SetTogglesInput!) { setToggles(input: $input) { cursor errors { code } toggles { id notify } } }
"""
MOST_STATEMENTS = 6


async def run(*, switches: int = 300) -> list[Figure]:
    async with ground() as on:
        made = await an_account(on.firm)
        statements = await _statements((await signed_in(on.firm)).viewer, made)
        async with serving(on) as port:
            took = await _switched(on, port, made, switches)
    return [
        Figure("statements of setting one switch, BEGIN and COMMIT apart", statements, "statements", MOST_STATEMENTS),
        Figure("one switch over HTTP, p50", percentile(took, 0.5), "ms"),
        Figure("one switch over HTTP, p99", percentile(took, 0.99), "ms"),
    ]


async def _statements(by: Viewer, made: MadeAccount) -> int:
    async with counting() as statements:
        await setting.set_toggles(by, [TogglesWish(made.id, made.address, notify=True)])
    assert await store.value("SELECT count(*) FROM toggles WHERE notify") == 1
    return len(statements)


async def _switched(on: Ground, port: int, made: MadeAccount, switches: int) -> list[float]:
    """Off and on again by turns, each awaited; in milliseconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    took = []
    for turn in range(switches):
        wish = {
            "accountId": global_id(Kind.ACCOUNT, made.id),
            "addressId": global_id(Kind.EMAIL_ADDRESS, made.address),
            "notify": turn % 2 == 1,
        }
        body = orjson.dumps({"query": DOCUMENT, "variables": {"input": {"toggles": [wish]}}}).decode()
        asked = request(Orders(port, "/graphql", body, on.token, connections=1, seconds=0))
        begun = perf_counter()
        writer.write(asked)
        told = orjson.loads(await one_answer(reader))["data"]["setToggles"]
        took.append((perf_counter() - begun) * 1000)
        assert told["toggles"][0]["notify"] == wish["notify"], told
        assert told["cursor"], told
    writer.close()
    return took
