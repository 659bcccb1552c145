"""What was typed to search by finds what has these words, and never everything."""

import pytest
from graphql import GraphQLInputObjectType
from hypothesis import given
from hypothesis import strategies as st

from models.text import beginnings, has_words, words
from tests.support.api.client import Api
from tests.support.api.examples import SCHEMA
from tests.support.firm.factories import a_contact, an_account
from tests.support.firm.one_of_everything import a_world

LISTS = {
    "AccountFilter": ("accounts", "anna"),
    "ContactFilter": ("contacts", "anna"),
    "EmailFilter": ("emails", "invoice"),
}
SIGNS = ("?", "&", "!!!", "_", "':*", "'' & ''", "😀", "\u200b", "\u0301", "\0")
BLANK = ("", " ", "\t\n", "\u3000")


def test_each_list_with_a_search_is_tried_here() -> None:
    inputs = [kind for kind in SCHEMA.type_map.values() if isinstance(kind, GraphQLInputObjectType)]
    assert {kind.name for kind in inputs if "search" in kind.fields} == set(LISTS)


@pytest.mark.parametrize(("listed", "word"), LISTS.values())
async def test_a_search_without_letter_or_digit_finds_nothing_and_a_blank_one_is_none(
    api: Api, listed: str, word: str
) -> None:
    world = await a_world()
    query = f"query($search: String) {{ {listed}(filter: {{ search: $search }}) {{ totalCount nodes {{ id }} }} }}"

    async def count(search: str | None) -> int:
        page = (await api.ask(query, {"search": search}, as_=world.owner))[listed]
        assert len(page["nodes"]) == page["totalCount"]
        return int(page["totalCount"])

    everything = await count(None)
    assert everything > 0
    assert {search: await count(search) for search in BLANK} == dict.fromkeys(BLANK, everything)
    assert {search: await count(search) for search in SIGNS} == dict.fromkeys(SIGNS, 0)
    assert await count(f"& {word} !!!") == await count(word) > 0


@pytest.mark.parametrize("search", ["é", "Ω", "и", "中", "日本", "ก", "ह", "א", "٣", "ﬁ", "ß", "½", "²"])
def test_letters_and_digits_are_those_of_any_script(search: str) -> None:
    assert has_words(search)
    assert beginnings(search)[0] == f"'{words(search)[0]}':*"


@given(st.text(max_size=20), st.text(max_size=60))
def test_what_was_typed_always_narrows_and_only_a_word_finds(search: str, text: str) -> None:
    """No word of any text begins with a search that has none."""
    typed = beginnings(search)
    assert bool(typed) is bool(search.strip())
    if not has_words(search):
        assert not any(word.startswith(query[1:].split("'")[0]) for query in typed for word in words(text))
    assert has_words(search) is bool(words(search))


@pytest.mark.parametrize(("name", "search"), [("Browar Łódź", "lodz"), ("株式会社山田", "山田"), ("Ærø Øl", "aero ol")])
async def test_names_are_found_as_people_type_them(api: Api, name: str, search: str) -> None:
    world = await a_world()
    made = await an_account(world.by, name=name)
    await a_contact(world.by, on=made.id, name=name)
    for listed in ("accounts", "contacts"):
        query = f"query($search: String) {{ {listed}(filter: {{ search: $search }}) {{ nodes {{ name }} }} }}"
        nodes = (await api.ask(query, {"search": search}, as_=world.owner))[listed]["nodes"]
        assert [node["name"] for node in nodes] == [name]
