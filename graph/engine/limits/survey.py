"""How much one document may ask for, found in one pass over it.

Every fragment is measured once and its measure used again, so that a chain of fragments that expands to 2^80 fields
costs as many steps as the document has nodes. Introspection has measures of its own: GraphiQL's is 15 levels deep.
"""

from collections import defaultdict
from collections.abc import Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from graph.engine.limits.overlaps import repetitions
from graph.engine.limits.size import Limits, Size

INTROSPECTION = ("__schema", "__type")
SIZES = ("first", "last", "ids")  # arguments that say how many may come, `ids` by its length
PAGELESS = ("totalCount", "feedCursor", "__typename")
HUGE = 10**9


class Survey:
    """The size of a document: of its largest operation, or of a fragment that none uses.

    `variables`: the page sizes that were given, None for null. What was not given has its default; where the operations
    differ, the largest of theirs, as fragments are measured once for all of them.

    `visits` counts the selections that were looked at; it never exceeds those that the document has.
    """

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, int | None], limits: Limits
    ) -> None:
        self.visits = 0
        self.paging: set[str] = set()  # the variables that are page sizes
        self.subscribes = False
        self.cyclic = False
        self._entered: set[str] = set()
        self._schema, self._variables, self._limits = schema, variables, limits
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._measured: dict[str, Size] = {}
        self._defaults: defaultdict[str, list[ValueNode | None]] = defaultdict(list)
        self.refusal = self._measure(document)

    @property
    def cost(self) -> dict[str, int]:
        return {"nodes": self.size.nodes, "fields": self.size.fields, "depth": self.size.depth}

    def _measure(self, document: DocumentNode) -> str | None:
        self.size = Size()
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        for definition in (definition for node in operations for definition in node.variable_definitions or ()):
            self._defaults[definition.variable.name.value].append(definition.default_value)
        sizes = [*map(self._operation, operations), *map(self._alone, self._fragments)]
        for size in sizes:
            self.size = max(self.size, size, key=lambda size: (size.nodes, size.fields, size.depth))
            if refusal := self._refusal(size):
                return refusal
        return None if self.cyclic else self._repetitive(document)

    def _repetitive(self, document: DocumentNode) -> str | None:
        """Only now, as it walks the expanded document, which the limits have found to be small."""
        pairs, most = repetitions(document, self._fragments), self._limits.repetitions
        if pairs <= most:
            return None
        return f"The document repeats fields: {_number(pairs)} pairs have one name and place; at most {most:,} may."

    def _refusal(self, size: Size) -> str | None:
        limits = self._limits
        measures = (
            (size.fields, limits.fields, "fields once its fragments are expanded"),
            (size.inner_fields, limits.fields, "fields of introspection once its fragments are expanded"),
            (size.depth, limits.depth, "levels of fields"),
            (size.inner_depth, limits.introspection_depth, "levels of introspection"),
            (size.aliases, limits.aliases, "aliases once its fragments are expanded"),
            (size.directives, limits.directives, "directives once its fragments are expanded"),
        )
        for count, most, noun in measures:
            if count > most:
                return f"The document has {_number(count)} {noun}; at most {most:,} are allowed."
        if size.nodes > limits.nodes:
            return f"Its page sizes ask for {_number(size.nodes)} nodes; at most {limits.nodes:,} are allowed."
        return None

    def _operation(self, node: OperationDefinitionNode) -> Size:
        self.subscribes |= node.operation is OperationType.SUBSCRIPTION
        return self._selections(node.selection_set, self._schema.get_root_type(node.operation))

    def _alone(self, name: str) -> Size:
        """An unused fragment is measured too: validation walks it."""
        size = self._fragment(name)
        introspects = self._fragments[name].type_condition.name.value.startswith("__")
        return size.introspected() if introspects else size

    def _fragment(self, name: str) -> Size:
        if name not in self._measured:
            self._measured[name] = Size()  # where a cycle ends
            node = self._fragments.get(name)
            if node is not None:
                self._entered.add(name)
                type_name = node.type_condition.name.value
                self._measured[name] = self._selections(node.selection_set, self._schema.type_map.get(type_name))
                self._entered.discard(name)
        self.cyclic |= name in self._entered
        return self._measured[name]

    def _selections(self, node: SelectionSetNode | None, parent: GraphQLNamedType | None) -> Size:
        size = Size()
        for selection in node.selections if node else ():
            self.visits += 1
            size = size.beside(self._selection(selection, parent))
            if selection.directives:
                size = size.beside(Size(directives=len(selection.directives)))
        return size

    def _selection(self, node: SelectionNode, parent: GraphQLNamedType | None) -> Size:
        if isinstance(node, FieldNode):
            return self._field(node, parent)
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        assert isinstance(node, InlineFragmentNode)
        if node.type_condition:
            parent = self._schema.type_map.get(node.type_condition.name.value)
        return self._selections(node.selection_set, parent)

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Size:
        definition = getattr(parent, "fields", {}).get(node.name.value)
        returned = get_named_type(definition.type) if definition else None
        inside = self._selections(node.selection_set, returned)
        if node.name.value in INTROSPECTION:
            inside = inside.introspected()
        return inside.under(alias=node.alias is not None, page=self._page(node, returned))

    def _page(self, node: FieldNode, returned: GraphQLNamedType | None) -> int:
        values = [argument.value for argument in node.arguments or () if argument.name.value in SIZES]
        sizes = [size for value in values if (size := self._number(value)) is not None]
        if sizes:
            return max(0, *sizes)
        if returned is None or not returned.name.endswith("Connection"):
            return 0
        return 1 if _only_counts(node.selection_set) else self._limits.page

    def _number(self, value: ValueNode | None) -> int | None:
        if isinstance(value, VariableNode):
            name = value.name.value
            self.paging.add(name)
            return self._variables[name] if name in self._variables else self._default(name)
        if isinstance(value, IntValueNode):
            return int(value.value) if len(value.value) < 10 else HUGE
        if isinstance(value, ListValueNode):
            return len(value.values)
        return None

    def _default(self, name: str) -> int | None:
        numbers = [self._number(default) for default in self._defaults[name]]
        sizes = [self._limits.page if number is None else number for number in numbers]
        return max(sizes) if any(number is not None for number in numbers) else None


def _only_counts(connection: SelectionSetNode | None) -> bool:
    """Nothing of a page is asked for."""
    selections = connection.selections if connection else ()
    return all(isinstance(node, FieldNode) and node.name.value in PAGELESS for node in selections)


def _number(count: int) -> str:
    return f"{count:,}" if count < HUGE else "more than a thousand million"
