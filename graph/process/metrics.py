"""What Prometheus may read: how much is asked, how long it takes, and what waits."""

import hmac
from collections.abc import Mapping
from ipaddress import ip_address
from uuid import UUID

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client import generate_latest as text_of
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.engine.transport import Sockets
from graph.process.budget import Budget
from graph.process.doorkeeper import Doorkeeper
from graph.process.operations import Seen
from models import feed, journal, return_mailbox
from models.errand import overview as errands
from models.ground.settings import Settings
from models.letter import overview as letters
from models.mailbox import overview
from models.run import overview as runs

NAMES = 200  # operation names that are told apart; the rest are "other", as clients may call theirs anything
ROUTES = (
    "graphql",
    "files",
    "portal",
    "invitation",
    "reset",
    "action",
    "unsubscribe",
    "pages",
    "graphiql",
    "healthz",
    "readyz",
    "metrics",
)
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """One for each app, with a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._names: set[str] = set()
        self._requests = self._counter("requests", "HTTP requests", "route", "status")
        self._operations = self._counter("operations", "GraphQL operations", "name", "kind", "outcome")
        self._cost = self._counter("cost", "Nodes and fields asked for, as the budget counts them", "kind")
        self._seconds = Histogram(
            "switchboard_operation_seconds", "Seconds", ["kind"], buckets=BUCKETS, registry=self._registry
        )
        self._sockets = self._gauge("sockets", "Open WebSockets")
        self._subscriptions = self._gauge("subscriptions", "Open subscriptions")
        self._ungreeted = self._gauge("feeds_ungreeted", "Subscriptions that should have begun and have not")
        self._wakeups = self._gauge("wakeups_alive", "1: wake-ups are heard; 0: events come by the poll")
        self._lag = self._gauge("feed_lag", "Journal entries that the furthest behind of the feeds has not read")
        self._mailboxes = self._gauge("mailboxes", "Mailboxes", "state")
        self._pending = self._gauge("ledger_pending", "Messages found and neither stored nor skipped yet")
        self._letters = self._gauge("letters", "Letters that wait, and what became of those of the last day", "state")
        self._oldest = self._gauge("letters_oldest_seconds", "Age of the letter that waits longest; 0: none waits")
        self._runs = self._gauge("bulk_updates", "Bulk updates, undos and imports that have not ended", "status")
        self._oldest_run = self._gauge("bulk_updates_oldest_seconds", "Age of the oldest that has not ended; 0: none")
        self._errands = self._gauge("errands", "Asked for by a form (new password, new invitation) and not done yet")
        self._oldest_errand = self._gauge("errands_oldest_seconds", "Age of the one that waits longest; 0: none waits")
        self._returns = self._gauge("return_mailbox_read", "1: reports on letters are read; 0: they are not")
        self._silent = self._gauge("return_mailbox_silent_seconds", "Since it was read; 0: never, or none is named")
        ProcessCollector(registry=self._registry)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"switchboard_{name}", words, labels, registry=self._registry)

    def _gauge(self, name: str, words: str, *labels: str) -> Gauge:
        return Gauge(f"switchboard_{name}", words, labels, registry=self._registry)

    def count_operation(self, operation: Seen) -> None:
        self._operations.labels(self.name_of(operation), operation.kind, operation.outcome).inc()
        self._cost.labels(operation.kind).inc(operation.cost)
        if operation.kind != "subscription":
            self._seconds.labels(operation.kind).observe(operation.seconds)

    def count_request(self, path: str, status: int) -> None:
        first = path.strip("/").split("/")[0]
        self._requests.labels(first if first in ROUTES else "other", str(status)).inc()

    def name_of(self, operation: Seen) -> str:
        """ "other", unless a colleague's valid operation had it: anybody can invent names."""
        if not operation.name:
            return "unnamed"
        if operation.outcome == "OK" and operation.member_id is not None and len(self._names) < NAMES:
            self._names.add(operation.name)
        return operation.name if operation.name in self._names else "other"

    async def page(self, sockets: Sockets, budget: Budget, doorkeeper: Doorkeeper) -> bytes:
        """Everything as it is now. Raises what the database raises."""
        self._sockets.set(len(sockets))
        self._subscriptions.set(budget.subscriptions)
        self._ungreeted.set(doorkeeper.ungreeted)
        self._wakeups.set(feed.hub.hears)
        self._lag.set(await _lag(feed.hub.followed()))
        for state, count in (await overview.states()).items():
            self._mailboxes.labels(state).set(count)
        self._pending.set(await overview.pending())
        for outcome, count in (await letters.states()).items():
            self._letters.labels(outcome).set(count)
        self._oldest.set((await letters.oldest()).total_seconds())
        for status, count in (await runs.states()).items():
            self._runs.labels(status).set(count)
        self._oldest_run.set((await runs.oldest()).total_seconds())
        self._errands.set(await errands.waiting())
        self._oldest_errand.set((await errands.oldest()).total_seconds())
        reading = await return_mailbox.state()
        self._returns.set(reading.trouble is None)
        self._silent.set(reading.silent_for.total_seconds() if reading.silent_for else 0)
        return text_of(self._registry)


async def _lag(followed: Mapping[UUID, int]) -> int:
    heads = await journal.heads(list(followed)) if followed else {}
    return max((heads[firm_id] - read for firm_id, read in followed.items() if firm_id in heads), default=0)


class Counting:
    """ASGI middleware: counts each answer by its status."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.count_request(scope["path"], message["status"])
            await send(message)

        return await self._app(scope, receive, counted)


async def show_metrics(request: Request) -> Response:
    """404 for whoever may not read them, as if they were not there."""
    state = request.app.state
    if not _may_read(request, state.settings):
        return PlainTextResponse("Not Found", 404)
    page = await state.metrics.page(state.sockets, state.budget, state.doorkeeper)
    return Response(page, headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"})


def _may_read(connection: HTTPConnection, settings: Settings) -> bool:
    if settings.metrics_token is not None:
        expected = f"Bearer {settings.metrics_token.get_secret_value()}"
        return hmac.compare_digest(connection.headers.get("authorization", "").encode(), expected.encode())
    # a proxy on this machine brings strangers with it
    forwarded = any(name in connection.headers for name in ("forwarded", "x-forwarded-for", "via"))
    return not forwarded and connection.client is not None and _is_loopback(connection.client.host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
