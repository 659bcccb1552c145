"""Compiled completion: what it reads, what it leaves to stock, and that nothing leaks or sticks."""

from collections.abc import Awaitable, Callable
from inspect import signature
from typing import Any

import pytest
from graphql.execution import Executor
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionResult

from graph.engine.completion import CompilingExecutor
from graph.engine.completion.plans import plans_of
from graph.engine.transport import Schema
from tests.support.api.completion import COMPILED, STOCK, Knows, Query, a_branch, a_leaf, ask, both_agree, told

WHOLE_LEAF = "__typename id text maybe number share on colour at tags grid"
WHOLE = f"""{{ branches {{
  name leaf {{ {WHOLE_LEAF} }} other {{ id }} leaves {{ again: text text }} holes {{ id }}
  near {{ id }} twigs {{ __typename id name bud {{ id }} leaf {{ text }} }}
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


async def _late() -> str:
    return "late"


@pytest.mark.parametrize("make", [lambda: [_late()], lambda: [a_branch(leaf=_late())], lambda: (a_branch(),), tuple])
async def test_coroutines_and_other_sequences_are_stocks_business(make: Callable[[], Any]) -> None:
    answers: list[Awaitable[Any]] = [ask(s, "{ maybe { leaf { text } } }", Knows(make())) for s in (STOCK, COMPILED)]
    first, second = [await each for each in answers]
    assert first == second
