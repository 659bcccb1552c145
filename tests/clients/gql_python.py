"""Python gql: queries and mutations over HTTP (httpx), subscriptions over a WebSocket. As story.mjs tells it."""

import asyncio
import json
import os
from typing import Any

from gql import Client, gql
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

URL = os.environ.get("SWITCHBOARD_URL", "http://127.0.0.1:8000/graphql")
SIGN_IN = gql("mutation ($input: SignInInput!) { signIn(input: $input) { token } }")
ACCOUNTS = gql("{ accounts(first: 5) { feedCursor nodes { id name toggles { id notify address { id } } } } }")
SET_TOGGLES = gql(
    "mutation ($input: SetTogglesInput!) { setToggles(input: $input) { errors { message } toggles { notify } } }"
)
TOGGLES_CHANGED = gql(
    """subscription ($after: Cursor) { togglesChanged(after: $after) {
    __typename ... on FeedEvent { cursor } ... on TogglesChanged { cursor toggles { id notify } } } }"""
)


def tell(step: str, **what: Any) -> None:
    print(json.dumps({"transport": "gql", "step": step, **what}))


async def token() -> str:
    if found := os.environ.get("SWITCHBOARD_TOKEN"):
        return found
    email = os.environ.get("SWITCHBOARD_EMAIL", "owner@demo.test")
    password = os.environ.get("SWITCHBOARD_PASSWORD", "demo password")
    async with Client(transport=HTTPXAsyncTransport(URL)) as session:
        SIGN_IN.variable_values = {"input": {"email": email, "password": password, "session": "BEARER"}}
        signed_in: str = (await session.execute(SIGN_IN))["signIn"]["token"]
        return signed_in


async def main() -> None:
    headers = {"authorization": f"Bearer {await token()}"}
    socket = WebsocketsTransport(URL.replace("http", "ws", 1), init_payload=headers)
    async with Client(transport=HTTPXAsyncTransport(URL, headers=headers)) as http, Client(transport=socket) as live:
        accounts = (await http.execute(ACCOUNTS))["accounts"]
        account = next(one for one in accounts["nodes"] if one["toggles"])
        toggles = account["toggles"][0]
        tell("query", account=account["name"], notify=toggles["notify"])
        wish = {"accountId": account["id"], "addressId": toggles["address"]["id"], "notify": not toggles["notify"]}
        SET_TOGGLES.variable_values = {"input": {"toggles": [wish]}}
        TOGGLES_CHANGED.variable_values = {"after": accounts["feedCursor"]}
        async for answer in live.subscribe(TOGGLES_CHANGED):
            event = answer["togglesChanged"]
            told = [one["notify"] for one in event.get("toggles", []) if one["id"] == toggles["id"]]
            tell("event", type=event["__typename"], **({"notify": told[0]} if told else {}))
            if event["__typename"] == "TogglesChanged":
                return
            done = (await http.execute(SET_TOGGLES))["setToggles"]
            assert done["errors"] == []
            tell("mutation", notify=done["toggles"][0]["notify"])


asyncio.run(main())
