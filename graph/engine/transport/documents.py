"""
Each document that may run is parsed, measured and validated once, whatever its variables.

Of one that is refused nothing is kept: strangers would fill the memory, and push out what others ask every day.
"""

from collections import OrderedDict
from collections.abc import Collection, Generator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoFragmentCyclesRule,
    OperationDefinitionNode,
    parse,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types import ExecutionContext

from graph.engine.limits import Limits, Survey, most_fields
from graph.engine.transport.errors import RequestCode, RequestError

KEPT = 128  # documents
KEPT_BYTES = 256_000  # of their texts; parsed, one of 1,000 tokens holds 150 times as much at worst
SIZES_KEPT = 16  # of one document: how large it is with this page size and that
FAULTS = 5  # of one document that are told, as those that remain are looked for at everybody's expense

Rules = tuple[type[Any], ...]


class Document:
    """A parsed document, and what has been found out about it."""

    def __init__(self, text: str, node: DocumentNode) -> None:
        self.text, self.node = text, node
        self.operations = sum(isinstance(definition, OperationDefinitionNode) for definition in node.definitions)
        self.paging: Collection[str] | None = None  # its variables that are page sizes; None: not looked at yet
        self.valid_by: set[Rules] = set()
        self._surveys: OrderedDict[frozenset[tuple[str, int | None]], Survey] = OrderedDict()

    def survey(self, schema: GraphQLSchema, variables: Mapping[str, Any], limits: Limits) -> Survey:
        """Once for each set of page sizes: no other variable counts."""
        if self.paging is None:
            self.paging = self._survey(schema, frozenset(), limits).paging
        return self._survey(schema, frozenset((n, _size(variables[n])) for n in self.paging if n in variables), limits)

    def _survey(self, schema: GraphQLSchema, sizes: frozenset[tuple[str, int | None]], limits: Limits) -> Survey:
        survey = self._surveys.pop(sizes, None) or Survey(schema, self.node, dict(sizes), limits)
        self._surveys[sizes] = survey
        if len(self._surveys) > SIZES_KEPT:
            self._surveys.popitem(last=False)
        return survey

    def errors(self, schema: GraphQLSchema, rules: Rules, *, suggesting: bool) -> list[GraphQLError]:
        """The first five, and that there are more. Raises RequestError where it is nested too deeply."""
        if rules in self.valid_by:
            return []
        all_rules = (*rules, MaybeNullValidationRule, OneOfInputValidationRule)  # as Strawberry does
        try:
            errors = validate(schema, self.node, all_rules, max_errors=FAULTS, hide_suggestions=not suggesting)
        except RecursionError:
            raise _too_much("The document is nested too deeply.") from None
        if not errors:
            self.valid_by.add(rules)
        return errors


class Library:
    """The documents that were allowed to run: the latest 128, or what of them has 256 kB. For one schema."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.bytes = 0
        self._documents: OrderedDict[str, Document] = OrderedDict()

    def __contains__(self, text: str) -> bool:
        return text in self._documents

    def document(self, text: str) -> Document:
        """Raises RequestError or GraphQLSyntaxError."""
        document = self._documents.get(text)
        if document is None:
            return Document(text, self._parsed(text))
        self._documents.move_to_end(text)
        return document

    def keep(self, document: Document) -> None:
        """Keeps it, unless one of the same text was kept meanwhile."""
        if document.text in self._documents:
            return
        self._documents[document.text] = document
        self.bytes += len(document.text)
        while len(self._documents) > KEPT or self.bytes > KEPT_BYTES:
            text, _ = self._documents.popitem(last=False)
            self.bytes -= len(text)

    def _parsed(self, text: str) -> DocumentNode:
        if refusal := self.limits.refusal(text):
            raise _too_much(refusal)
        node, most = self._read(text), self.limits.literal_fields
        if text.count(":") > most and most_fields(node) > most:
            raise _too_much(f"An object in the document has more than {most} fields.")
        return node

    def _read(self, text: str) -> DocumentNode:
        try:
            return parse(text, max_tokens=self.limits.tokens)
        except GraphQLSyntaxError as error:
            if error.message.startswith("Syntax Error: Document contains more than"):
                raise _too_much(f"The document has more than {self.limits.tokens:,} tokens.") from None
            if error.message.startswith("Syntax Error: Document is nested too deeply"):
                raise _too_much("The document is nested too deeply.") from None
            raise
        except RecursionError:
            raise _too_much("The document is nested too deeply.") from None


class Documents(SchemaExtension):
    """Stands in for Strawberry's ParserCache, ValidationCache and limiters (docs/decisions/0007 says why)."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.survey: Survey | None = None

    def on_operation(self) -> Generator[None, None, None]:
        context = self.execution_context
        context.known = (context.query or "") in self.library  # type: ignore[attr-defined]  # for `is_known`
        yield

    def on_parse(self) -> Generator[None, None, None]:
        self._document = self.library.document(self.execution_context.query or "")
        self.execution_context.graphql_document = self._document.node
        # Strawberry would run the first of several; the specification wants a name (GetOperation)
        if self._document.operations > 1 and self.execution_context._provided_operation_name is None:
            raise RequestError(RequestCode.BAD_REQUEST, "The document has several operations: name one.")
        yield

    def on_validate(self) -> Generator[None, None, None]:
        self.execution_context.pre_execution_errors = self._errors()
        yield
        if not self.execution_context.pre_execution_errors:  # nor did another extension refuse it
            self.library.keep(self._document)

    def get_results(self) -> dict[str, Any]:
        return {"cost": self.survey.cost} if self.survey and not self.survey.subscribes else {}

    def _errors(self) -> list[GraphQLError]:
        context = self.execution_context
        schema = context.schema._schema
        survey = self._document.survey(schema, context.variables or {}, self.library.limits)
        if survey.refusal:
            return [GraphQLError(survey.refusal, original_error=_too_much(survey.refusal))]
        self.survey = survey
        context.survey = survey  # type: ignore[attr-defined]  # for `surveyed`
        # a cycle cannot be measured, so of a document with one nothing but the cycle is looked at
        rules = (NoFragmentCyclesRule,) if survey.cyclic else context.validation_rules
        return self._document.errors(schema, rules, suggesting=getattr(context, "suggesting", False))


def suggest(context: ExecutionContext) -> None:
    """From here on this operation's faults are told with names that may have been meant; to look for them is slow."""
    context.suggesting = True  # type: ignore[attr-defined]


def is_known(context: ExecutionContext) -> bool:
    """Whether this very document has run before, and costs next to nothing now; for other extensions."""
    return getattr(context, "known", False)


def surveyed(context: ExecutionContext) -> Survey | None:
    """What an operation asks for, once it has been measured and is within the limits; for other extensions."""
    return getattr(context, "survey", None)


def _size(value: object) -> int | None:
    """How many it asks for: a number as `Int` reads it (100.0 is 100), a list by its length. None: null, or neither."""
    if isinstance(value, list):
        return len(value)
    return int(value) if type(value) is int or (type(value) is float and value.is_integer()) else None


def _too_much(message: str) -> RequestError:
    return RequestError(RequestCode.LIMIT_EXCEEDED, message)
