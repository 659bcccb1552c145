"""The hooks of extensions run as Strawberry has them, in its order, and those that have begun always end."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import strawberry
from strawberry.extensions import SchemaExtension

from graph.engine.transport import RequestCode, RequestError, Schema

ran: list[str] = []


class One(SchemaExtension):
    def on_operation(self) -> Iterator[None]:
        ran.append("one begins")
        try:
            yield
        finally:
            ran.append("one ends")

    async def on_execute(self) -> AsyncIterator[None]:
        ran.append("executing")
        yield
        ran.append("executed")


class Other(SchemaExtension):
    def on_operation(self) -> Iterator[None]:
        ran.append("other begins")
        yield
        ran.append("other ends")

    def get_results(self) -> dict[str, Any]:
        return {"other": True}


class Failing(SchemaExtension):
    def on_operation(self) -> Iterator[None]:
        raise RequestError(RequestCode.FORBIDDEN, "not you")
        yield


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        ran.append("hello")
        return "hello"


async def test_hooks_run_around_each_other_in_their_order() -> None:
    ran.clear()
    told = await Schema(Query, extensions=[One, Other]).execute("{ hello }")
    assert told.data == {"hello": "hello"}
    assert told.extensions is not None
    assert told.extensions["other"] is True
    assert ran == ["one begins", "other begins", "executing", "hello", "executed", "other ends", "one ends"]


async def test_the_order_is_that_of_the_stock_runner() -> None:
    ran.clear()
    await strawberry.Schema(Query, extensions=[One, Other]).execute("{ hello }")
    stock = list(ran)
    ran.clear()
    await Schema(Query, extensions=[One, Other]).execute("{ hello }")
    assert ran == stock


async def test_what_has_begun_ends_where_a_later_hook_refuses() -> None:
    ran.clear()
    told = await Schema(Query, extensions=[One, Failing]).execute("{ hello }")
    assert told.errors is not None
    assert told.errors[0].message == "not you"
    assert ran == ["one begins", "one ends"]
