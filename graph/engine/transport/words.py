"""
What a client is told of an error of graphql-core: its own words, without the values that they quote.

A value may be a password or a mailbox's secret, wherever a client put it by mistake. So of a message about a value only
where it stands is kept, and the plain words and names of the schema up to where graphql-core begins to quote; of one
that begins as none does that is known here, nothing. A test holds all that there are.
"""

import re

from graphql import GraphQLEnumType, GraphQLError, GraphQLSchema, GraphQLSyntaxError
from graphql.language import Node, ObjectFieldNode, TokenKind, ValueNode, VariableNode

MOST = 300  # characters of a message
MOST_VALUES = 20
_PLACE = re.compile(
    r"(?:Variable '\$\w+'(?: defined by fragment '\w+')?|Argument '\w+') has invalid (?:default )?value"
    r"(?: at [.\w\[\]]+)?(?=: )"
)
_WORDS = re.compile(
    r"(?:Expected|Enum|Exactly one key|OneOf Input Object|Field|Variable|\w{1,64} cannot represent)"
    r"(?:[\w -]|'\$?[\w.!\[\]]{1,64}')+"
)
_NO_SUCH_VALUE = re.compile(r"There is no such value in the enum '(\w+)'\.")
_SUGGESTION = re.compile(r"\.( Did you mean (?:the enum value )?(?:'\w+'(?:,? or |, )?)+\?)")
_UNKNOWN_ENUM = re.compile(r"Value '.*' does not exist in '(\w+)' enum(?=\.)", re.DOTALL)
"""Up to the last such words: earlier ones may lie in what the client wrote."""
_values: dict[str, str] = {}
_PIECE = r"(?:'\W{1,3}'|'[a-z]+'|\w+|<EOF>)"
_SYNTAX = re.compile(
    f"Syntax Error: (?:Expected {_PIECE}, found {_PIECE}|Unexpected {_PIECE}|Invalid [\\w ,]+|Unterminated string)"
)


def know(schema: GraphQLSchema) -> None:
    """Its enums of at most 20 values: who writes another value is told which there are."""
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLEnumType) and len(kind.values) <= MOST_VALUES:
            _values[name] = f" It has {', '.join(kind.values)}."


def told(error: GraphQLError) -> str:
    """In at most 300 characters, and the values of an enum that has not the one which was asked for."""
    message = shortened(_unquoted(error))
    enum = _NO_SUCH_VALUE.search(message)
    return message + _values.get(enum[1], "") if enum else message


def place(error: GraphQLError) -> str | None:
    """Where the value stands that is wrong, in words; None: the error is about no value."""
    if about := _PLACE.match(error.message):
        return about[0]
    nodes = [node for node in error.nodes or () if _holds_a_value(node)]
    if not nodes:
        return None
    name = _name(nodes[0])
    return f"'{name}' has an invalid value" if name else "A value in the document is invalid"


def shortened(message: str) -> str:
    return message if len(message) <= MOST else message[: MOST - 1] + "…"


def _unquoted(error: GraphQLError) -> str:
    if isinstance(error, GraphQLSyntaxError):
        match = _SYNTAX.match(error.message)
        return f"{match[0] if match else 'Syntax Error'}."
    where = place(error)
    if where is None:
        return error.message
    about = error.message.removeprefix(f"{where}: ")
    # to variables nothing is suggested: what looks like it stands in a name of the client's
    return f"{where}: {_without_value(about)}{_suggestion(about) if about is error.message else ''}"


def _without_value(message: str) -> str:
    if enum := _UNKNOWN_ENUM.match(message):
        return f"There is no such value in the enum '{enum[1]}'."
    match = _WORDS.match(message)
    return f"{match[0].rstrip() if match else 'This is not what is expected here'}."


def _suggestion(message: str) -> str:
    match = _UNKNOWN_ENUM.match(message) or _WORDS.match(message)
    suggestion = _SUGGESTION.match(message, match.end()) if match else None
    return suggestion[1] if suggestion else ""


def _holds_a_value(node: Node) -> bool:
    return isinstance(node, ValueNode | ObjectFieldNode) and not isinstance(node, VariableNode)


def _name(node: Node) -> str | None:
    """Of the argument or the field of an input that the value is for; None: it stands in a list, or nobody knows."""
    if isinstance(node, ObjectFieldNode):
        return node.name.value
    before = node.loc.start_token.prev if node.loc else None
    if before is None or before.kind is not TokenKind.COLON or before.prev is None:
        return None
    return before.prev.value
