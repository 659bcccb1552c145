"""One GraphQL request, read from a body, a URL or a frame, and refused in plain words where it is not one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request

from graph.engine.transport.errors import RequestCode, RequestError

ID_LENGTH = 256
PARAMETERS = 20  # of a URL: GraphQL over HTTP has five, and a program may add some of its own
JSON_DEPTH = 64  # far more than any input type nests; resolvers and coercion recurse over variables
JSON_MEMBERS = 100  # of one object: far more than any input type has
JSON_INNER = 10_000  # lists and objects, as many as a hundred things need, and each costs up to a microsecond


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What a client asked. Variables may hold passwords: never printed. `query` is empty where `document_id`, a SHA-256
    in hexadecimal or the id of a manifest, stands for it."""

    query: str
    variables: dict[str, Any] | None = field(default=None, repr=False)
    operation_name: str | None = None
    document_id: str | None = None


async def read(request: Request, *, max_bytes: int) -> GraphQLRequest:
    """The request in a POST's body or a GET's URL. Raises RequestError (400, 413, 415)."""
    if request.method == "GET":
        return parsed(_from_url(request.scope["query_string"]))
    _require_json(request.headers)
    return parsed(decoded(await body_of(request, max_bytes=max_bytes)))


def parsed(value: object) -> GraphQLRequest:
    """`value` as a request. Raises RequestError (400) naming the member that is wrong."""
    if not isinstance(value, dict):
        raise _bad("A request is one JSON object; lists of requests are not accepted.")
    document_id = _document_id(value)
    query = value.get("query", "" if document_id else None)
    if not isinstance(query, str) or not (query.strip() or document_id):
        raise _bad("`query` must be a text that is not empty.")
    operation_name = value.get("operationName")
    if not isinstance(operation_name, str | None):
        raise _bad("`operationName` must be a text or null.")
    return GraphQLRequest(query, _an_object(value, "variables"), operation_name or None, document_id)


def decoded(data: bytes | str) -> object:
    """
    JSON in UTF-8 of at most 10,000 lists and objects, 64 levels deep, an object of at most 100 members.

    Raises RequestError (400).
    """
    # counting is far cheaper than walking, and nearly every request ends here
    inner = _count(data, "[") + _count(data, "{")
    if inner > JSON_INNER:
        raise _bad(f"The JSON has more than {JSON_INNER:,} lists and objects.")
    try:
        value: object = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise _bad("This is not JSON in UTF-8.") from None
    if inner > JSON_DEPTH or _count(data, ":") > JSON_MEMBERS:
        _check_shape(value)
    return value


def _document_id(value: Mapping[str, Any]) -> str | None:
    """Of Apollo's `extensions.persistedQuery`, or of GraphQL over HTTP's `documentId`."""
    persisted = _an_object(_an_object(value, "extensions") or {}, "persistedQuery")
    if persisted is not None:
        hash_ = persisted.get("sha256Hash")
        if persisted.get("version") != 1 or not isinstance(hash_, str) or not re.fullmatch("[0-9a-f]{64}", hash_):
            raise _bad("`persistedQuery` must be `{version: 1, sha256Hash: <64 hexadecimal digits>}`.")
        return hash_
    id_ = value.get("documentId")
    if id_ is not None and (not isinstance(id_, str) or not 0 < len(id_) <= ID_LENGTH):
        raise _bad(f"`documentId` must be a text of 1 to {ID_LENGTH} characters.")
    return id_.removeprefix("sha256:") if id_ else None


def _an_object(value: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    member = value.get(name)
    if not isinstance(member, dict | None):
        raise _bad(f"`{name}` must be an object or null.")
    return member


def _from_url(query: bytes) -> dict[str, Any]:
    try:
        value: dict[str, Any] = dict(
            parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=PARAMETERS)
        )
    except ValueError:
        raise _bad(f"The URL has more than {PARAMETERS} parameters.") from None
    for name in ("variables", "extensions"):
        if value.get(name):
            value[name] = decoded(value[name])
        else:
            value.pop(name, None)
    return value


def _require_json(headers: Mapping[str, str]) -> None:
    media_type, _, parameter = headers.get("content-type", "").lower().partition(";")
    if media_type.strip() != "application/json" or parameter.strip() not in _UTF_8:
        raise RequestError(RequestCode.UNSUPPORTED_MEDIA_TYPE, "Send `content-type: application/json`, in UTF-8.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise RequestError(RequestCode.UNSUPPORTED_MEDIA_TYPE, "Compressed bodies are not accepted.")


_UTF_8 = {"", *(f"charset={mark}{name}{mark}" for mark in ("", '"') for name in ("utf-8", "utf8"))}


async def body_of(request: Request, *, max_bytes: int) -> bytes:
    """Raises RequestError (413) where it has more, ClientDisconnect."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared[:20]) > max_bytes:
        raise _too_large(max_bytes)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(body)


def _count(data: bytes | str, character: str) -> int:
    return data.count(character.encode()) if isinstance(data, bytes) else data.count(character)


def _check_shape(value: object) -> None:
    level = [value]
    for _ in range(JSON_DEPTH + 1):
        if any(isinstance(value, dict) and len(value) > JSON_MEMBERS for value in level):
            raise _bad(f"An object in the JSON has more than {JSON_MEMBERS} members.")
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise _bad(f"The JSON is nested more than {JSON_DEPTH} levels deep.")


def _inside(value: object) -> list[object]:
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [inner for inner in values if isinstance(inner, dict | list)]


def _bad(message: str) -> RequestError:
    return RequestError(RequestCode.BAD_REQUEST, message)


def _too_large(max_bytes: int) -> RequestError:
    return RequestError(RequestCode.PAYLOAD_TOO_LARGE, f"The body is larger than {max_bytes:,} bytes.")
