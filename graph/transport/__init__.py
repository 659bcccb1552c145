"""The edges: GraphQL over HTTP and over graphql-transport-ws, for any schema and any context."""

from graph.transport.call import Call, ContextGetter, OperationContext
from graph.transport.errors import RequestCode, RequestError
from graph.transport.http import GraphQLEndpoint
from graph.transport.schema import EventExecutor, Schema
from graph.transport.sockets import Sockets

__all__ = [
    "Call",
    "ContextGetter",
    "EventExecutor",
    "GraphQLEndpoint",
    "OperationContext",
    "RequestCode",
    "RequestError",
    "Schema",
    "Sockets",
]
