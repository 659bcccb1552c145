"""The server: its socket, its start, its end."""

import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial

import uvicorn
from starlette.applications import Starlette

from graph.engine.transport.door import HttpDoor, SocketDoor
from graph.engine.transport.places import Places
from graph.process.app import create_app
from graph.process.collector import collect_rarely
from graph.process.logs import log_plainly
from graph.process.opening import opened
from graph.process.working import working
from models.ground.mendable import Mendable
from models.ground.settings import Settings

DRAIN = 15  # seconds that open requests get to finish
TWO_YEARS = 2 * 365 * 24 * 3600  # seconds
FILES = 65_536  # that a process opens at most, where the machine lets it; each connection is one
WATCHED = ("/healthz", "/readyz", "/metrics")  # answered also when all connections are taken
OWN_FILES = 200  # of these: the database, mailboxes, letters, attachments


class PortTaken(Mendable):
    """Another program listens there; says what to do."""


async def serve(settings: Settings, *, worker: bool = True) -> None:
    """Serves until SIGINT or SIGTERM. Raises PortTaken, and what `opened` raises."""
    log_plainly(settings)
    listening = listen(settings)
    async with opened(settings), working(settings) if worker else nullcontext():
        await serve_app(create_app(settings), listening)


def listen(settings: Settings) -> socket.socket:
    """Takes the socket to serve on, before anything slow begins."""
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
    """Serves until SIGINT or SIGTERM. `ready` runs once requests are answered."""
    await Server(configured(app, most=room_for_connections()), ready).serve([listening])


def configured(app: Starlette, *, most: int | None = None) -> uvicorn.Config:
    """How the server is set up; `most`: connections at a time."""
    return uvicorn.Config(
        app,
        http=partial(HttpDoor, places=Places(most, always=WATCHED)),  # type: ignore[arg-type]  # whatever makes one will do
        ws=SocketDoor,
        server_header=False,
        headers=_headers(app.state.settings),
        lifespan="off",
        log_config=None,
        access_log=False,
        ws_max_size=128 * 1024,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        timeout_graceful_shutdown=DRAIN,
    )


def _headers(settings: Settings) -> list[tuple[str, str]]:
    """Those of every answer. Over plain http a browser must not be told of HSTS (RFC 6797, 7.2)."""
    headers = [("X-Content-Type-Options", "nosniff")]
    if settings.base_url.startswith("https:"):
        headers.append(("Strict-Transport-Security", f"max-age={TWO_YEARS}"))
    return headers


def room_for_connections() -> int:
    """
    How many connections may be open at a time. Raises the process's limit of files first: shells and systemd give 1,024
    and let it ask for more. Some are kept for database, mailboxes and files.
    """
    if sys.platform == "win32":
        return FILES - OWN_FILES
    import resource

    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files_wanted = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    if files < files_wanted:
        with suppress(ValueError, OSError):  # macOS says that it has no limit, and has one
            resource.setrlimit(resource.RLIMIT_NOFILE, (files_wanted, most))
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(FILES if files == resource.RLIM_INFINITY else min(files, FILES), 2 * OWN_FILES) - OWN_FILES


class Server(uvicorn.Server):
    """Calls `ready` once it is; says goodbye to its sockets before it closes connections, so that clients come back."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], Awaitable[None]] | None) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        collect_rarely()
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
