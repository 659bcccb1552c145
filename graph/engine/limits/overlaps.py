"""How often fields of one name meet at one place: validation compares each pair of them (Field Selection Merging)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

Fragments = Mapping[str, FragmentDefinitionNode]


def repetitions(document: DocumentNode, fragments: Fragments) -> int:
    """Pairs of the same response name in the merged selections. Fragments must be free of cycles."""
    roots = (OperationDefinitionNode, FragmentDefinitionNode)
    places = [[node.selection_set] for node in document.definitions if isinstance(node, roots)]
    pairs = 0
    while places:
        for together in _by_name(places.pop(), fragments).values():
            pairs += len(together) * (len(together) - 1) // 2
            below = [field.selection_set for field in together if field.selection_set]
            if below:
                places.append(below)
    return pairs


def _by_name(place: Sequence[SelectionSetNode], fragments: Fragments) -> dict[str, list[FieldNode]]:
    fields: defaultdict[str, list[FieldNode]] = defaultdict(list)
    spread: set[str] = set()
    for selections in place:
        for field in _fields(selections, fragments, spread):
            fields[(field.alias or field.name).value].append(field)
    return fields


def _fields(selections: SelectionSetNode, fragments: Fragments, spread: set[str]) -> Iterator[FieldNode]:
    for node in selections.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _fields(node.selection_set, fragments, spread)
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in spread:
            spread.add(node.name.value)
            fragment = fragments.get(node.name.value)
            if fragment is not None:
                yield from _fields(fragment.selection_set, fragments, spread)
