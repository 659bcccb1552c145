"""Compiled completion is stock's: the same data and the same errors, for whatever is asked and whatever comes back."""

import asyncio
import gc
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import strawberry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.api.completion import Branch, Colour, Knows, Leaf, TwigView, a_branch, a_leaf, both_agree


class Shy:
    """Not a value of any type, and its text fails."""

    def __str__(self) -> str:
        raise ValueError("no words")


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
A_FLOAT = 6  # the place in ODD
PLAIN = ("id", "text", "maybe", "number", "share", "on", "colour", "at", "tags", "grid")
LEAF_FIELDS = [*PLAIN, "__typename"]
BELOW = {"leaf": "Leaf", "other": "Leaf", "leaves": "Leaf", "holes": "Leaf", "near": "Leaf", "twigs": "Twig"}
CONDITIONS = ["", "", "", "@include(if: $yes)", "@skip(if: $yes)", "@include(if: $no)", "@skip(if: true)"]


def selections(kind: str, depth: int = 3) -> st.SearchStrategy[str]:
    """What may be asked of a type: fields, aliases, fragments, conditions."""
    plain = {
        "Leaf": LEAF_FIELDS,
        "Branch": ["name", "computed", "secret", "__typename"],
        "Twig": ["name", "id", "__typename"],
    }[kind]
    names: st.SearchStrategy[str] = st.sampled_from(plain)
    below = {"Branch": BELOW, "Twig": {"leaf": "Leaf", "bud": "Leaf"}, "Leaf": {}}[kind] if depth else {}
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


ALL = "{ " + " ".join(PLAIN) + " }"
EVERYTHING = f"{{ maybe {{ name leaf {ALL} other {{ text }} leaves {ALL} holes {{ text }} near {{ on }} }} }}"


@pytest.mark.parametrize("name", PLAIN)
async def test_every_odd_value_of_every_leaf_is_stocks_business(name: str) -> None:
    for odd in range(len(ODD)):
        await both_agree(EVERYTHING, partial(_known, [([], []), ([], [(name, odd)])]))


@pytest.mark.parametrize("name", ["name", "leaf", "other", "leaves", "holes"])
async def test_every_odd_value_of_every_branch_is_stocks_business(name: str) -> None:
    for odd in range(len(ODD)):
        await both_agree(EVERYTHING, partial(_known, [([(name, odd)], []), ([], [])]))


@given(query=questions(), made=rows, broken=st.sets(st.integers(0, 5)), no=st.booleans())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_asked_and_whatever_comes_back_the_answer_is_stocks(
    query: str, made: list[tuple[Any, Any]], broken: set[int], no: bool
) -> None:
    """Each question twice, since a plan for what one variable includes must not answer for the other."""
    for yes in (True, False):
        unreadable = broken if yes else set()
        asyncio.run(_to_the_end(both_agree(query, partial(_known, made, unreadable), {"yes": yes, "no": no})))


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """What a fault leaves over graphql-core settles in the background: a loop that ends first leaves it unawaited."""
    await work
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)


def test_what_a_fault_leaves_over_is_settled_before_the_loop_ends() -> None:
    """The question was one in some three thousand that were made up; unawaited coroutines are errors here."""
    query = """query Q($yes: Boolean!, $no: Boolean = false) {
      branches { near @include(if: $no) { text } }
      z: branches { a: secret leaf { maybe @include(if: $yes) } twigs { name } } }"""
    made: list[tuple[Any, Any]] = [([], []), ([("leaf", A_FLOAT)], [])]
    asyncio.run(_to_the_end(both_agree(query, partial(_known, made, {1}), {"yes": True, "no": True})))
    gc.collect()


def _known(made: list[tuple[Any, Any]], broken: Collection[int] = ()) -> Knows:
    branches = _branches(made)
    near = {key: each.leaf for key, each in enumerate(branches) if isinstance(each.leaf, Leaf)}
    return Knows(branches, {**dict.fromkeys(range(10), a_leaf()), **near}, set(broken))


TWIGS = "{ maybe { twigs { __typename id name bud { text } leaf { text } } } }"
"""`Twig` shows views: its fields are attributes of theirs, or made of them."""


@pytest.mark.parametrize("place", ["the view", "key", "name", "bud"])
async def test_every_odd_view_and_every_odd_value_of_one_is_stocks_business(place: str) -> None:
    for make in [*ODD, lambda: "broken"]:
        await both_agree(TWIGS, partial(_with_a_twig, place, make))


def _with_a_twig(place: str, make: Callable[[], Any]) -> Knows:
    """Branch 1 has two twigs, of which one is odd; where its key is, the id is the key itself, or cannot be made."""
    odd = make() if place == "the view" else replace(TwigView(2, "odd", a_leaf()), **{place: make()})
    near: dict[Any, Any] = defaultdict(a_leaf)
    return Knows([a_branch(0), a_branch(1), a_branch(2)], near, twigs={1: [TwigView(1), odd]})
