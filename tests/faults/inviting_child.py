"""Asks the API to switch Login on and to invite, then sends what there is to send; to be killed in it."""

import asyncio
import os
from pathlib import Path
from typing import Any

from models.ground import keys, store
from tests.client import Api, an_api
from tests.faults.outbox_child import pass_on
from tests.keeping import KEY

SET = """mutation($account: ID!, $address: ID!) { setToggles(input: { idempotencyKey: "once", toggles: [
  { accountId: $account, addressId: $address, login: true, invite: {} }] }) { errors { code } toggles { login } } }"""


def run(said: Path, crash_at: int, url: str, port: str, var: Path, token: str, ids: dict[str, str]) -> None:
    """A process of its own, forked from one that has imported all this. `said`: its standard error."""
    os.environ["CRASH_AT"] = str(crash_at)
    with said.open("wb") as file:
        os.dup2(file.fileno(), 2)
    asyncio.run(_main(url, port, var, token, ids))


async def _main(url: str, port: str, var: Path, token: str, ids: dict[str, str]) -> None:
    keys.use(KEY)
    await store.open_store(url)
    async with an_api(url, var) as api:
        await invite(api, token, ids)
    assert await pass_on(port) is None
    await store.close()


async def invite(api: Api, token: str, ids: dict[str, Any]) -> None:
    told = await api.ask(SET, ids, as_=token)
    assert told["setToggles"] == {"errors": [], "toggles": [{"login": True}]}
