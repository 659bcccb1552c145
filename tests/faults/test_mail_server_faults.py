"""
A mail server is killed while it is read, the database crashes, a mailbox has a thousand folders: afterwards the ledger
equals the server and the store, nothing twice (R22, P3, P8).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from mail.demo.launch import DemoMail
from mail.demo.users import MAIL_PASSWORD, STUDIO
from mail.sync import Tools, sync_once
from models import mailbox
from models.ground import files, keys, store
from models.ground.embedded import Embedded
from models.ground.settings import Settings
from models.viewer import System
from tests.support.database.store import KEY
from tests.support.emails.disturbances import ASKED, CLIENTS, Scene, during
from tests.support.emails.sync_worker import working
from tests.support.emails.synced_mailbox import (
    connected,
    eventually,
    ledger_equals_server,
    letter,
    nothing_is_there_twice,
    past,
    subjects_of,
    synced,
)
from tests.support.firm.cast import MARTA
from tests.support.firm.factories import a_firm, a_member, an_account
from tests.support.servers.any_mailbox import ODD_NAMES, OverDovecot, OverImap, Place
from tests.support.servers.dovecot import dovecot
from tests.support.servers.imap import ImapServer
from tests.support.servers.relay import Relay

pytest_plugins = ["tests.support.servers.any_mailbox_fixtures"]
pytestmark = pytest.mark.faults
Crash = Callable[[], Awaitable[None]]
Running = Callable[[Path], AbstractAsyncContextManager[tuple[Place, Crash]]]


@asynccontextmanager
async def a_demo_server(folder: Path) -> AsyncIterator[tuple[Place, Crash]]:
    """pymap, over what it keeps on a disk."""
    running = await DemoMail.launch(folder)
    port = running.imap_port

    async def crash() -> None:
        nonlocal running
        running.process.kill()
        await running.stop()
        running = await DemoMail.launch(folder, imap_port=port)

    try:
        yield OverImap(port, STUDIO.address, MAIL_PASSWORD, sent="Sent", nests_by="/"), crash
    finally:
        await running.stop()


@asynccontextmanager
async def a_dovecot_server(_: Path) -> AsyncIterator[tuple[Place, Crash]]:
    with dovecot() as server:

        async def crash() -> None:
            await asyncio.to_thread(server.crash)

        yield OverDovecot(server), crash


async def a_scene(by: System, place: Place, relay: Relay) -> Scene:
    account = await an_account(by, address=MARTA, email_sync=True)
    mailbox_id = await connected(by, relay.server, username=place.username, password=place.password)
    return Scene(by, place, relay, account.id, mailbox_id)


@pytest.mark.parametrize("running", [a_demo_server, a_dovecot_server])
async def test_a_mail_server_that_is_killed_again_and_again_while_it_is_read_loses_nothing(
    store: str, by: System, tools: Tools, tmp_path: Path, running: Running
) -> None:
    async with running(tmp_path / "mail") as (place, crash), Relay(place.port) as relay:
        scene = await a_scene(by, place, relay)
        await place.create(CLIENTS)
        await scene.put(CLIENTS, *(f"{number:02}" for number in range(60)))

        back = asyncio.Event()

        async def be_killed(_: Scene) -> None:
            await crash()
            back.set()

        for asked in (ASKED["headers"], ASKED["bodies"], ASKED["bodies"]):
            back.clear()
            during(asked, scene, be_killed)
            assert not await sync_once(scene.mailbox_id, tools)
            assert (await scene.error())[0] == "RETRYING"
            await back.wait()
        await relay.well_again()
        await synced(scene.mailbox_id, tools)
        assert await subjects_of(scene.account_id) == scene.subjects
        await scene.all_is_well()


@pytest.mark.parametrize("place", ["pymap", "dovecot"], indirect=True)
async def test_a_thousand_folders_are_read_at_servers_that_others_wrote(
    store: str, place: Place, relay: Relay, by: System, tools: Tools
) -> None:
    """Nested ones, whose parents hold no mail, and names in modified UTF-7."""
    scene = await a_scene(by, place, relay)
    step = place.nests_by
    nested = [f"Clients {n % 10}{step}Größe {n % 100}{step}№ {n}" for n in range(980)]
    odd = [name for name in ODD_NAMES if not set(name) & set('/.*%"\\()')]
    await place.create(*nested, *odd)
    for number, folder in enumerate((nested[0], nested[-1], *odd)):
        await scene.put(folder, f"{number}")
    await synced(scene.mailbox_id, tools)
    assert await subjects_of(scene.account_id) == sorted(scene.subjects)
    await scene.all_is_well()
    viewer = await a_member(by)
    health = (await mailbox.health_of(viewer, [scene.mailbox_id]))[scene.mailbox_id]
    synced_ones = {folder.name for folder in health.folders if folder.synced}
    assert {*nested, *odd} <= synced_ones
    relay.said.clear()
    await synced(scene.mailbox_id, tools)
    assert not any(b"EXAMINE" in line for line in relay.said)


async def test_postgres_crashes_in_the_middle_of_a_backfill_and_all_goes_on_by_itself(
    no_store: None, own_postgres: Embedded, own_database: str, server: ImapServer, tools: Tools, tmp_path: Path
) -> None:
    keys.use(KEY)
    files.open_files(Settings(var=tmp_path))
    await store.open_store(own_database)
    by = await a_firm()
    account = await an_account(by, address=MARTA, email_sync=True)
    past(server.inbox, *(letter(subject=f"{number:03}") for number in range(120)))
    mailbox_id = await connected(by, server.server)
    reached = asyncio.Event()
    server.on_fetch = lambda uid: reached.set() if "BODY.PEEK[]" in server.commands[-1] and uid < 40 else None

    async def all_there() -> bool:
        try:
            return len(await subjects_of(account.id)) == 120
        except store.Away:
            return False

    async with working(tools.parsers):
        await reached.wait()
        await asyncio.to_thread(own_postgres.restart_immediately)
        await eventually(all_there)
    await store.execute("UPDATE mailbox SET lease_until = NULL")
    await synced(mailbox_id, tools)
    await ledger_equals_server(server, mailbox_id)
    await nothing_is_there_twice(by)
