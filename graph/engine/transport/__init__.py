"""The edges: GraphQL over HTTP, server-sent events, multipart and graphql-transport-ws, for any schema and context."""

from graph.engine.transport.call import Call
from graph.engine.transport.errors import RequestCode, RequestError, public
from graph.engine.transport.follower import Follower
from graph.engine.transport.http import GraphQLEndpoint
from graph.engine.transport.persisted import AutomaticDocuments, Manifest, ManifestFault
from graph.engine.transport.schema import EventExecutor, Schema
from graph.engine.transport.sockets import Sockets

__all__ = [
    "AutomaticDocuments",
    "Call",
    "EventExecutor",
    "Follower",
    "GraphQLEndpoint",
    "Manifest",
    "ManifestFault",
    "RequestCode",
    "RequestError",
    "Schema",
    "Sockets",
    "public",
]
