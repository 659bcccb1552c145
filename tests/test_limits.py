"""What one document may ask for."""

from time import process_time
from typing import Any

import pytest
from graphql import DocumentNode, Visitor, get_introspection_query, parse, visit

from graph.engine.limits import Limits, Survey
from tests.support.api.toy_server import ToyContext, World, schema
from tests.support.waiting import PATIENCE


def survey(text: str, **variables: int) -> Survey:
    return Survey(schema._schema, parse(text), variables, Limits())


def selections_of(document: DocumentNode) -> int:
    class Counting(Visitor):
        count = 0

        def enter(self, node: Any, *_: Any) -> None:
            self.count += node.kind in ("field", "fragment_spread", "inline_fragment")

    visitor = Counting()
    visit(document, visitor)
    return visitor.count


async def refused(text: str, **variables: Any) -> str | None:
    """What the client is told of the limit, over the whole way."""
    context = ToyContext.of(World(), None, None)  # type: ignore[arg-type]
    result = await schema.execute(text, variable_values=variables, context_value=context)
    return result.errors[0].message if result.errors else None


def bomb(levels: int) -> str:
    chain = "".join(f"fragment F{n} on Item{{self{{...F{n + 1}}}self{{...F{n + 1}}}}}" for n in range(levels))
    return "{item{...F0}}" + chain + f"fragment F{levels} on Item{{id}}"


def nested(levels: int) -> str:
    return "{item{" + "self{" * (levels - 2) + "id" + "}" * levels


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{hello}" + " " * 17_000, "The document has 17,007 bytes; at most 16,384 are allowed."),
        ("{" + "hello " * 1_000 + "}", "The document has more than 1,000 tokens."),
        ("{" + "a:hello " * 31 + "}", "The document has 31 aliases"),
        ("{" + "hello@skip(if:false)" * 51 + "}", "The document has 51 directives once its fragments are expanded; at"),
        ("{hello" + "@skip(if:false)" * 51 + "}", "51 directives"),
        ("{" + "...F@skip(if:false)" * 26 + "} fragment F on Query{hello@skip(if:false)}", "52 directives"),
        ("{" + "hello " * 501 + "}", "The document has 501 fields"),
        (nested(13), "The document has 13 levels of fields; at most 12 are allowed."),
        ("{item" + "{self" * 400, "The document is nested too deeply."),
        ("{hello(name:" + "[" * 900, "The document is nested too deeply."),
        ("{items(first:10001){totalCount}}", "ask for 10,001 nodes; at most 10,000 are allowed."),
        ("{items(last:10001){totalCount}}", "10,001 nodes"),
        ("{items(first:100){nodes{items(first:100){totalCount}}}}", "10,100 nodes"),
        ("{items(first:9" + "9" * 5_000 + "){totalCount}}", "more than a thousand million nodes"),
        ("{" + "item{id}" * 70 + "}", "4,830 pairs have one name and place; at most 2,000 may."),
        ("{" + "...{item{id}}" * 70 + "}", "4,830 pairs"),
        ("{items{nodes{items{nodes{items{nodes{id}}}}}}}", "16,275 nodes"),
    ],
)
async def test_a_refusal_says_what_the_limit_is_and_what_was_asked(text: str, told: str) -> None:
    assert told in str(await refused(text))


@pytest.mark.parametrize(
    "text",
    [
        "{" + "a:hello " * 30 + "}",
        "{" + "hello " * 60 + "}",
        "{" + "hello@skip(if:false)" * 50 + "}",
        nested(12),
        "{items(first:10000){totalCount}}",
        "{items(first:99){nodes{items(first:100){totalCount}}}}",
        "{items(first:25){nodes{items{nodes{id}}}}}",
        "{items(first:-5){totalCount}}",
        "{items(first:0){totalCount}}",
    ],
)
async def test_what_is_just_within_the_limits_runs(text: str) -> None:
    assert await refused(text) is None


async def test_page_sizes_in_variables_count_and_so_do_their_defaults() -> None:
    text = "query($n:Int=20000){items(first:$n){totalCount}}"
    assert "20,000 nodes" in str(await refused(text))
    assert await refused(text, n=5) is None
    assert "30,000 nodes" in str(await refused(text, n=30_000))
    assert "30,000 nodes" in str(await refused("query($n:Int!){items(first:$n){totalCount}}", n=30_000))


