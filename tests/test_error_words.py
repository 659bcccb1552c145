"""What is told of a wrong value names where it stands and what is expected there, never the value: it may be secret."""

import asyncio
import json
from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection

from tests.support.api.client import Api, As
from tests.support.firm import factories
from tests.support.waiting import PATIENCE

SECRET = "hunter2 secret"
NAME = "hunter2_secret"  # as an enum or a name, without quotes
IN_QUOTES = f'"{SECRET}"'
SIGN_IN = "mutation($i: SignInInput!) { signIn(input: $i) { token } }"
TOGGLES = "mutation($i: SetTogglesInput!) { setToggles(input: $i) { cursor } }"
TOKEN = "mutation($i: CreateApiTokenInput!) { createApiToken(input: $i) { cursor } }"
CONTACT = "mutation($i: CreateContactInput!) { createContact(input: $i) { cursor } }"
WHO = {"email": "a@b.test", "password": SECRET}


def of(**more: Any) -> dict[str, Any]:
    return {"i": WHO | more}


def sign_in(input: str) -> str:
    return "mutation { signIn(input: " + input + ") { token } }"


def token(input: str) -> str:
    return 'mutation { createApiToken(input: {name: "n", ' + input + "}) { cursor } }"


def contact(field: Any) -> dict[str, Any]:
    return {"i": {"name": "n", "emails": [{"address": "a@b.test", "field": field}]}}


IN_VARIABLES: list[tuple[str, dict[str, Any], str]] = [
    (SIGN_IN, {"i": {"password": SECRET}}, "Variable '$i' has invalid value: Expected value of type 'SignInInput' to "
     "include required field 'email'."),
    (SIGN_IN, of(emial=SECRET), "not to include unknown field 'emial'."),
    (SIGN_IN, of(**{SECRET: 1}), "not to include unknown field."),
    (SIGN_IN, of(**{"a'. Did you mean 'hunter2'? Found: " + SECRET: 1}), "not to include unknown field 'a'."),
    (SIGN_IN, {"i": SECRET}, "Expected value of type 'SignInInput' to be an object."),
    (SIGN_IN, {"i": [SECRET]}, "Expected value of type 'SignInInput' to be an object."),
    (SIGN_IN, of(email=None), "at .email: Expected value of non-null type 'String!' not to be None."),
    (SIGN_IN, of(email={"password": SECRET}), "at .email: String cannot represent a non string value."),
    (SIGN_IN, of(email=[SECRET]), "at .email: String cannot represent a non string value."),
    (SIGN_IN, of(session=SECRET), "at .session: There is no such value in the enum 'SessionKind'."),
    (SIGN_IN, of(session=f"x' does not exist in 'X' enum. {SECRET}"), "no such value in the enum 'SessionKind'."),
    (SIGN_IN, of(session=f"x' does not exist in '{NAME}' enum. "), "no such value in the enum 'SessionKind'."),
    (SIGN_IN, of(session={"a": SECRET}), "at .session: Enum 'SessionKind' cannot represent non-string value."),
    (SIGN_IN, of(accountId={"a": SECRET}), "at .accountId: ID cannot represent value."),
    ("query($n: Int) { contacts(first: $n) { totalCount } }", {"n": SECRET}, "Int cannot represent non-integer value."),
    ("query($n: Int) { contacts(first: $n) { totalCount } }", {"n": 10**20}, "more than a thousand million nodes"),
    ("query($c: Boolean!) { __typename @skip(if: $c) }", {"c": SECRET}, "Boolean cannot"),
    (TOGGLES, {"i": {"toggles": SECRET}}, "at .toggles: Expected value of type 'TogglesInput' to be an object."),
    (TOGGLES, {"i": {"toggles": [{"accountId": "x", "addressId": "y", "login": SECRET}]}}, "at .toggles[0].login: "),
    (TOKEN, {"i": {"name": "n", "scopes": ["READ", SECRET]}}, "at .scopes[1]: There is no such value in the enum 'Api"),
    (TOKEN, {"i": {"name": "n", "scopes": ["READ"], "expiresAt": SECRET}}, "at .expiresAt: A DateTime is a text with"),
    (TOKEN, {"i": {"name": "n", "scopes": ["READ"], "expiresAt": {"a": SECRET}}}, "at .expiresAt: A DateTime is"),
    (CONTACT, contact({}), "'EmailFieldInput' must specify exactly one key."),
    (CONTACT, contact({"id": "x", "name": SECRET}), "must specify exactly one key."),
    (CONTACT, contact({"name": None}), "must be non-null"),
    (CONTACT, contact(SECRET), "at .emails[0].field: Expected value of type 'EmailFieldInput' to be an object."),
    ("query($t: String!) { invitationOffer(token: $t) { __typename } }", {"t": {"a": SECRET}}, "String cannot"),
    ("subscription($a: Cursor) { togglesChanged(after: $a) { __typename } }", {"a": SECRET}, "This is not a cursor"),
    ("query($a: String) { contacts(after: $a) { totalCount } }", {"a": SECRET}, "This is no page cursor"),
]  # fmt: skip
IN_DOCUMENTS: list[tuple[str, dict[str, Any], str]] = [
    (document, {}, words)
    for document, words in [
        (sign_in(f"{{password: {IN_QUOTES}}}"), "'input' has an invalid value: Expected value of type 'SignInInput' to "
         "include required field 'email'."),
        (sign_in(f'{{email: "a", password: "b", emial: {IN_QUOTES}}}'), "not to include unknown field 'emial'."),
        (sign_in(IN_QUOTES), "'input' has an invalid value: Expected value of type 'SignInInput' to be an object."),
        (sign_in(f"[{IN_QUOTES}]"), "Expected value of type 'SignInInput' to be an object."),
        (sign_in(f'{{email: {{a: {IN_QUOTES}}}, password: ""}}'), "A value in the document is invalid: String cannot"),
        (sign_in(f'{{email: "", password: {NAME}}}'), "'password' has an invalid value: String cannot represent a non"),
        (sign_in(f'{{email: null, password: {IN_QUOTES}}}'), "'email' has an invalid value: Expected value of"),
        (sign_in(f'{{email: "", password: "", session: {NAME}}}'), "no such value in the enum 'SessionKind'."),
        (sign_in(f'{{email: "", password: "", session: {IN_QUOTES}}}'), "Enum 'SessionKind' cannot represent non-enum"),
        (sign_in(f'{{email: "", password: "", accountId: [{IN_QUOTES}]}}'), "A value in the document is invalid: ID"),
        (f"{{ contacts(first: {IN_QUOTES}) {{ totalCount }} }}", "'first' has an invalid value: Int cannot"),
        (f"{{ __typename @skip(if: {IN_QUOTES}) }}", "'if' has an invalid value: Boolean cannot"),
        (f"query($n: Int = {IN_QUOTES}) {{ contacts(first: $n) {{ totalCount }} }}", "Int cannot represent"),
        (token(f"scopes: [READ, {NAME}]"), "There is no such value in the enum 'ApiScope'."),
        (token(f"scopes: [READ], expiresAt: {IN_QUOTES}"), "'expiresAt' has an invalid value: A DateTime is a text"),
        (token(f"scopes: [READ], expiresAt: {NAME}"), "'expiresAt' has an invalid value: A DateTime is a text"),
        ('mutation { createContact(input: {name: "n", emails: [{address: "a", field: {id: "x", name: ' + IN_QUOTES
         + "}}]}) { cursor } }", "'field' has an invalid value: "),
        (f"{{ contacts(after: {IN_QUOTES}) {{ totalCount }} }}", "This is no page cursor"),
        (f"{{ contacts {IN_QUOTES} }}", "Syntax Error: Expected Name, found String."),
        (f'{{ contacts(after: "a" {IN_QUOTES}) }}', "Syntax Error: Expected Name, found String."),
        (f'{{ contacts(after """{SECRET}""") }}', "Syntax Error: Expected ':', found BlockString."),
        (f"{IN_QUOTES} {NAME} {{ x }}", "Syntax Error: Unexpected description."),
        (f"{NAME} {{ x }}", "Syntax Error: Unexpected Name."),
        (f'{{ contacts(after: "{SECRET}', "Syntax Error: Unterminated string."),
        (f'{{ contacts(after: "\\u{{{SECRET}}}") }}', "Syntax Error: Invalid Unicode escape sequence."),
        ('{ contacts(after: "\\uhunter2 secret") }', "Syntax Error: Invalid Unicode escape sequence."),
        (f"{{ contacts(first: 1{NAME}) }}", "Syntax Error: Invalid number, expected digit but got."),
        (f"query($a: Int = ${NAME}) {{ x }}", "Syntax Error: Unexpected variable."),
    ]
]  # fmt: skip
ALL = IN_VARIABLES + IN_DOCUMENTS


