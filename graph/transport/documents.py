"""Each document is parsed, measured and validated once, whatever its variables; a refused one never gets that far."""

from collections.abc import Collection, Generator, Mapping
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoFragmentCyclesRule,
    OperationDefinitionNode,
    parse,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document
from strawberry.types import ExecutionContext

from graph.limits import Limits, Survey
from graph.transport.errors import RequestCode, RequestError

KEPT = 128  # documents; at 1,000 tokens each holds well under a megabyte

Rules = tuple[type[Any], ...]


class Document:
    """A parsed document. Compared by identity, so that caches do not hash its whole tree."""

    def __init__(self, node: DocumentNode) -> None:
        self.node = node
        self.operations = sum(isinstance(one, OperationDefinitionNode) for one in node.definitions)
        self.paging: Collection[str] | None = None  # its variables that are page sizes; None: not looked at yet


class Library:
    """The documents of one schema, the latest 128."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.parsed = lru_cache(KEPT)(self._parse)
        self.errors = lru_cache(KEPT)(self._validate)
        self._surveyed = lru_cache(4 * KEPT)(self._survey)

    def survey(self, document: Document, schema: GraphQLSchema, variables: Mapping[str, Any]) -> Survey:
        """Of all variables only the page sizes matter."""
        if document.paging is None:
            document.paging = self._survey(document, schema, frozenset()).paging
        given = frozenset((name, _size(variables[name])) for name in document.paging if name in variables)
        return self._surveyed(document, schema, given)

    def _parse(self, text: str) -> Document:
        if refusal := self.limits.refusal(text):
            raise _too_much(refusal)
        try:
            return Document(parse(text, max_tokens=self.limits.tokens))
        except GraphQLSyntaxError as error:
            if error.message.startswith("Syntax Error: Document contains more than"):
                raise _too_much(f"The document has more than {self.limits.tokens:,} tokens.") from None
            if error.message.startswith("Syntax Error: Document is nested too deeply"):
                raise _too_much("The document is nested too deeply.") from None
            raise
        except RecursionError:
            raise _too_much("The document is nested too deeply.") from None

    def _survey(self, document: Document, schema: GraphQLSchema, numbers: frozenset[tuple[str, int | None]]) -> Survey:
        return Survey(schema, document.node, dict(numbers), self.limits)

    def _validate(self, document: Document, schema: GraphQLSchema, rules: Rules) -> list[GraphQLError]:
        try:
            return validate_document(schema, document.node, rules)
        except RecursionError:
            raise _too_much("The document is nested too deeply.") from None


class Documents(SchemaExtension):
    """Stands in for Strawberry's ParserCache, ValidationCache and limiters (stack.md says what ails them)."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.survey: Survey | None = None

    def on_parse(self) -> Generator[None, None, None]:
        self._document = self.library.parsed(self.execution_context.query or "")
        self.execution_context.graphql_document = self._document.node
        # Strawberry would run the first of several; the specification wants a name (GetOperation)
        if self._document.operations > 1 and self.execution_context._provided_operation_name is None:
            raise RequestError(RequestCode.BAD_REQUEST, "The document has several operations: name one.")
        yield

    def on_validate(self) -> Generator[None, None, None]:
        self.execution_context.pre_execution_errors = self._errors()
        yield

    def get_results(self) -> dict[str, Any]:
        return {"cost": self.survey.cost} if self.survey and not self.survey.subscribes else {}

    def _errors(self) -> list[GraphQLError]:
        context = self.execution_context
        schema = context.schema._schema
        survey = self.library.survey(self._document, schema, context.variables or {})
        if survey.refusal:
            return [GraphQLError(survey.refusal, original_error=_too_much(survey.refusal))]
        self.survey = survey
        context.survey = survey  # type: ignore[attr-defined]  # for `surveyed`
        # a cycle cannot be measured, so of a document with one nothing but the cycle is looked at
        rules = (NoFragmentCyclesRule,) if survey.cyclic else context.validation_rules
        return list(self.library.errors(self._document, schema, rules))


def surveyed(context: ExecutionContext) -> Survey | None:
    """What an operation asks for, once it has been measured and is within the limits; for other extensions."""
    return getattr(context, "survey", None)


def _size(value: object) -> int | None:
    """As `Int` reads it: 100.0 is 100; of a list, its length. None: null, which is no default, or what is refused."""
    if isinstance(value, list):
        return len(value)
    return int(value) if type(value) is int or (type(value) is float and value.is_integer()) else None


def _too_much(message: str) -> RequestError:
    return RequestError(RequestCode.LIMIT_EXCEEDED, message)
