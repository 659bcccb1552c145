"""Bad input gets a clear error and nothing is lost: every place where a client can put a value, tried with bad ones.

The places come from the schema itself, through tests/support/api/examples.py.
"""

from typing import Any

import pytest
from graphql import GraphQLField

from tests.support.api.client import Api, TopLevelErrors
from tests.support.api.examples import EXAMPLES, document_of, fields_with_arguments, filled, leaves, replaced, told
from tests.support.firm.one_of_everything import World, a_world, everything

ROOTS = [(name, field) for name, field in fields_with_arguments() if name.startswith(("Query.", "Mutation."))]
TEXTS = ("String", "ID", "Cursor", "DateTime")
BAD_TEXTS = {
    "empty": "",
    "blank": "  ",
    "NUL": "a\0b",
    "a line break": "a\nb",
    "an escape": "a\x1b[31mb",
    "a line separator": "a\u2028b",
    "half a pair": "a\ud800",
    "another half": "\udfff",
    "a quote": "'; DROP TABLE account; --",
    "wildcards": "%_\\",
    "long": "x" * 100_000,
    "long in bytes": "\U0001f469" * 20_000,
    "long address": "a" * 300 + "@" + "b" * 300 + ".test",
    "words": " ".join(f"w{n}" for n in range(5_000)),
}
CANNOT_TRAVEL = {"half a pair", "another half"}
NOT_PRINTABLE = {"NUL", "a line break", "an escape", "a line separator"}
TAKES_ANY_CHARACTER = {"password", "search", "accountId"}
ANSWERS_ALWAYS_THE_SAME = {
    "Mutation.requestPasswordReset": {"email", "firm"},
    "Mutation.requestNewInvitation": {"email", "firm", "token"},
}
"""`accountId`: of a filter, which then finds nothing; elsewhere an odd one is NOT_FOUND."""
BAD_NUMBERS: tuple[object, ...] = (-1, 0, 2**31 - 1, 2**31, 10**30, 1.5, "1", True, [], {})
BAD_INSTANTS = ("yesterday", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "0001-01-01T00:00:00+23:59",
                "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 5)  # fmt: skip
CLIENTS_FAULT = {"BAD_USER_INPUT", "BAD_REQUEST", "LIMIT_EXCEEDED"}


@pytest.mark.parametrize(("name", "field"), ROOTS)
def test_every_place_for_a_value_has_an_example(name: str, field: GraphQLField) -> None:
    given = {path for example in EXAMPLES[name] for path, _, _ in filled(example.variables)}
    assert set(leaves(field.args, *TEXTS, "Int")) <= given, f"add them to tests/support/api/examples.py for {name}"


async def tried(api: Api, world: World, name: str, places: set[tuple[str, ...]], value: Any) -> list[tuple[str, ...]]:
    """Puts the value at each of these places, one at a time; answers where it was taken. Refused: nothing changed."""
    taken = []
    before = await everything()
    for example in EXAMPLES[name]:
        for path, exact, _ in filled(example.variables):
            if path not in places:
                continue
            variables = replaced(told(example.variables, world.ids), exact, value)
            answer = (await api.told(document_of(name, example), variables, as_=world.owner)).json()
            errors = answer.get("errors", [])
            assert {error["extensions"]["code"] for error in errors} <= CLIENTS_FAULT, (path, errors)
            refused = errors or (answer["data"][name[9:]]["errors"] if name.startswith("Mutation.") else [])
            assert all(len(error["message"]) > 10 for error in refused), "in words that help"
            if refused:
                assert await everything() == before, (path, refused)
            else:
                taken.append(path)
                before = await everything()
    return taken


@pytest.mark.parametrize(("name", "field"), ROOTS)
async def test_odd_texts_are_taken_whole_or_refused_in_words_and_never_a_crash(
    api: Api, name: str, field: GraphQLField
) -> None:
    world, places = await a_world(), set(leaves(field.args, *TEXTS))
    for kind, text in BAD_TEXTS.items():
        taken = await tried(api, world, name, places, text)
        assert not (kind in CANNOT_TRAVEL and taken), taken
        if kind in NOT_PRINTABLE and name.startswith("Mutation."):
            fine = TAKES_ANY_CHARACTER | ANSWERS_ALWAYS_THE_SAME.get(name, set())
            assert {path[-1] for path in taken} <= fine, (kind, taken)


@pytest.mark.parametrize(("name", "field"), [(name, field) for name, field in ROOTS if [*leaves(field.args, "Int")]])
async def test_odd_numbers_are_taken_or_refused_in_words(api: Api, name: str, field: GraphQLField) -> None:
    world, places = await a_world(), set(leaves(field.args, "Int"))
    for number in BAD_NUMBERS:
        taken = await tried(api, world, name, places, number)
        assert not taken or (type(number) is int and abs(number) < 2**31), (number, taken)


@pytest.mark.parametrize(
    ("name", "field"), [(name, field) for name, field in ROOTS if [*leaves(field.args, "DateTime")]]
)
async def test_instants_that_are_none_are_refused(api: Api, name: str, field: GraphQLField) -> None:
    world, places = await a_world(), set(leaves(field.args, "DateTime"))
    for instant in BAD_INSTANTS:
        await tried(api, world, name, places, instant)


@pytest.mark.parametrize("literal", [r"\uD800", r"\u{D800}", r"\u0000"])
async def test_odd_characters_in_the_document_itself_are_refused_too(api: Api, literal: str) -> None:
    world = await a_world()
    before = await everything()
    document = f'mutation {{ createEmailField(input: {{ name: "{literal}" }}) {{ errors {{ code }} }} }}'
    answer = (await api.told(document, as_=world.owner)).json()
    assert answer.get("errors", [{"extensions": {}}])[0]["extensions"].get("code") != "INTERNAL"
    assert answer.get("errors") or answer["data"]["createEmailField"]["errors"] == [{"code": "INVALID"}]
    assert await everything() == before


MALFORMED = ("anna", "@", "anna@", "@x.test", "anna@x", "a b@x.test", "anna@x..test", "anna@x.test, b@x.test",
             "Anna <anna@x.test>", "anna@x.test\r\nBcc: all@x.test", "anna@x.test\0",
             "anna@-x.test", "anna@" + "x" * 64 + ".test")  # fmt: skip


@pytest.mark.parametrize("address", MALFORMED)
async def test_a_malformed_address_is_refused_where_it_stands(api: Api, address: str) -> None:
    world = await a_world()
    before = await everything()
    create = "mutation($input: CreateContactInput!) { createContact(input: $input) { errors { code message path } } }"
    emails = [{"field": {"name": "Email"}, "address": address}]
    told = await api.ask(create, {"input": {"name": "A", "emails": emails}}, as_=world.owner)
    (error,) = told["createContact"]["errors"]
    assert error["code"] == "ADDRESS_INVALID"
    assert error["path"] == ["emails", "0", "address"]
    assert await everything() == before


async def test_of_a_list_with_one_bad_entry_nothing_is_done(api: Api) -> None:
    world = await a_world()
    before = await everything()
    mine = {"accountId": world.ids["account"], "addressId": world.ids["address"], "login": False}
    set_them = (
        "mutation($input: SetTogglesInput!) { setToggles(input: $input) { errors { code path } toggles { id } } }"
    )
    for address in ("address_x", world.ids["free_address"]):
        bad = mine | {"addressId": address, "login": True}
        told = (await api.ask(set_them, {"input": {"toggles": [mine, bad]}}, as_=world.owner))["setToggles"]
        assert [(error["code"], error["path"][:2]) for error in told["errors"]] == [("NOT_FOUND", ["toggles", "1"])]
        assert told["toggles"] is None
    assert await everything() == before


async def test_more_than_a_hundred_at_once_are_refused_and_no_switch_moves(api: Api) -> None:
    world = await a_world()
    before = await everything()
    one = {"accountId": world.ids["account"], "addressId": world.ids["address"], "login": False}
    set_them = "mutation($input: SetTogglesInput!) { setToggles(input: $input) { errors { code message } } }"
    told = await api.ask(set_them, {"input": {"toggles": [one] * 101}}, as_=world.owner)
    assert [error["code"] for error in told["setToggles"]["errors"]] == ["INVALID"]
    assert "100" in told["setToggles"]["errors"][0]["message"]
    mark = "mutation($ids: [ID!]!) { markNotifications(input: { notifications: { ids: $ids } }) { errors { code } } }"
    told = await api.ask(mark, {"ids": [world.ids["notification"]] * 101}, as_=world.owner)
    assert [error["code"] for error in told["markNotifications"]["errors"]] == ["INVALID"]
    with pytest.raises(TopLevelErrors) as refused:
        await api.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x"] * 101}, as_=world.owner)
    assert refused.value.codes == ["BAD_USER_INPUT"]
    assert await everything() == before


async def test_a_code_that_is_taken_is_refused_whatever_its_case(api: Api) -> None:
    world = await a_world()
    taken = (await api.ask("{ accounts { nodes { code } } }", as_=world.owner))["accounts"]["nodes"][0]["code"]
    before = await everything()
    create = """mutation($code: String) {
      createAccount(input: { name: "B", kind: OTHER, code: $code }) { errors { code path } } }"""
    for code in (taken, taken.lower(), f" {taken} "):
        told = await api.ask(create, {"code": code}, as_=world.owner)
        assert told["createAccount"]["errors"] == [{"code": "ALREADY_TAKEN", "path": ["code"]}]
    assert await everything() == before


@pytest.mark.parametrize(
    "one_of", [{}, {"id": None}, {"id": None, "name": "Email"}, {"id": "field_x", "name": "Email"}]
)
async def test_an_input_of_one_kind_takes_exactly_one(api: Api, one_of: dict[str, Any]) -> None:
    world = await a_world()
    before = await everything()
    create = "mutation($input: CreateContactInput!) { createContact(input: $input) { errors { code } } }"
    emails = [{"field": one_of, "address": "new@x.test"}]
    with pytest.raises(TopLevelErrors) as refused:
        await api.ask(create, {"input": {"name": "A", "emails": emails}}, as_=world.owner)
    assert set(refused.value.codes) == {"BAD_USER_INPUT"}, refused.value.messages
    assert await everything() == before
