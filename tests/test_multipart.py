"""Multipart subscriptions: what is their own. What they share with server-sent events is in test_sse.py."""

import pytest

from tests.support.api.streams import MULTIPART
from tests.support.api.toy_server import Toy
from tests.support.servers.http import plain_http


async def test_a_body_is_framed_as_apollo_reads_it(toy: Toy) -> None:
    body = {"query": "subscription{count(to:2)}"}
    async with plain_http() as client:
        response = await client.post(f"{toy.url}/graphql", json=body, headers={"accept": MULTIPART})
    part = "\r\ncontent-type: application/json; charset=utf-8\r\n\r\n"
    assert response.text == (
        f'--graphql{part}{{"payload":{{"data":{{"count":0}}}}}}'
        f'\r\n--graphql{part}{{"payload":{{"data":{{"count":1}}}}}}'
        "\r\n--graphql--\r\n"
    )
    assert response.headers["content-type"] == 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "accept",
    [
        "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json",
        'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"; q=0.9',
        "Multipart/Mixed;subscriptionSpec=1.0",
    ],
)
async def test_clients_write_the_media_type_as_they_like(toy: Toy, accept: str) -> None:
    async with plain_http() as client:
        body = {"query": "subscription{count}"}
        response = await client.post(f"{toy.url}/graphql", json=body, headers={"accept": accept})
    assert response.headers["content-type"].startswith("multipart/mixed")
