"""What may be asked without a session; anything else is refused before it runs."""

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_operation_ast,
)

from graph.engine.transport import RequestCode, RequestError

PUBLIC = frozenset(
    {
        "signIn",
        "requestPasswordReset",
        "resetPassword",
        "invitationOffer",
        "acceptInvitation",
        "requestNewInvitation",
        "viewer",  # null, which says that nobody is signed in
        "portalAction",
        "unsubscribeOffer",
        "unsubscribe",
        "__typename",
        "__schema",  # refused by validation outside development
        "__type",
    }
)


def check_public(document: DocumentNode, operation_name: str | None) -> None:
    """Of a valid document. Raises RequestError UNAUTHENTICATED naming the first field that needs a session."""
    operation = get_operation_ast(document, operation_name)
    assert isinstance(operation, OperationDefinitionNode), "it is valid"
    for name in _roots(operation.selection_set, document):
        if name not in PUBLIC:
            raise RequestError(RequestCode.UNAUTHENTICATED, f"Sign in first: `{name}` needs a session.")


def _roots(selections: SelectionSetNode, document: DocumentNode) -> Iterator[str]:
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    waiting, seen = [selections], set[str]()
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FieldNode):
                yield node.name.value
            elif isinstance(node, InlineFragmentNode):
                waiting.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                waiting.append(fragments[node.name.value].selection_set)