def _spills(text: str) -> bool:
    return any(part in text for part in (SECRET, NAME, "hunter2"))


@pytest.mark.parametrize("production", [False, True])
async def test_no_error_repeats_a_value_on_any_transport_or_in_the_log(api: Api, production: bool) -> None:
    api.settings.development = not production
    owner = await factories.signed_in(await factories.a_firm())
    with capture_logs() as logs:
        async with api.socket(as_=owner) as socket:
            told = [
                (words, answer)
                for document, variables, words in ALL
                for answer in (
                    await by_http(api, document, variables, owner),
                    await by_socket(socket, document, variables),
                )
            ]
    wrong = [f"{words}: {answer}" for words, answer in told if words not in answer or _spills(answer)]
    assert not wrong, "\n".join(wrong)
    assert not _spills(str(logs))


async def by_http(api: Api, document: str, variables: dict[str, Any], owner: As) -> str:
    headers = {"accept": "text/event-stream"} if document.startswith("subscription") else {}
    return (await api.told(document, variables, as_=owner, headers=headers)).text


async def by_socket(socket: ClientConnection, document: str, variables: dict[str, Any]) -> str:
    payload = {"query": document, "variables": variables}
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
    async with asyncio.timeout(PATIENCE):
        answer = str(await socket.recv())
        if json.loads(answer)["type"] == "next":
            assert json.loads(await socket.recv())["type"] == "complete"
    return answer


async def test_who_writes_a_value_that_an_enum_lacks_is_told_which_it_has(api: Api) -> None:
    for document, variables, words in [
        (SIGN_IN, of(session=NAME), "no such value in the enum 'SessionKind'. It has COOKIE, BEARER."),
        (
            sign_in(f'{{email: "", password: "", as: {NAME}}}'),
            {},
            "enum 'ViewerKind'. It has TEAM_MEMBER, PORTAL_USER.",
        ),
    ]:
        assert words in await by_http(api, document, variables, None)


async def test_messages_are_short_and_name_few_places(api: Api) -> None:
    for document in ("{" + "a" * 10_000 + "}", "{" + " ".join(f"viewer(a{n}: 1) {{ id }}" for n in range(40)) + "}"):
        answer = (await api.told(document)).json()
        assert 0 < len(answer["errors"]) <= 6
        for error in answer["errors"]:
            assert len(error["message"]) <= 300
            assert len(error.get("locations", [])) <= 5
