"""Compiled completion is stock's: the same data and the same errors, for whatever is asked and whatever comes back."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from inspect import signature
from typing import Any

import pytest
import strawberry
from graphql.execution import Executor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.extensions import SchemaExtension
from strawberry.permission import BasePermission
from strawberry.types import ExecutionResult

from graph.completion import CompilingExecutor, relation
from graph.completion.plans import plans_of
from graph.transport import EventExecutor, Schema


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
        return [[Twig(name=f"{each.key}.{n}", key=n) for n in range(each.key % 3)] for each in branches]


@strawberry.type
class Twig:
    name: str
    key: strawberry.Private[int]

    @relation
    @staticmethod
    async def leaf(twigs: Sequence["Twig"], context: Any) -> list[Leaf]:
        context.calls.append(len(twigs))
        return [context.near[each.key] for each in twigs]


@dataclass
class Knows:
    branches: Any
    near: dict[int, Any] = field(default_factory=dict)
    broken: set[int] = field(default_factory=set)
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


WHOLE_LEAF = "__typename id text maybe number share on colour at tags grid"
WHOLE = f"""{{ branches {{
  name leaf {{ {WHOLE_LEAF} }} other {{ id }} leaves {{ again: text text }} holes {{ id }}
  near {{ id }} twigs {{ name leaf {{ text }} }}
}} }}"""


async def test_relations_are_read_once_for_each_level() -> None:
    knows = Knows([a_branch(key) for key in range(30)], dict.fromkeys(range(30), a_leaf()))
    await both_agree(WHOLE, lambda: Knows(knows.branches, knows.near))
    knows.calls.clear()
    await ask(COMPILED, WHOLE, knows)
    assert sorted(knows.calls) == [30, 30, 30]
    fresh = Knows([a_branch(key) for key in range(30)], knows.near)
    await ask(COMPILED, WHOLE, fresh)
    assert sorted(fresh.calls) == [30, 30, 30]


async def test_a_field_with_a_permission_is_never_compiled() -> None:
    query = "{ branches { name secret } }"
    await both_agree(query, lambda: Knows([a_branch(key) for key in range(30)]))
    data, errors = await ask(COMPILED, query, Knows([a_branch()]))
    assert data == {"branches": [{"name": "b0", "secret": None}]}
    assert [message for message, *_ in errors] == ["No."]


async def test_one_bad_object_does_not_switch_a_plan_off() -> None:
    query = "{ branches { leaf { number } near { text } } }"
    near = dict.fromkeys(range(30), a_leaf())
    good = [a_branch(key) for key in range(30)]
    await ask(COMPILED, query, Knows(good, near))
    await both_agree(query, lambda: Knows([*good[:-1], a_branch(3, leaf=a_leaf(number=2**31))], near))
    knows = Knows([a_branch(key) for key in range(30)], near)
    await ask(COMPILED, query, knows)
    assert knows.calls == [30]


async def test_an_extension_that_looks_at_each_field_sees_each_field() -> None:
    seen: list[str] = []

    class Watching(SchemaExtension):
        def resolve(self, _next: Any, root: Any, info: Any, *args: str, **kwargs: Any) -> Any:
            seen.append(info.field_name)
            return _next(root, info, *args, **kwargs)

    schema = Schema(Query, extensions=[Watching], execution_context_class=CompilingExecutor)
    for _ in range(3):
        await ask(schema, "{ branches { leaf { text } } }", Knows([a_branch()] * 20))
    assert seen.count("text") == 60


async def test_each_event_of_a_subscription_is_completed_alike() -> None:
    query = "subscription { grown { name near { text } twigs { name } } }"
    answers = []
    for schema in (STOCK, COMPILED):
        knows = Knows([a_branch(key) for key in range(5)], dict.fromkeys(range(5), a_leaf()))
        events = await schema.subscribe(query, context_value=knows)
        assert not isinstance(events, ExecutionResult)
        answers.append([told(event) async for event in events])
    assert answers[0] == answers[1]
    assert len(answers[0]) == 3


async def test_the_same_row_in_two_lists_is_complete_in_both() -> None:
    query = "{ a: branches { twigs { name leaf { id } } } b: branches { name twigs { leaf { text } key: name } } }"
    near = dict.fromkeys(range(30), a_leaf())
    await both_agree(query, lambda: Knows([a_branch(key) for key in range(30)], near))


def test_the_methods_that_are_overridden_are_those_of_this_version() -> None:
    ours, theirs = CompilingExecutor.complete_iterable_value, Executor.complete_iterable_value
    assert list(signature(ours).parameters) == list(signature(theirs).parameters)
    assert callable(Executor.collect_subfields)
    assert callable(plans_of)


class Shy:
    """Not a value of any type, and its text fails."""

    def __str__(self) -> str:
        raise ValueError("no words")


async def _late() -> str:
    return "late"


ODD: list[Callable[[], Any]] = [
    lambda: None,
    lambda: "text",
    lambda: 3,
    lambda: 2**31,
    lambda: True,
    lambda: math.nan,
    lambda: 1.5,
    lambda: ValueError("a value that is an error"),
    lambda: strawberry.UNSET,
    list,
    lambda: [None],
    lambda: ["x", 1],
    lambda: ("x",),
    lambda: iter(["x"]),
    dict,
    lambda: Colour.BLUE,
    lambda: "RED",
    lambda: "r",
    lambda: datetime(2026, 1, 1, tzinfo=UTC),
    Shy,
    a_leaf,
    lambda: a_branch(1),
    lambda: [a_leaf(), a_branch(1)],
    lambda: [a_leaf(), ValueError("in a list")],
]
PLAIN = ("id", "text", "maybe", "number", "share", "on", "colour", "at", "tags", "grid")
LEAF_FIELDS = [*PLAIN, "__typename"]
BELOW = {"leaf": "Leaf", "other": "Leaf", "leaves": "Leaf", "holes": "Leaf", "near": "Leaf", "twigs": "Twig"}
CONDITIONS = ["", "", "", "@include(if: $yes)", "@skip(if: $yes)", "@include(if: $no)", "@skip(if: true)"]


def selections(kind: str, depth: int = 3) -> st.SearchStrategy[str]:
    """What may be asked of a type: fields, aliases, fragments, conditions."""
    plain = {"Leaf": LEAF_FIELDS, "Branch": ["name", "computed", "secret", "__typename"], "Twig": ["name"]}[kind]
    names: st.SearchStrategy[str] = st.sampled_from(plain)
    below = {"Branch": BELOW, "Twig": {"leaf": "Leaf"}, "Leaf": {}}[kind] if depth else {}
    if below:
        names = names | st.sampled_from(sorted(below)).flatmap(
            lambda name: selections(below[name], depth - 1).map(lambda inner: f"{name} {inner}")
        )
    alias, condition = st.sampled_from(["", "", "a: ", "b: "]), st.sampled_from(CONDITIONS)
    one = st.builds(_conditioned, alias, names, condition)
    if depth:
        inner = selections(kind, 0)
        one = one | st.builds(lambda rest, when: f"... on {kind} {when} {rest}", inner, condition)
        one = one | st.builds(lambda when: f"...{kind}Part {when}", condition)
    return st.lists(one, min_size=1, max_size=4).map(lambda several: "{ " + " ".join(several) + " }")


def _conditioned(alias: str, name: str, condition: str) -> str:
    head, brace, rest = name.partition(" {")
    return f"{alias if alias and head != '__typename' else ''}{head} {condition}{brace}{rest}"


@st.composite
def questions(draw: st.DrawFn) -> str:
    root = draw(st.sampled_from(["branches", "maybe"]))
    parts = {kind: draw(selections(kind, 0)) for kind in ("Branch", "Leaf", "Twig")}
    fragments = " ".join(f"fragment {kind}Part on {kind} {part}" for kind, part in parts.items())
    used = draw(selections("Branch"))
    named, unused = "...BranchPart", "leaf { ...LeafPart } twigs { ...TwigPart }"
    asked = f"{root} {used} z: {root} {{ {named} {unused} }}"
    return f"query Q($yes: Boolean!, $no: Boolean = false) {{ {asked} }} {fragments}"


faulty_leaves = st.lists(st.tuples(st.sampled_from(PLAIN), st.integers(0, len(ODD) - 1)), max_size=2)
faulty_branches = st.lists(
    st.tuples(st.sampled_from(["name", "leaf", "other", "leaves", "holes"]), st.integers(0, len(ODD) - 1)), max_size=1
)
rows = st.lists(st.tuples(faulty_branches, faulty_leaves), max_size=5)


def _branches(made: list[tuple[Any, Any]]) -> list[Branch]:
    found = []
    for key, (branch_faults, leaf_faults) in enumerate(made):
        leaf = a_leaf(**{name: ODD[odd]() for name, odd in leaf_faults})
        faults = {name: ODD[odd]() for name, odd in branch_faults}
        found.append(a_branch(key, **{"leaf": leaf, "leaves": [leaf, a_leaf()], "holes": [leaf, None], **faults}))
    return found


@given(query=questions(), made=rows, broken=st.sets(st.integers(0, 5)), yes=st.booleans(), no=st.booleans())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_asked_and_whatever_comes_back_the_answer_is_stocks(
    query: str, made: list[tuple[Any, Any]], broken: set[int], yes: bool, no: bool
) -> None:
    def knows() -> Knows:
        branches = _branches(made)
        near = {key: each.leaf for key, each in enumerate(branches)}
        return Knows(branches, {**dict.fromkeys(range(10), a_leaf()), **near}, broken if yes else set())

    asyncio.run(both_agree(query, knows, {"yes": yes, "no": no}))


@pytest.mark.parametrize("make", [lambda: [_late()], lambda: [a_branch(leaf=_late())], lambda: (a_branch(),), tuple])
async def test_coroutines_and_other_sequences_are_stocks_business(make: Callable[[], Any]) -> None:
    answers: list[Awaitable[Any]] = [ask(s, "{ maybe { leaf { text } } }", Knows(make())) for s in (STOCK, COMPILED)]
    first, second = [await each for each in answers]
    assert first == second
