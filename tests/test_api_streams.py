"""Server-sent events and multipart against the real app: who may listen, until when, and what may be asked."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from models.session import Session
from tests.support.api.client import Api, an_api, bearer
from tests.support.api.streams import MULTIPART, SSE, Followed, followed_at
from tests.support.firm import factories

CHANGES = """subscription { togglesChanged { __typename
    ... on FeedReady { cursor } ... on TogglesChanged { cursor toggles { notify } } } }"""
SIGN_OUT = "mutation { signOut(input: {}) { errors { message } } }"
BOTH = pytest.mark.parametrize("accept", [SSE, MULTIPART])


def kind_of(answer: dict[str, Any]) -> str:
    kind: str = answer["data"]["togglesChanged"]["__typename"]
    return kind


def code(answer: dict[str, Any]) -> str:
    found: str = answer["errors"][0]["extensions"]["code"]
    return found


@asynccontextmanager
async def feed(api: Api, accept: str, headers: Mapping[str, str]) -> AsyncIterator[Followed]:
    async with followed_at(api.url, CHANGES, accept=accept, headers=headers) as stream:
        assert kind_of(await stream.answer()) == "FeedReady"
        yield stream


@BOTH
async def test_a_switch_turned_over_one_stream_is_heard_on_another(api: Api, accept: str) -> None:
    by = await factories.a_firm()
    owner = await factories.signed_in(by)
    account = await factories.an_account(by)
    found = await api.ask("{accounts(first:1){nodes{id toggles{address{id}}}}}", as_=owner)
    [node] = found["accounts"]["nodes"]
    turn = f"""mutation {{ setToggles(input: {{toggles: [{{accountId: "{node["id"]}",
        addressId: "{node["toggles"][0]["address"]["id"]}", notify: true}}]}}) {{ errors {{ message }} }} }}"""
    async with feed(api, accept, bearer(owner)) as stream:
        async with followed_at(api.url, turn, accept=accept, headers=bearer(owner)) as turned:
            assert (await turned.answer())["data"]["setToggles"] == {"errors": []}
        event = await stream.answer()
        assert event["data"]["togglesChanged"]["toggles"] == [{"notify": True}]
    assert await factories.spelled(owner.viewer, account.id, account.address) == "N"


@BOTH
async def test_signing_out_ends_the_streams_of_that_session_and_no_others(api: Api, accept: str) -> None:
    by = await factories.a_firm()
    leaving, staying = await factories.signed_in(by), await factories.signed_in(by)
    async with feed(api, accept, bearer(leaving)) as ended, feed(api, accept, bearer(staying)) as goes_on:
        await api.ask(SIGN_OUT, as_=leaving)
        assert code((await ended.rest())[0]) == "UNAUTHENTICATED"
        await factories.an_account(by, notify=True)
        assert kind_of(await goes_on.answer()) == "TogglesChanged"


@BOTH
async def test_a_session_that_is_gone_from_the_database_hears_nothing_more(api: Api, accept: str) -> None:
    by = await factories.a_firm()
    gone = await factories.signed_in(by)
    async with feed(api, accept, bearer(gone)) as stream:
        await Session.filter(id=gone.viewer.session_id).delete()
        await factories.an_account(by, notify=True)
        assert code((await stream.rest())[0]) == "UNAUTHENTICATED"


@BOTH
async def test_a_browsers_cookie_opens_a_stream_only_with_the_header_that_foreign_pages_cannot_send(
    api: Api, accept: str
) -> None:
    owner = await factories.signed_in(await factories.a_firm())
    cookie = {"cookie": f"{api.settings.cookie}={owner.token}"}
    async with feed(api, accept, {**cookie, "x-switchboard": "1"}):
        pass
    for foreign in ({}, {"x-switchboard": "1", "origin": "https://evil.example"}):
        answer = await api.http.post(
            "/graphql", json={"query": CHANGES}, headers={**cookie, **foreign, "accept": accept}
        )
        assert (answer.status_code, code(answer.json())) == (403, "FORBIDDEN")


@BOTH
async def test_nobody_hears_nothing(api: Api, accept: str) -> None:
    async with followed_at(api.url, CHANGES, accept=accept) as stream:
        assert code((await stream.rest())[0]) == "UNAUTHENTICATED"
    dead = await api.http.post(
        "/graphql", json={"query": CHANGES}, headers={"authorization": "Bearer dead", "accept": accept}
    )
    assert dead.status_code == 401


async def test_with_a_manifest_the_app_runs_its_documents_only(store: str, tmp_path: Path) -> None:
    path = tmp_path / "documents.json"
    path.write_text(json.dumps({"who": "{ viewer { __typename } }", "feed": CHANGES}))
    owner = await factories.signed_in(await factories.a_firm())
    async with an_api(store, tmp_path, documents=path) as api:
        known = await api.http.post("/graphql", json={"documentId": "who"}, headers=bearer(owner))
        assert known.json()["data"] == {"viewer": {"__typename": "TeamMember"}}
        other = await api.http.post("/graphql", json={"query": "{ firm { name } }"}, headers=bearer(owner))
        assert code(other.json()) == "PERSISTED_QUERY_NOT_IN_LIST"
        async with feed(api, SSE, bearer(owner)):
            pass
