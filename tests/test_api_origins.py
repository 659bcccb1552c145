"""Single-page apps of other origins: those that the installation names may ask, and no others."""

from pathlib import Path

import httpx
import pytest

from tests.support.api.client import Api, an_api

APP, PORTAL, STRANGER = "https://app.firm.test", "https://portal.firm.test", "https://evil.test"
PREFLIGHT = {"access-control-request-method": "POST", "access-control-request-headers": "content-type,x-switchboard"}


async def preflight(api: Api, origin: str) -> httpx.Response:
    return await api.http.options("/graphql", headers={"origin": origin, **PREFLIGHT})


async def test_an_app_that_is_named_may_ask_with_its_cookie(store: str, tmp_path: Path) -> None:
    async with an_api(store, tmp_path, allowed_origins=(APP,)) as api:
        told = await preflight(api, APP)
        assert told.status_code == 200
        assert told.headers["access-control-allow-origin"] == APP
        assert told.headers["access-control-allow-credentials"] == "true"
        assert "x-switchboard" in told.headers["access-control-allow-headers"]


async def test_an_app_that_is_named_may_trace_and_be_apollos(store: str, tmp_path: Path) -> None:
    for name in ("traceparent", "tracestate", "baggage", "apollo-require-preflight", "x-apollo-operation-name",
                 "apollographql-client-name", "apollographql-client-version"):  # fmt: skip
        async with an_api(store, tmp_path, allowed_origins=(APP,)) as api:
            asked = {"origin": APP, **PREFLIGHT, "access-control-request-headers": f"content-type,{name}"}
            assert (await api.http.options("/graphql", headers=asked)).status_code == 200, name


async def test_any_other_page_may_not(store: str, tmp_path: Path) -> None:
    async with an_api(store, tmp_path, allowed_origins=(APP,)) as api:
        told = await preflight(api, STRANGER)
        assert told.status_code == 400
        assert "access-control-allow-origin" not in told.headers


@pytest.mark.parametrize(("origin", "status"), [(PORTAL, 200), ("https://PORTAL.firm.test:443", 200), (STRANGER, 403)])
async def test_the_servers_own_page_asks_whatever_host_a_proxy_names(
    store: str, tmp_path: Path, origin: str, status: int
) -> None:
    async with an_api(store, tmp_path, public_url=PORTAL) as api:
        asked = {"cookie": f"{api.settings.cookie}=x", "x-switchboard": "1", "origin": origin, "host": "backend:8000"}
        url = f"http://127.0.0.1:{api.settings.port}/graphql"
        told = await api.http.post(url, json={"query": "{ viewer { __typename } }"}, headers=asked)
        assert told.status_code == status


@pytest.mark.usefixtures("store")
async def test_where_none_is_named_only_the_servers_own_pages_ask(api: Api) -> None:
    assert "access-control-allow-origin" not in (await preflight(api, APP)).headers
