"""What those who are not signed in may ask for, and what is kept and told of what they wrote wrong."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graph.engine.limits import Limits
from graph.engine.transport.documents import Library
from graph.schema import schema
from tests.support.api.client import Api, TopLevelErrors, an_api
from tests.support.firm import factories

SIGN_IN = 'mutation { signIn(input: {email: "a@b.test", password: "x"}) { errors { code } } }'


async def test_strangers_of_one_network_may_ask_for_so_much_before_anything_is_looked_at(
    store: str, tmp_path: Path
) -> None:
    owner = await factories.signed_in(await factories.a_firm())
    async with an_api(store, tmp_path, cost_per_stranger=100) as api:
        assert (await api.told("{" + "x" * 16_000 + "}")).json()["errors"][0]["extensions"]["code"] != "RATE_LIMITED"
        refused = await api.told("{" + "y" * 16_000)  # which would be a syntax error
        (error,) = refused.json()["errors"]
        assert (refused.status_code, error["extensions"]["code"]) == (429, "RATE_LIMITED")
        again = datetime.fromisoformat(error["extensions"]["retryAt"]) - datetime.now(UTC)
        assert timedelta(0) < again <= timedelta(minutes=1)
        assert 0 < int(refused.headers["retry-after"]) <= 60
        async with api.follow("subscription {" + "z" * 16_000) as feed:
            with pytest.raises(TopLevelErrors) as by_socket:
                await feed.next()
        assert by_socket.value.codes == ["RATE_LIMITED"]
        assert await api.ask("{ firm { name } }", as_=owner)  # who is somebody has an allowance of their own


async def test_what_people_ask_to_sign_in_costs_next_to_nothing_once_it_ran(store: str, tmp_path: Path) -> None:
    async with an_api(store, tmp_path, cost_per_stranger=20) as api:
        for _ in range(12):
            assert await api.ask(SIGN_IN)


async def test_nothing_is_kept_of_what_a_stranger_wrote_wrong_or_may_not_ask(api: Api) -> None:
    documents: Any = schema.extensions[0]
    library = documents.args[0]
    wrong = ("{ nobody }", "{ nobody(", "{ firm { strange: name } }", "mutation { signIn(input: {a: 1}) { token } }")
    for document in wrong:
        assert (await api.told(document)).json()["errors"]
        assert document not in library
    assert await api.ask("{ viewer { __typename } }") == {"viewer": None}
    assert "{ viewer { __typename } }" in library


def test_the_documents_that_are_kept_have_so_many_bytes() -> None:
    library = Library(Limits())
    for number in range(200):
        library.keep(library.document("{ viewer { id } } # " + str(number) + "x" * 10_000))
    assert library.bytes <= 256_000
    assert "{ viewer { id } } # 199" + "x" * 10_000 in library


@pytest.mark.parametrize(
    ("document", "variables", "words"),
    [
        ("{ viewer(a: {" + " ".join(f"a{n}: 1" for n in range(101)) + "}) { id } }", {}, "more than 100 fields"),
        ("{ viewer { id } }", {"a": {f"a{n}": 1 for n in range(101)}}, "more than 100 members"),
        ("{ viewer { id } }", {"a": [[]] * 10_001}, "more than 10,000 lists and objects"),
    ],
)
async def test_no_object_is_larger_than_any_input(
    api: Api, document: str, variables: dict[str, Any], words: str
) -> None:
    assert words in (await api.told(document, variables)).json()["errors"][0]["message"]


async def test_names_are_suggested_in_development_alone(api: Api) -> None:
    document = "{ viewr { id } }"
    assert "Did you mean 'viewer'?" in (await api.told(document)).json()["errors"][0]["message"]
    api.settings.development = False
    told = (await api.told(document)).json()["errors"]
    assert told[0]["message"] == "Cannot query field 'viewr' on type 'Query'."


@pytest.mark.parametrize("development", [True, False])
async def test_of_many_faults_a_few_are_told(api: Api, development: bool) -> None:
    api.settings.development = development
    for document, variables in (
        ("mutation {" + " ".join("abcdefghij"[n % 10] * 10 + f"{n}" for n in range(100)) + "}", {}),
        ("mutation { signIn(input: {" + " ".join(f"a{n}: 1" for n in range(90)) + "}) { token } }", {}),
        ("mutation($i: SignInInput!) { signIn(input: $i) { token } }", {"i": {f"a{n}": 1 for n in range(100)}}),
        ("mutation($i: SignInInput!) { signIn(input: $i) { token } }", {"i": {"session": ["x"] * 10_000}}),
    ):
        answer = await api.told(document, variables)
        assert 1 <= len(answer.json()["errors"]) <= 6
        assert len(answer.content) < 3_000
