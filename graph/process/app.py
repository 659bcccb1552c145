"""The composition root: routes, and what serves them."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from graph.engine.transport import GraphQLEndpoint, Manifest, Sockets
from graph.engine.transport.headers import BoundedHeaders
from graph.pages import OPERATIONS, page_routes
from graph.pages.files import download
from graph.pages.graphiql import graphiql_routes
from graph.pages.tabs import Example, tabs
from graph.pages.uploads import uploading
from graph.process.auth import context_getter
from graph.process.budget import Budget
from graph.process.doorkeeper import Doorkeeper
from graph.process.health import healthz, readyz
from graph.process.metrics import Counting, Metrics, show_metrics
from graph.process.revocation import Revocation
from graph.schema import schema
from models.ground.settings import Settings
from models.links import FileKind

OWN_HEADERS = ("authorization", "content-type", "x-request-id", "x-switchboard")
TRACING_HEADERS = ("traceparent", "tracestate", "baggage")  # W3C Trace Context and Baggage, as browsers' SDKs send them
APOLLO_HEADERS = (
    "apollo-require-preflight",
    "apollographql-client-name",
    "apollographql-client-version",
    "x-apollo-operation-id",
    "x-apollo-operation-name",
    "x-apollo-operation-type",
)


def create_app(
    settings: Settings, *, email: str = "you@firm.example", password: str = "", example: Example | None = None
) -> Starlette:
    """
    Serves what graph.process.opening has opened; open it first, and close it after the server has gone.

    `email`, `password` and `example` are what GraphiQL's example tabs are filled in with, in a demo. Raises
    ManifestFault where `settings.documents` names a file that is no manifest.
    """
    sockets, budget, doorkeeper = Sockets(), Budget(settings), Doorkeeper()
    Revocation(sockets)
    metrics = Metrics() if settings.metrics else None
    context_of = context_getter(settings, sockets, budget, metrics, doorkeeper)
    graphql = GraphQLEndpoint(
        schema,
        context_getter=context_of,
        cookie=settings.cookie,
        allowed_origins=settings.trusted_origins,
        sockets=sockets,
        persisted=Manifest.load(settings.documents, also=OPERATIONS) if settings.documents else None,
    )
    routes: list[BaseRoute] = [
        Route("/graphql", graphql),
        WebSocketRoute("/graphql", graphql),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        *page_routes(),
        Route("/uploads", uploading(graphql.guard, context_of), methods=["POST"]),
        *(Route(f"/files/{kind}/{{token}}/{{name:path}}", download) for kind in FileKind),
    ]
    if metrics is not None:
        routes.append(Route("/metrics", show_metrics))
    if settings.development:
        routes += [Route("/", _to_graphiql), *graphiql_routes(tabs=tabs(email, password, example or Example()))]
    routes.append(Route("/{path:path}/", _without_slash, methods=["GET", "POST"]))
    app = Starlette(routes=routes, middleware=_middleware(settings, metrics))
    app.router.redirect_slashes = False
    app.state.settings, app.state.sockets, app.state.budget, app.state.metrics = settings, sockets, budget, metrics
    app.state.doorkeeper = doorkeeper
    return app


def _middleware(settings: Settings, metrics: Metrics | None) -> list[Middleware]:
    middleware = [Middleware(Counting, metrics=metrics)] if metrics else []
    middleware.append(Middleware(BoundedHeaders))
    if settings.allowed_origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.allowed_origins,
                allow_credentials=True,
                allow_methods=["GET", "POST"],
                allow_headers=[*OWN_HEADERS, *TRACING_HEADERS, *APOLLO_HEADERS],
                expose_headers=["x-request-id"],
                max_age=3600,
            )
        )
    return middleware


async def _to_graphiql(_: Request) -> Response:
    return RedirectResponse("graphiql")


async def _without_slash(request: Request) -> Response:
    """
    `/portal/` is `/portal`, said without a host: Starlette's own redirect names the one that the client claimed, which
    a cache would hand on.
    """
    name = request.url.path.rstrip("/").rpartition("/")[2]
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"../{name}{query}")
