"""Sockets that are open and signed in, and ask for nothing: what each costs the server."""

from bench.crowd import Orders
from bench.figure import Figure
from bench.ground import ground, serving
from bench.watching import allow_many_sockets, crowd, kilobytes_of


async def run(*, idle: int = 5000) -> list[Figure]:
    allow_many_sockets()
    async with ground() as on, serving(on) as port:
        async with crowd(on, Orders(port, on.token, 20)):  # what the first ones cost is no news
            before = kilobytes_of(port)
        async with crowd(on, Orders(port, on.token, idle)):
            each = (kilobytes_of(port) - before) / idle
    return [Figure(f"memory for each of {idle} idle sockets", each, "kB", 60)]
