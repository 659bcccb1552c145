"""A load generator over raw sockets with keep-alive: `python -m bench.load`, its orders as JSON on the command line.

Each connection sends its next request when it has the answer to its last one. Prints what it measured as JSON.
"""

import asyncio
import json
import sys
from dataclasses import asdict, dataclass
from time import perf_counter

from bench.figure import percentile


@dataclass(frozen=True, slots=True)
class Orders:
    """POST `body` to `path` with `token` on `connections` connections for `seconds`."""

    port: int
    path: str
    body: str
    token: str
    connections: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Latencies are in milliseconds."""

    requests_per_second: float
    p50: float
    p99: float


async def one_answer(reader: asyncio.StreamReader) -> bytes:
    """The body of the next answer. Raises AssertionError unless it is a 200."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert head.startswith(b"http/1.1 200"), head
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return await reader.readexactly(length)


def request(orders: Orders) -> bytes:
    body = orders.body.encode()
    head = (
        f"POST {orders.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {orders.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def once(orders: Orders) -> bytes:
    """The body of one answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", orders.port, limit=2**22)
    writer.write(request(orders))
    try:
        return await one_answer(reader)
    finally:
        writer.close()


async def load(orders: Orders) -> Measured:
    begun = perf_counter()
    each = await asyncio.gather(*(_connection(orders, begun + orders.seconds) for _ in range(orders.connections)))
    took, latencies = perf_counter() - begun, [one for many in each for one in many]
    return Measured(len(latencies) / took, percentile(latencies, 0.5), percentile(latencies, 0.99))


async def _connection(orders: Orders, until: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", orders.port, limit=2**22)
    asked, latencies = request(orders), []
    while (begun := perf_counter()) < until:
        writer.write(asked)
        await one_answer(reader)
        latencies.append((perf_counter() - begun) * 1000)
    writer.close()
    return latencies


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(load(Orders(**json.loads(sys.argv[1])))))))
