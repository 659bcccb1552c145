"""GraphiQL: the page, its files, and that it needs nothing from elsewhere."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from graph.pages.graphiql import STATIC, Tab, graphiql_routes
from tests.support.api.toy_server import Toy, serving
from tests.support.servers.http import plain_http
from tests.support.waiting import PATIENCE

TABS = [
    Tab("Say hello", "query Hello($name: String!) { hello(name: $name) }", '{"name": "</script><b>"}'),
    Tab("Count", "subscription Count { count(to: 3) }"),
]


@pytest.fixture
async def toy() -> AsyncIterator[Toy]:
    async with serving(graphiql_routes(tabs=TABS)) as toy:
        yield toy


@pytest.fixture
async def client(toy: Toy) -> AsyncIterator[httpx.AsyncClient]:
    async with plain_http(base_url=toy.url) as client:
        yield client


def loaded_by(page: str) -> list[str]:
    return re.findall(r'<(?:script|link|img|iframe)[^>]*?\s(?:src|href)="([^"]+)"', page)


async def test_everything_that_the_page_loads_is_served_from_here_and_cached_for_ever(
    client: httpx.AsyncClient,
) -> None:
    page = (await client.get("/graphiql")).text
    local = [url for url in loaded_by(page) if url != "data:,"]
    assert len(local) == 8
    for url in local:
        assert url.startswith("/graphiql/static/")
        response = await client.get(url)
        assert response.status_code == 200
        assert response.headers["content-type"].startswith(("text/javascript", "text/css"))
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["x-content-type-options"] == "nosniff"
    assert "http://" not in page
    assert "https://" not in page


@pytest.mark.parametrize("css", sorted(STATIC.glob("*.css")), ids=lambda file: file.name)
def test_fonts_and_images_of_the_styles_are_inside_them(css: Path) -> None:
    text = css.read_text()
    assert all(url.strip("'\"").startswith("data:") for url in re.findall(r"url\(([^)]{0,20})", text))
    assert "@import" not in text


@pytest.mark.parametrize("file", sorted(STATIC.iterdir()), ids=lambda file: file.name)
def test_no_file_names_a_registry_or_a_source_map(file: Path) -> None:
    text = file.read_text()
    assert "registry" + ".npmjs" not in text
    assert "sourceMappingURL=" not in text


async def test_the_policy_lets_nothing_in_from_elsewhere(client: httpx.AsyncClient) -> None:
    policy = (await client.get("/graphiql")).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "http" not in policy
    assert "unsafe-eval" not in policy


async def test_an_example_cannot_break_out_of_its_place(client: httpx.AsyncClient) -> None:
    page = (await client.get("/graphiql")).text
    assert "</script><b>" not in page
    assert "# Say hello" in page


@pytest.mark.parametrize("name", ["nope.js", "graphiql.html", "..%2fgraphiql.py", "%2e%2e/graphiql.py", "page.js"])
async def test_only_the_named_files_are_served(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/graphiql/static/{name}")).status_code == 404


async def test_tokens_are_not_kept_and_the_guarding_header_is_sent(client: httpx.AsyncClient) -> None:
    script = next(file for file in STATIC.iterdir() if file.name == "page.js").read_text()
    assert "shouldPersistHeaders: false" in script
    assert '"X-Switchboard": "1"' in script


async def test_a_browser_without_internet_shows_it(toy: Toy, tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    switches = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    offline = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", f"--user-data-dir={tmp_path}"]
    wait = ["--virtual-time-budget=15000", "--enable-logging=stderr", "--dump-dom", f"{toy.url}/graphiql"]
    process = await asyncio.create_subprocess_exec(
        chromium, *switches, *offline, *wait, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    dom, log = await asyncio.wait_for(process.communicate(), 2 * PATIENCE)
    assert b"graphiql-query-editor" in dom
    assert b"GraphiQL Explorer" in dom
    assert b"Content Security Policy" not in log
    assert b"Uncaught" not in log
