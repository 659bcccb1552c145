"""How many fields one object literal names: no input type has nearly as many as a stranger can write."""

from collections.abc import Iterator

from graphql import DocumentNode, ObjectValueNode
from graphql.language import Node
from graphql.language.ast import QUERY_DOCUMENT_KEYS


def most_fields(document: DocumentNode) -> int:
    """Of the largest object literal anywhere in it."""
    return max((len(node.fields) for node in _nodes(document) if isinstance(node, ObjectValueNode)), default=0)


def _nodes(document: DocumentNode) -> Iterator[Node]:
    waiting: list[Node] = [document]
    while waiting:
        node = waiting.pop()
        yield node
        for key in QUERY_DOCUMENT_KEYS.get(node.kind, ()):
            below = getattr(node, key, None) or ()
            waiting.extend([below] if isinstance(below, Node) else below)
