"""The measure of the accounts page: a bare Starlette route that serves the same rows, in the same kind of process."""

import os

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.page import by_hand
from graph.engine.transport import Sockets
from graph.process.cli import run
from graph.process.serving import listen, serve_app
from models.ground.settings import Settings


async def main() -> None:
    settings = Settings()
    assert settings.database_url
    async with asyncpg.create_pool(settings.database_url.get_secret_value(), min_size=2, max_size=10) as pool:
        firm_id = await pool.fetchval("SELECT id FROM firm WHERE slug = $1", os.environ["BENCH_FIRM"])

        async def accounts(request: Request) -> Response:
            asked = orjson.loads(await request.body())
            async with pool.acquire() as connection:
                told = await by_hand(connection, firm_id, asked["variables"]["first"])
            return Response(orjson.dumps(told), media_type="application/json")

        app = Starlette(routes=[Route("/graphql", accounts, methods=["POST"])])
        app.state.settings, app.state.sockets = settings, Sockets()
        await serve_app(app, listen(settings))


if __name__ == "__main__":
    run(main())