@pytest.mark.parametrize(
    ("text", "variables", "told"),
    [
        # JSON knows one kind of number, and `Int` takes 100.0 for 100
        ("query($n:Int){items(first:$n){nodes{items(first:$n){totalCount}}}}", {"n": 100.0}, "10,100 nodes"),
        # null is no default: what is asked then has the size that it has without the argument
        ("query($n:Int=1){items(first:$n){nodes{items{nodes{items(first:$n){nodes{id}}}}}}}", {"n": None}, "16,275"),
        # what is asked for by its id multiplies what is below it too
        ("query($i:[ID!]!){several(ids:$i){items(first:100){totalCount}}}", {"i": ["1"] * 100}, "10,100 nodes"),
        ("{several(ids:[" + "1 " * 100 + "]){items(first:100){totalCount}}}", {}, "10,100 nodes"),
    ],
)
async def test_no_way_to_write_a_page_size_makes_it_look_smaller(
    text: str, variables: dict[str, Any], told: str
) -> None:
    assert told in str(await refused(text, **variables))


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [("$n:Int=1", "$n:Int=50", "127,550 nodes"), ("$n:Int=1", "$n:Int", "16,275 nodes")],
)
def test_a_fragment_is_as_large_as_the_largest_default_of_its_operations_makes_it(
    one: str, other: str, told: str
) -> None:
    inner = "items(first:$n){nodes{items(first:$n){nodes{items(first:$n){nodes{id}}}}}}"
    text = f"query A({one}){{item{{...F}}}} query B({other}){{item{{...F}}}} fragment F on Item{{{inner}}}"
    assert told in str(survey(text).refusal)


async def test_the_cost_is_told() -> None:
    result = await schema.execute("{items(first:10){nodes{items{nodes{id}}}}}")
    assert result.extensions == {"cost": {"nodes": 260, "fields": 5, "depth": 5}}


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("{items{totalCount}}", 1),
        ("{items{n:totalCount __typename}}", 1),
        ("{items(first:7){totalCount}}", 7),
        ("{items{totalCount nodes{id}}}", 25),
        ("{items{...F}} fragment F on ItemConnection{nodes{id}}", 25),
        ("{items(first:10){nodes{items{totalCount}}}}", 20),
    ],
)
def test_a_count_without_a_page_is_one_node(text: str, nodes: int) -> None:
    assert survey(text).size.nodes == nodes


def test_a_fragment_bomb_is_refused_after_one_look_at_each_selection() -> None:
    document = parse(bomb(80))
    measured = Survey(schema._schema, document, {}, Limits())
    assert "more than a thousand million fields" in str(measured.refusal)
    assert measured.visits <= selections_of(document)


async def test_a_fragment_bomb_is_answered() -> None:
    """In milliseconds; a pass that followed each spread would be at it for a thousand years."""
    assert "fields once its fragments are expanded" in str(await refused(bomb(55)))


def test_fragments_that_use_each_other_do_not_loop() -> None:
    text = "{item{...A}} fragment A on Item{id ...B} fragment B on Item{id ...A ...B}"
    document = parse(text)
    assert Survey(schema._schema, document, {}, Limits()).visits <= selections_of(document)


async def test_a_cycle_is_told_by_validation() -> None:
    assert "Cannot spread fragment 'A' within itself" in str(await refused("{item{...A}} fragment A on Item{id ...A}"))


def test_aliases_in_fragments_count_each_time() -> None:
    text = "{item{" + "...F " * 16 + "}} fragment F on Item{a:id b:id}"
    assert "32 aliases" in str(survey(text).refusal)


def test_a_fragment_that_nothing_uses_is_measured_too() -> None:
    assert "501 fields" in str(survey("{hello} fragment F on Query{" + "hello " * 501 + "}").refusal)


def test_inline_fragments_add_no_depth() -> None:
    assert survey("{...{...on Query{item{...{id}}}}}").size.depth == 2


async def test_introspection_is_exempt_from_depth_and_fields() -> None:
    text = get_introspection_query(
        descriptions=True, specified_by_url=True, directive_is_repeatable=True, schema_description=True,
        input_value_deprecation=True,
    )  # fmt: skip
    measured = survey(text)
    assert (measured.refusal, measured.size.depth) == (None, 1)
    assert measured.size.inner_depth > 12
    assert await refused(text) is None


async def test_introspection_has_bounds_of_its_own() -> None:
    bombs = "".join(f"fragment T{n} on __Type{{ofType{{...T{n + 1}}} ofType{{...T{n + 1}}}}}" for n in range(50))
    text = '{__type(name:"Item"){...T0}}' + bombs + "fragment T50 on __Type{name}"
    assert "fields of introspection" in str(await refused(text))
    assert "levels of introspection" in str(await refused('{__type(name:"Item"){' + "ofType{" * 40 + "name" + "}" * 42))


@pytest.mark.parametrize(
    "text",
    [
        "{" + "hello " * 490 + "}",
        "{" + "item{id}" * 45 + "}",
        "{" + "item{...F}" * 30 + "} fragment F on Item{self{self{id name}}}",
        "{" + "item{id}" * 240 + "} fragment C on Item{...C}",
        "{" + "...F " * 160 + "} fragment F on Query{hello item{id}}",
        "{" + "hello(name:1)" * 160 + "}",
        "{" + "nope " * 490 + "}",
    ],
)
async def test_the_worst_document_within_the_limits_is_soon_done_with(text: str) -> None:
    began = process_time()
    await refused(text)
    assert process_time() - began < PATIENCE  # a few milliseconds; for ever where a check is exponential
