"""What the commands run: the server, the worker, migrations, the first firm."""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from functools import partial
from uuid import UUID

import structlog
import typer
import uvicorn
from starlette.applications import Starlette

from graph.app import create_app, opened
from graph.logs import log_plainly
from graph.transport.door import HttpDoor, SocketDoor
from mail.outbox import Outbox, Route
from mail.sync import Worker
from models import feed, firm, installation, journal, store, team
from models.housekeeping import Housekeeper
from models.settings import Settings
from models.viewer import TeamRole

DRAIN = 15  # seconds that open requests get to finish
FILES = 65_536  # that a process opens at most, where the machine lets it; each connection is one
OWN_FILES = 200  # of these: the database, mailboxes, letters, attachments
log = structlog.get_logger("running")


class PortTaken(Exception):
    """Another program listens there; says what to do."""


async def serve(settings: Settings, *, worker: bool = True) -> None:
    """Until SIGINT or SIGTERM. Raises PortTaken, and what `opened` raises."""
    log_plainly(settings)
    listening = listen(settings)
    async with opened(settings), working(settings) if worker else nullcontext():
        await serve_app(create_app(settings), listening)


def listen(settings: Settings) -> socket.socket:
    """The socket to serve on, taken before anything slow begins."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # named, asyncio switches Nagle's delay off; else the second packet of an answer waits 40 ms for an acknowledgement
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        message = f"Port {settings.port} on {settings.host} cannot be used ({error.strerror}). Try PORT=8123 make run."
        raise PortTaken(message) from None
    return listening


async def serve_app(
    app: Starlette, listening: socket.socket, *, ready: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Until SIGINT or SIGTERM. `ready` runs once requests are answered."""
    config = uvicorn.Config(
        app,
        http=partial(HttpDoor, most=room_for_connections()),  # type: ignore[arg-type]  # whatever makes one will do
        ws=SocketDoor,
        lifespan="off",
        log_config=None,
        access_log=False,
        ws_max_size=128 * 1024,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        timeout_graceful_shutdown=DRAIN,
    )
    await Server(config, ready).serve([listening])


def room_for_connections() -> int:
    """
    How many may be open at a time. As many as the machine lets us have: shells and systemd give a process 1,024 files
    and leave it to the process to ask for more. Beyond, even the database could not be reached.
    """
    if sys.platform == "win32":
        return FILES - OWN_FILES
    import resource

    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    if files < wanted:
        with suppress(ValueError, OSError):  # macOS says that it has no limit, and has one
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(FILES if files == resource.RLIM_INFINITY else min(files, FILES), 2 * OWN_FILES) - OWN_FILES


class Server(uvicorn.Server):
    """Says when it is ready; says goodbye to its sockets, so that clients come back, before it closes connections."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], Awaitable[None]] | None) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # what is there now stays: a third of the slowest answers were the collector looking at it
        gc.set_threshold(50_000, 20, 20)
        if self._ready:
            await self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's raises them again at the end, which would end the process before the database and the rest."""
        with super().capture_signals():
            try:
                yield
            finally:
                self._captured_signals.clear()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app = self.config.app
        assert isinstance(app, Starlette)
        for server in self.servers:
            server.close()  # first: nobody new comes while we say goodbye
        await app.state.sockets.drain()
        await super().shutdown(sockets)


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    """A worker in this process: mail in, letters out where the settings say how, old rows thrown away."""
    workers: list[Worker | Outbox | Housekeeper] = [
        Worker(development=settings.development, wakes=_changed),
        Housekeeper(),
    ]
    if (route := Route.of(settings)) is not None:
        workers.append(Outbox(route))
    else:
        log.warning("letters wait", why=settings.letters_wait)
    running = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        await asyncio.gather(*(worker.stop() for worker in workers))
        await asyncio.gather(*running)


async def _changed(firm_id: UUID) -> None:
    """Returns when the firm's journal has grown; what grew before this call, the worker's own look finds."""
    await feed.hub.changed(firm_id, await journal.head(firm_id))


async def work(settings: Settings) -> None:
    """Until SIGINT or SIGTERM."""
    log_plainly(settings)
    async with opened(settings), working(settings):
        await told_to_stop()


async def told_to_stop() -> None:
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    await stop.wait()


async def migrate(settings: Settings) -> None:
    if settings.database_url is None:
        async with opened(settings):
            typer.echo("The database under var/ is up to date.")
        return
    applied = await store.migrate(settings.database_url.get_secret_value())
    typer.echo("Applied: " + ", ".join(applied) if applied else "The database is up to date.")


async def create_firm(
    settings: Settings, name: str, slug: str, owner_name: str, owner_email: str, password: str
) -> None:
    async with opened(settings):
        async with store.transaction():
            by = await firm.create(name=name, slug=slug)
            await team.add(by, name=owner_name, email=owner_email, secret=password, role=TeamRole.OWNER)
        typer.echo(f"{name} is ready. {owner_email} can sign in with the password you gave.")


async def replace_key(settings: Settings) -> None:
    async with opened(settings, known_key=False):
        replaced = await installation.replace_key()
        typer.echo(f"The key is replaced. {replaced.mailboxes} mailboxes wait for their password (updateMailbox).")
        if replaced.second_factors:
            typer.echo(
                f"The second factor of {replaced.second_factors} colleagues is off: the password alone signs them in"
                " until they set it up anew (startTwoFactor)."
            )
