"""The tests' own server: who takes its URL, and databases cloned from a template."""

import asyncpg
from broadcaster import Broadcast
from tortoise import Model, Tortoise, fields
from tortoise.context import TortoiseContext

from models.ground.embedded import Embedded
from tests.support.database.postgres import cloned, create_template, order, run


class Note(Model):
    id = fields.IntField(primary_key=True)
    text = fields.TextField()


async def test_tortoise_asyncpg_and_broadcaster_take_the_url(postgres: Embedded) -> None:
    context: TortoiseContext = await Tortoise.init(db_url=postgres.url, modules={"models": [__name__]})
    with context:
        await Tortoise.generate_schemas()
        await Note.create(text="hello")
        assert await Note.filter(text="hello").count() == 1
        await Tortoise.close_connections()
    async with Broadcast(postgres.url) as broadcast, broadcast.subscribe("news") as subscriber:
        await broadcast.publish("news", "hello")
        event = await subscriber.get()
        assert event.message == "hello"


async def test_a_clone_has_what_the_template_has_and_is_gone_afterwards(postgres: Embedded) -> None:
    template = create_template(postgres, "with_a_table", lambda url: run(_make_a_table(url)))
    with cloned(postgres, template) as url:
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT count(*) FROM made") == 0
        name = await connection.fetchval("SELECT current_database()")
        await connection.close()
    order(postgres, f"CREATE DATABASE {name}")  # the name is free again
    order(postgres, f"DROP DATABASE {name}")


async def _make_a_table(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE made ()")
    await connection.close()
