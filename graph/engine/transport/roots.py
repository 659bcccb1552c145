"""What an operation asks for at its root, through whatever fragments."""

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    get_operation_ast,
)


def roots(document: DocumentNode, operation_name: str | None) -> Iterator[str]:
    """Names of fields, whatever their aliases. Of a document that is not valid, what can be seen of them."""
    operation = get_operation_ast(document, operation_name)
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    waiting, spread = [operation.selection_set] if operation else [], set[str]()
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FieldNode):
                yield node.name.value
            elif isinstance(node, InlineFragmentNode):
                waiting.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value in fragments.keys() - spread:
                spread.add(node.name.value)
                waiting.append(fragments[node.name.value].selection_set)
