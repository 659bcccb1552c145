"""
After every fault the ledger equals the server and the store, and nothing is there twice (R22, P3): at the scripted
server, pymap, and Dovecot where it is installed. What happens, happens on a real line, or is done by somebody else's
mail program, while a folder is read.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mail.parsing import ParserPool
from mail.sync import Tools, sync_once
from models import mailbox
from models.ground import clock
from models.mailbox import MailboxChange
from models.viewer import System
from tests.support.emails.disturbances import ASKED, CLIENTS, SCENES, Fault, Scene, during
from tests.support.emails.sync_worker import working
from tests.support.emails.synced_mailbox import connected, letter, notifications, row_of, synced
from tests.support.firm.cast import MARTA, STRANGER
from tests.support.firm.factories import a_member, an_account
from tests.support.servers.any_mailbox import Place
from tests.support.servers.relay import Relay
from tests.support.waiting import PATIENCE

pytest_plugins = ["tests.support.servers.any_mailbox_fixtures"]
pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture(scope="module")
async def parsers() -> AsyncIterator[ParserPool]:
    async with ParserPool(workers=1) as parsers:
        yield parsers


@pytest.fixture
def tools(parsers: ParserPool) -> Tools:
    return Tools(parsers, development=True, timeout=PATIENCE)


@pytest.fixture
async def scene(place: Place, relay: Relay, by: System) -> Scene:
    await a_member(by)
    account = await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, relay.server, username=place.username, password=place.password)
    scene = Scene(by, place, relay, account.id, mailbox_id)
    await place.create(CLIENTS)
    await scene.put(CLIENTS, *(str(number) for number in range(6)))
    await place.put(CLIENTS, letter(STRANGER))
    await scene.put("INBOX", "in")
    return scene


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("fault", SCENES.values(), ids=SCENES)
async def test_after_every_fault_the_ledger_equals_the_server_and_the_store(
    scene: Scene, tools: Tools, fault: Fault, asked: bytes
) -> None:
    during(asked, scene, fault.act)
    await sync_once(scene.mailbox_id, replace(tools, timeout=1.0) if fault is SCENES["silence"] else tools)
    await is_told(scene, fault)
    await is_well_again(scene, tools)
    await what_comes_next_is_told_once(scene, tools)


async def is_told(scene: Scene, fault: Fault) -> None:
    """In plain words; what somebody else did to the folder, some servers make no trouble of."""
    state, words = await scene.error()
    if fault.told:
        assert state == "RETRYING"
        assert fault.told in str(words)
    if fault.of_folder:
        assert (state, words) == ("LIVE", None)
        assert fault.of_folder in (await scene.why())[CLIENTS]


async def is_well_again(scene: Scene, tools: Tools) -> None:
    await scene.relay.well_again()
    for _ in range(2):
        await synced(scene.mailbox_id, tools)
    assert await scene.error() == ("LIVE", None)
    assert await scene.why() == {}
    await scene.all_is_well()


async def what_comes_next_is_told_once(scene: Scene, tools: Tools) -> None:
    before = await notifications(scene.by)
    await scene.put("INBOX", "after")
    await synced(scene.mailbox_id, tools)
    await scene.all_is_well()
    assert await notifications(scene.by) == [*before, (f"{MARTA}: after", 1)]


@pytest.mark.parametrize("by_hours", [-1, 1, 400 * 24])
@pytest.mark.parametrize("place", ["scripted"], indirect=True)
async def test_whatever_the_clock_does_meanwhile_the_ledger_equals_the_server_and_the_store(
    scene: Scene, tools: Tools, by_hours: int
) -> None:
    async def set_the_clock(_: Scene) -> None:
        clock.set_source(lambda: datetime.now(UTC) + timedelta(hours=by_hours))

    during(ASKED["bodies"], scene, set_the_clock)
    await is_well_again(scene, tools)
    await what_comes_next_is_told_once(scene, tools)


async def test_told_to_stop_in_the_middle_a_worker_leaves_all_to_the_next(scene: Scene, tools: Tools) -> None:
    reached = asyncio.Event()

    async def stop(_: Scene) -> None:
        reached.set()
        await asyncio.Event().wait()

    during(ASKED["bodies"], scene, stop)
    async with working(tools.parsers):
        await reached.wait()
    assert (await row_of(scene.mailbox_id))["lease_until"] is None
    await is_well_again(scene, tools)
    await what_comes_next_is_told_once(scene, tools)


async def test_a_wrong_password_is_told_and_what_came_meanwhile_is_there_once_it_is_mended(
    scene: Scene, tools: Tools
) -> None:
    await is_well_again(scene, tools)
    await mailbox.update(scene.by, scene.mailbox_id, MailboxChange(secret="wrong"))
    await scene.put(CLIENTS, "meanwhile")
    for state in ("RETRYING", "RETRYING", "NEEDS_ATTENTION"):
        assert not await sync_once(scene.mailbox_id, tools)
        assert await scene.error() == (state, "The mail server refused the name or the password.")
    await mailbox.update(scene.by, scene.mailbox_id, MailboxChange(secret=scene.place.password))
    await is_well_again(scene, tools)
    await what_comes_next_is_told_once(scene, tools)
