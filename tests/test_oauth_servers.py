"""
A token ends, or its server says nothing, while a mailbox is read: at the scripted server, and at Dovecot, whose own
XOAUTH2 refuses the old one. Afterwards the ledger equals the server and the store (R22, R23).
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from mail.oauth import door
from mail.sync import Tools
from models import mailbox
from models.ground import store
from models.viewer import System, Viewer
from tests.support.emails.disturbances import ASKED, CLIENTS, Scene, during
from tests.support.emails.sync_worker import working
from tests.support.emails.synced_mailbox import connected, eventually, notifications, row_of, subjects_of, synced
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import an_account
from tests.support.servers.any_mailbox import Place
from tests.support.servers.relay import Relay
from tests.support.servers.tokens import SILENCE, TokenServer
from tests.support.waiting import patience

pytest_plugins = ["tests.support.servers.any_mailbox_fixtures"]
pytestmark = [
    pytest.mark.usefixtures("store"),
    pytest.mark.parametrize("place", ["scripted", "dovecot"], indirect=True),
]


@pytest.fixture
async def tokens(place: Place) -> AsyncIterator[TokenServer]:
    async with TokenServer() as tokens:
        tokens.granted = place.grant
        yield tokens


@pytest.fixture
async def scene(place: Place, relay: Relay, tokens: TokenServer, by: System, viewer: Viewer) -> Scene:
    account = await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, relay.server, username=place.username, password=tokens.oauth)
    scene = Scene(by, place, relay, account.id, mailbox_id)
    await place.create(CLIENTS)
    await scene.put(CLIENTS, *(str(number) for number in range(6)))
    return scene


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
async def test_a_token_that_ends_in_a_literal_is_replaced_at_once_and_nothing_is_wrong(
    scene: Scene, tokens: TokenServer, tools: Tools, later: Any, asked: bytes
) -> None:
    async def end(_: Scene) -> None:
        later(minutes=56)
        scene.place.grant("none of those that are out")
        scene.relay.cut_after = 300

    during(asked, scene, end)
    await synced(scene.mailbox_id, tools)
    assert len(tokens.asked) == 2
    assert (await row_of(scene.mailbox_id))["failures"] == 0
    assert await scene.error() == ("LIVE", None)
    await scene.all_is_well()


async def idles(scene: Scene) -> None:
    async with patience():
        await scene.relay.until(b"IDLE")


async def test_a_token_that_ends_in_idle_is_replaced_and_what_comes_then_is_told_once(
    scene: Scene, tokens: TokenServer, tools: Tools, later: Any
) -> None:
    async def is_there() -> bool:
        return "with the next token" in await subjects_of(scene.account_id)

    async with working(tools.parsers):
        await idles(scene)
        later(minutes=56)
        scene.place.grant("none of those that are out")
        scene.relay.said.clear()
        await scene.relay.cut()
        await idles(scene)
        await scene.put("INBOX", "with the next token")
        await eventually(is_there)
    assert len(tokens.asked) == 2
    assert (await row_of(scene.mailbox_id))["failures"] == 0
    await synced(scene.mailbox_id, tools)
    await scene.all_is_well()
    assert await notifications(scene.by) == [(f"{MARTA}: with the next token", 1)]


async def test_a_token_server_that_says_nothing_is_told_and_holds_up_no_other_mailbox(
    scene: Scene,
    tokens: TokenServer,
    tools: Tools,
    viewer: Viewer,
    later: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A minute of it, in which a colleague's mailbox, with a password, goes on; then somebody asks for a look."""
    monkeypatch.setattr(door, "SECONDS", 0.2)
    place = scene.place
    other = await connected(
        scene.by, scene.relay.server, address="other@firm.test", username=place.username, password=place.password
    )

    async def is_told() -> bool:
        return await scene.error() == ("RETRYING", f"127.0.0.1 gave no access token within {door.SECONDS:g} seconds.")

    async def is_live() -> bool:
        return await scene.error() == ("LIVE", None)

    async def is_there() -> bool:
        return "meanwhile" in await subjects_of(scene.account_id)

    async with working(tools.parsers):
        await eventually(is_live)
        tokens.says = [SILENCE] * 1_000
        later(minutes=56)
        place.grant("none of those that are out")
        await scene.relay.cut()
        await eventually(is_told)
        assert (await row_of(scene.mailbox_id))["error_path"] == "secret.oauth.tokenUrl"
        await mailbox.sync_now(viewer, other)
        await scene.put("INBOX", "meanwhile")
        await eventually(is_there)
        assert await is_told()
        tokens.says.clear()
        await mailbox.sync_now(viewer, scene.mailbox_id)
        await eventually(is_live)
    for mailbox_id in (scene.mailbox_id, other):
        await synced(mailbox_id, tools)
    await scene.all_is_well()
    assert await store.value("SELECT count(*) FROM occurrence WHERE mailbox_id = $1 AND email_id IS NULL", other) == 0
    assert await notifications(scene.by) == [(f"{MARTA}: meanwhile", 1)]
