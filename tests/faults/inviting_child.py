"""Asks the API to switch Login on and to invite, then sends what there is to send; to be killed in it."""

from pathlib import Path
from typing import Any

from tests.faults.outbox_child import pass_on
from tests.support.api.client import Api, an_api

SET = """mutation($account: ID!, $address: ID!) { setToggles(input: { idempotencyKey: "once", toggles: [
  { accountId: $account, addressId: $address, login: true, invite: {} }] }) { errors { code } toggles { login } } }"""


async def invite_and_send(port: int, url: str, var: Path, token: str, ids: dict[str, Any]) -> None:
    async with an_api(url, var) as api:
        await invite(api, token, ids)
    await pass_on(port)


async def invite(api: Api, token: str, ids: dict[str, Any]) -> None:
    told = await api.ask(SET, ids, as_=token)
    assert told["setToggles"] == {"errors": [], "toggles": [{"login": True}]}
