"""What the tests of completion share: types of every shape, and the same question to stock and to compiled."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import strawberry
from strawberry.permission import BasePermission
from strawberry.types import ExecutionResult

from graph.engine.completion import CompilingExecutor, Shows, made, relation
from graph.engine.transport import EventExecutor, Schema


@strawberry.enum
class Colour(Enum):
    RED = "r"
    BLUE = "b"


@strawberry.interface
class Thing:
    id: strawberry.ID


@strawberry.type
class Leaf(Thing):
    text: str
    maybe: str | None
    number: int
    share: float
    on: bool
    colour: Colour
    at: datetime
    tags: list[str]
    grid: list[list[int | None]] | None


@dataclass(slots=True)
class TwigView:
    key: Any
    name: Any = "twig"
    bud: Any = None


def some_twigs(count: int) -> list[TwigView]:
    return [TwigView(n, f"twig {n}") for n in range(count)]


class Never(BasePermission):
    message = "No."

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: object) -> bool:
        return False


@strawberry.type
class Branch:
    name: str
    leaf: Leaf
    other: Leaf | None
    leaves: list[Leaf]
    holes: list[Leaf | None] | None
    key: strawberry.Private[int]
    secret: str | None = strawberry.field(default="hidden", permission_classes=[Never])

    @strawberry.field
    def computed(self) -> str:
        return self.name + "!"

    @relation
    @staticmethod
    async def near(branches: Sequence["Branch"], context: Any) -> list[Leaf]:
        context.calls.append(len(branches))
        await asyncio.sleep(0)
        return [context.near[each.key] for each in branches]

    @relation
    @staticmethod
    async def twigs(branches: Sequence["Branch"], context: Any) -> list[list["Twig"]]:
        context.calls.append(len(branches))
        if any(each.key in context.broken for each in branches):
            raise ValueError("this one cannot be read")
        return [Twig.of_all(context.twigs.get(each.key) or some_twigs(each.key % 3)) for each in branches]


def _twig_id(parent: strawberry.Parent[TwigView]) -> strawberry.ID:
    if parent.key == "broken":
        raise ValueError("this one has no id")
    return parent.key if parent.name == "odd" else strawberry.ID(f"twig {parent.key}")


@strawberry.type
class Twig(Thing, Shows[TwigView]):
    id: strawberry.ID = made(_twig_id)
    name: str
    bud: Leaf | None

    @relation
    @staticmethod
    async def leaf(twigs: Sequence[TwigView], context: Any) -> list[Leaf]:
        context.calls.append(len(twigs))
        return [context.near[each.key] for each in twigs]


@dataclass
class Knows:
    branches: Any
    near: dict[Any, Any] = field(default_factory=dict)
    broken: set[int] = field(default_factory=set)
    twigs: dict[int, list[Any]] = field(default_factory=dict)
    calls: list[int] = field(default_factory=list)


@strawberry.type
class Query:
    @strawberry.field
    def branches(self, info: strawberry.Info) -> list[Branch]:
        return info.context.branches  # type: ignore[no-any-return]

    @strawberry.field
    def maybe(self, info: strawberry.Info) -> list[Branch | None] | None:
        return info.context.branches  # type: ignore[no-any-return]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def grown(self, info: strawberry.Info) -> AsyncIterator[list[Branch]]:
        for _ in range(3):
            yield info.context.branches


STOCK = Schema(Query, subscription=Subscription, execution_context_class=EventExecutor)
COMPILED = Schema(Query, subscription=Subscription, execution_context_class=CompilingExecutor)


def a_leaf(**other: Any) -> Leaf:
    usual = {
        "id": strawberry.ID("leaf"),
        "text": "green",
        "maybe": None,
        "number": 7,
        "share": 0.5,
        "on": True,
        "colour": Colour.RED,
        "at": datetime(2026, 11, 23, 9, tzinfo=UTC),
        "tags": ["a", "b"],
        "grid": [[1, None], []],
    }
    return Leaf(**{**usual, **other})


def a_branch(key: int = 0, **other: Any) -> Branch:
    usual = {"name": f"b{key}", "leaf": a_leaf(), "other": None, "leaves": [a_leaf()], "holes": [None], "key": key}
    return Branch(**{**usual, **other})


def told(result: ExecutionResult) -> tuple[Any, list[Any]]:
    errors = [(each.message, each.path, each.locations) for each in result.errors or []]
    return result.data, sorted(errors, key=repr)


async def ask(schema: Schema, query: str, context: Knows, variables: dict[str, Any] | None = None) -> Any:
    result = await schema.execute(query, variable_values=variables, context_value=context)
    assert isinstance(result, ExecutionResult)
    return told(result)


async def both_agree(query: str, make: Callable[[], Knows], variables: dict[str, Any] | None = None) -> None:
    expected = await ask(STOCK, query, make(), variables)
    for _ in range(3):  # the first use may be stock's own
        assert await ask(COMPILED, query, make(), variables) == expected
