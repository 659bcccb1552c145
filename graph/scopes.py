"""
What an API token's scopes allow, checked for every operation and, in a mutation, for every field.

A token without READ is told what it changed, and no more: the payload's own fields, and of the objects in it the
numbers, times, states and names. What these objects lead to, and what letters say, is for READ, and so are links. The
rule goes by depth and type: a new field is closed unless it is a plain one, a new String unless it is in NAMES.

A token with NOTIFY_CLIENTS alone tells clients of an event, and is told who gets it (R14): see OF_RECIPIENTS.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLOutputType, get_named_type, is_leaf_type
from graphql.execution.collect_fields import FieldDetails
from graphql.language import OperationType as Kind
from graphql.pyutils import Path
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from graph.engine.completion import CompilingExecutor
from graph.engine.transport import RequestCode, RequestError
from graph.engine.transport.roots import roots
from models.viewer import ApiScope, Asker

NAMES = frozenset(
    {"__typename", "address", "code", "email", "foldersLeftOut", "name", "sentFolder", "slug", "username"}
)
"""Of objects, the strings that say which one it is. All others may be words of a letter, or a link."""
OF_RECIPIENTS = {
    "NotifyRecipient": {"address", "contacts", "outcome"},
    "EmailAddress": {"id", "address"},
    "Contact": {"id", "name"},
}
"""What NOTIFY_CLIENTS opens; an id leads this token nowhere."""
NOTIFYING = frozenset({"notifyClients", "__typename"})
IN_PAYLOAD = 2  # levels: the mutation, its payload's fields, and below them the fields of what it changed


class Scopes(SchemaExtension):
    """A token without WRITE changes nothing except what NOTIFY_CLIENTS allows; one without READ may only change."""

    def on_validate(self) -> Iterator[None]:
        viewer, needed = self.execution_context.context.viewer, self._needed()
        if _lacks(viewer, needed) and not (self._notifies() and not _lacks(viewer, ApiScope.NOTIFY_CLIENTS)):
            raise RequestError(RequestCode.FORBIDDEN, f"This API token lacks the scope {needed} for that.")
        yield

    def _needed(self) -> ApiScope:
        changes = self.execution_context.operation_type is OperationType.MUTATION
        return ApiScope.WRITE if changes else ApiScope.READ

    def _notifies(self) -> bool:
        """Whether the operation notifies clients and does nothing else."""
        execution = self.execution_context
        assert execution.graphql_document is not None
        only = NOTIFYING.issuperset(roots(execution.graphql_document, execution.operation_name))
        return execution.operation_type is OperationType.MUTATION and only


class ScopedExecutor(CompilingExecutor):
    """Overrides `execute_field` and `handle_field_error` of graphql-core 3.3; tests/test_api_scopes.py holds that."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        changes = self.operation.operation is Kind.MUTATION
        self._narrow = changes and _lacks(getattr(self.context_value, "viewer", None), ApiScope.READ)
        self.compiles = not self._narrow

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: list[FieldDetails],
        path: Path,
        position_context: Any,
    ) -> Any:
        if self._narrow:
            returned = self._closed(parent_type, field_details_list[0].node.name.value, path)
            if returned is not None:
                return self.handle_field_error(_needs_read(), returned, field_details_list, path)
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    def _closed(self, parent_type: GraphQLObjectType, name: str, path: Path) -> GraphQLOutputType | None:
        """The type of a field that needs READ; None: it is open."""
        definition = self.schema.get_field(parent_type, name)
        if definition is None or _depth(path) <= IN_PAYLOAD or not _lacks(self.context_value.viewer, ApiScope.READ):
            return None
        return None if self._is_open(parent_type, name, get_named_type(definition.type)) else definition.type

    def _is_open(self, parent_type: GraphQLObjectType, name: str, kind: GraphQLNamedType) -> bool:
        viewer = self.context_value.viewer
        if not _lacks(viewer, ApiScope.NOTIFY_CLIENTS) and name in OF_RECIPIENTS.get(parent_type.name, ()):
            return True
        is_refusal = any(interface.name == "UserError" for interface in parent_type.interfaces)
        of_own = is_refusal or name == "__typename" or not _lacks(viewer, ApiScope.WRITE)
        return of_own and _is_plain(name, kind, is_refusal)


def _is_plain(name: str, kind: GraphQLNamedType, is_refusal: bool) -> bool:
    return is_leaf_type(kind) and (kind.name != "String" or name in NAMES or is_refusal)


def _depth(path: Path) -> int:
    """How many fields lead there; indexes of lists do not count."""
    return sum(isinstance(key, str) for key in path.as_list())


def _lacks(viewer: Asker | None, needed: ApiScope) -> bool:
    scopes: Iterable[ApiScope] | None = viewer.scopes if viewer is not None else None
    return scopes is not None and needed not in scopes


def _needs_read() -> RequestError:
    return RequestError(
        RequestCode.FORBIDDEN,
        "This API token lacks the scope READ: of what it changes only plain fields are told. It was done where `errors`"
        " is empty.",
    )
