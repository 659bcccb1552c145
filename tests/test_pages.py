"""The pages that the program serves itself: nothing from elsewhere, nothing kept, nothing used up by looking."""

import re
from enum import StrEnum
from urllib.parse import urljoin

import httpx
import pytest
from graphql import GraphQLObjectType, parse, validate

from graph.pages import KINDS, OPERATIONS, STATIC
from models import portal_action
from models.errand.running import run_errands
from models.firm_settings import ClientAction
from models.ground import clock, secret_link, store
from models.notification_category import NotificationCategory
from tests.support.api.client import Api
from tests.support.api.examples import SCHEMA
from tests.support.database.store import firms_key
from tests.support.firm.factories import a_client, a_firm
from tests.support.firm.one_of_everything import everything

PAGES = (
    "/portal",
    "/inbox",
    "/invitation",
    *(f"/{name}/some.token" for name in ("invitation", "reset", "action", "unsubscribe")),
)
WORDS = (STATIC / "words.js").read_text()


ROOTS = [SCHEMA.type_map[root] for root in ("Query", "Mutation", "Subscription")]
FIELDS = {name for root in ROOTS if isinstance(root, GraphQLObjectType) for name in root.fields}
THERE = [name for name, text in OPERATIONS.items() if set(re.findall(r"^[^{]*\{ (\w+)", text)) <= FIELDS]


@pytest.mark.parametrize("name", THERE)
def test_what_the_pages_ask_is_valid(name: str) -> None:
    assert validate(SCHEMA, parse(OPERATIONS[name])) == []


@pytest.mark.parametrize("url", PAGES)
async def test_everything_that_a_page_loads_is_served_from_here(api: Api, url: str) -> None:
    page = await api.http.get(url)
    assert page.status_code == 200
    assert '="/' not in page.text
    loaded = re.findall(r'<(?:script|link|img)[^>]*?\s(?:src|href)="([^"]+)"', page.text)
    for file in loaded:
        if file != "data:,":
            answer = await api.http.get(urljoin(url, file))
            assert answer.status_code == 200
            assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(loaded) == 3
    for text in (page.text, *(file.read_text() for file in STATIC.iterdir())):
        assert "http://" not in text
        assert "https://" not in text
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=|javascript:|innerHTML", text)


@pytest.mark.parametrize("url", PAGES)
async def test_a_page_is_kept_nowhere_lets_nothing_in_and_sends_no_address_along(api: Api, url: str) -> None:
    headers = (await api.http.get(url)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in str(policy)


async def test_the_frame_of_a_letter_runs_nothing_and_stands_in_no_page_but_ours(api: Api) -> None:
    """Styles that stand on an element it does apply: a letter is laid out by them."""
    frame = await api.http.get("/pages/letter")
    assert (frame.status_code, "<script" in frame.text) == (200, False)
    policy = dict(part.strip().split(" ", 1) for part in frame.headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "style-src-attr": "'unsafe-inline'",
        "img-src": f"{api.url}/files/attachment/",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
        "sandbox": "allow-same-origin allow-popups allow-popups-to-escape-sandbox",
    }


async def test_looking_uses_nothing_up_and_the_token_is_not_in_the_page(api: Api) -> None:
    by = await a_firm()
    await a_client(by)
    key = await store.value("SELECT address FROM email_address")
    ask = (
        'mutation($e: String!) { requestPasswordReset(input: { email: $e, idempotencyKey: "k" }) { errors { code } } }'
    )
    await api.ask(ask, {"e": key})
    assert await run_errands() == 1
    row = await store.row("SELECT id, seed FROM password_reset")
    client = await store.row("SELECT account_id, address_id FROM toggles")
    assert row is not None
    assert client is not None
    action = portal_action.link(
        "",
        key=firms_key(by.firm_id),
        firm_id=by.firm_id,
        account_id=client["account_id"],
        address_id=client["address_id"],
        action=ClientAction.PAY_INVOICES,
        path="/invoices/12",
        at=clock.now(),
    )
    links = [f"/reset/{secret_link.token(firms_key(by.firm_id), 'reset', row['id'], row['seed'])}", action]
    before = await everything()
    for link in links:
        for method in ("GET", "HEAD", "GET"):
            answer: httpx.Response = await api.http.request(method, link)
            assert answer.status_code == 200
            assert link.rpartition("/")[2] not in answer.text
        assert (await api.http.post(link)).status_code == 405
    assert await everything() == before


@pytest.mark.parametrize("name", ["nope.js", "portal.html", "..%2f__init__.py", "%2e%2e/__init__.py"])
async def test_only_the_named_files_are_served(api: Api, name: str) -> None:
    assert (await api.http.get(f"/pages/{name}")).status_code == 404


@pytest.mark.parametrize(("group", "kinds"), [("categories", NotificationCategory), ("actions", ClientAction)])
def test_every_category_and_every_action_has_its_words_in_both_languages(group: str, kinds: type[StrEnum]) -> None:
    groups = re.findall(rf"^    {group}: {{(.*?)}}", WORDS, re.MULTILINE | re.DOTALL)
    assert [set(re.findall(r"(\w+): \"", lines)) for lines in groups] == [set(kinds), set(kinds)]


def test_every_word_is_there_in_both_languages() -> None:
    english, italian = WORDS.split("\n  it: {", 1)[0], WORDS.split("\n  it: {", 1)[1].split("\n};", 1)[0]
    names = set(re.findall(r"^    (\w+):", english, re.MULTILINE))
    assert names == set(re.findall(r"^    (\w+):", italian, re.MULTILINE)) - {"errors"}
    used = "".join(file.read_text() for file in STATIC.iterdir() if file.suffix in {".html", *KINDS})
    assert set(re.findall(r'data-word="(\w+)"|words\.(\w+)', used)) <= {
        pair for name in names | {"errors", "js"} for pair in ((name, ""), ("", name))
    }
