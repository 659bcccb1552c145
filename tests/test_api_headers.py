"""What stands on every answer, whoever gives it; and that nothing of what a client claims is handed on."""

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.support.api.client import Api, an_api
from tests.support.waiting import patience

pytestmark = pytest.mark.usefixtures("store")

PATHS = ["/graphql", "/healthz", "/readyz", "/portal", "/invitation/x", "/graphiql", "/nothing", "/portal/", "/files/x"]
RAW = {
    "no HTTP": b"hello\r\n\r\n",
    "huge headers": b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 70_000 + b"\r\n\r\n",
    "a handshake without a key": b"GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n"
    b"upgrade: websocket\r\n\r\n",
    "a socket": b"GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"sec-websocket-protocol: graphql-transport-ws\r\n\r\n",
}


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_keeps_its_type_and_names_no_server(api: Api, path: str) -> None:
    for method in ("GET", "POST", "PUT", "OPTIONS"):
        answer = await api.http.request(method, path)
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
        assert "server" not in answer.headers
        assert "strict-transport-security" not in answer.headers, "over plain http (RFC 6797, 7.2)"


@pytest.mark.parametrize("path", [*PATHS, "/unsubscribe/x", "/reset/x", "/action/x", "/inbox", "/pages/page.css"])
async def test_a_method_that_is_not_for_a_path_is_told_all_that_are(api: Api, path: str) -> None:
    """RFC 9110, 15.5.6."""
    answers = {method: await api.http.request(method, path) for method in ("GET", "HEAD", "POST", "PUT", "DELETE")}
    refused = {method: answer for method, answer in answers.items() if answer.status_code == 405}
    for answer in refused.values():
        assert {each.strip() for each in answer.headers["allow"].split(",")} == answers.keys() - refused.keys()


@pytest.mark.parametrize("name", RAW)
async def test_so_does_what_the_door_itself_says(api: Api, name: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.settings.port)
    writer.write(RAW[name])
    async with patience():
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    writer.close()
    assert "\r\nserver:" not in head
    if name != "a handshake without a key":  # the library's own answer: plain text, to no browser
        assert "\r\nx-content-type-options: nosniff\r\n" in head


async def test_over_https_browsers_come_by_https_only(store: str, tmp_path: Path) -> None:
    async with an_api(store, tmp_path, public_url="https://portal.firm.test") as api:
        for path in PATHS:
            address = f"http://127.0.0.1:{api.settings.port}{path}"
            assert (await api.http.get(address)).headers["strict-transport-security"] == "max-age=63072000"


@pytest.mark.parametrize("path", ["/portal", "/invitation/x", "/reset/x", "/action/x", "/graphiql"])
async def test_no_page_that_opened_ours_keeps_a_hold_of_it(api: Api, path: str) -> None:
    assert (await api.http.get(path)).headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("path", "leads"),
    [
        ("/portal/", "/portal"),
        ("/portal/?account=1", "/portal?account=1"),
        ("/invitation/a%2Fb/", "/b"),
        ("/nothing//", "/nothing"),
        ("//evil.test/", "/evil.test"),
        ("/x/javascript:alert(1)/", "/x/javascript:alert(1)"),
        ("/", "/graphiql"),
    ],
)
async def test_no_redirect_names_a_host(api: Api, path: str, leads: str) -> None:
    base = f"http://127.0.0.1:{api.settings.port}"
    answer = await api.http.get(base + path, headers={"host": "evil.test"})
    assert answer.status_code == 307
    assert "evil.test/" not in answer.headers["location"]
    assert ":/" not in answer.headers["location"]
    assert httpx.URL(base + path).join(answer.headers["location"]).raw_path.decode().endswith(leads)


QUERY = {"query": "mutation { signOut { errors { code } } }"}


async def test_an_empty_authorization_does_not_stand_for_the_header_that_guards_the_cookie(api: Api) -> None:
    browser = {"cookie": f"{api.settings.cookie}=x", "authorization": "", "sec-fetch-site": "cross-site"}
    answer = await api.http.post("/graphql", json=QUERY, headers=browser)
    assert answer.status_code == 403
