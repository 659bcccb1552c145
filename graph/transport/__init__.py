"""The edges: GraphQL over HTTP, server-sent events, multipart and graphql-transport-ws, for any schema and context."""

from graph.transport.call import Call, ContextGetter, OperationContext
from graph.transport.errors import RequestCode, RequestError
from graph.transport.http import GraphQLEndpoint
from graph.transport.persisted import AutomaticDocuments, Manifest, ManifestFault
from graph.transport.schema import EventExecutor, Schema
from graph.transport.sockets import Sockets

__all__ = [
    "AutomaticDocuments",
    "Call",
    "ContextGetter",
    "EventExecutor",
    "GraphQLEndpoint",
    "Manifest",
    "ManifestFault",
    "OperationContext",
    "RequestCode",
    "RequestError",
    "Schema",
    "Sockets",
]
