"""One GraphQL request, read from a body, a URL or a frame, and refused in plain words where it is not one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request

from graph.transport.errors import RequestCode, RequestError

ID_LENGTH = 256
JSON_DEPTH = 64  # far more than any input type nests; resolvers and coercion recurse over variables


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
        return parsed(_from_url(request.query_params))
    _require_json(request.headers)
    return parsed(decoded(await _body(request, max_bytes)))


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
    """JSON in UTF-8, at most 64 levels deep. Raises RequestError (400)."""
    try:
        value: object = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise _bad("This is not JSON in UTF-8.") from None
    if _may_be_deep(data) and _is_deep(value):
        raise _bad(f"The JSON is nested more than {JSON_DEPTH} levels deep.")
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
    found = value.get(name)
    if not isinstance(found, dict | None):
        raise _bad(f"`{name}` must be an object or null.")
    return found


def _from_url(params: Mapping[str, str]) -> dict[str, Any]:
    value: dict[str, Any] = dict(params)
    for name in ("variables", "extensions"):
        if value.get(name):
            value[name] = decoded(value[name])
        else:
            value.pop(name, None)
    return value


def _require_json(headers: Mapping[str, str]) -> None:
    media_type, _, parameters = headers.get("content-type", "").partition(";")
    charset = re.fullmatch(r'\s*(?:charset="?utf-?8"?)?\s*', parameters, re.IGNORECASE)
    if media_type.strip().lower() != "application/json" or charset is None:
        raise RequestError(RequestCode.UNSUPPORTED_MEDIA_TYPE, "Send `content-type: application/json`, in UTF-8.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise RequestError(RequestCode.UNSUPPORTED_MEDIA_TYPE, "Compressed bodies are not accepted.")


async def _body(request: Request, max_bytes: int) -> bytes:
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared[:20]) > max_bytes:
        raise _too_large(max_bytes)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(body)


def _may_be_deep(data: bytes | str) -> bool:
    # counting is far cheaper than walking, and nearly every request ends here
    opened = data.count(b"[") + data.count(b"{") if isinstance(data, bytes) else data.count("[") + data.count("{")
    return opened > JSON_DEPTH


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(JSON_DEPTH + 1):
        nested = [inner for one in level for inner in _inside(one)]
        if not nested:
            return False
        level = nested
    return True


def _inside(value: object) -> list[object]:
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [inner for inner in values if isinstance(inner, dict | list)]


def _bad(message: str) -> RequestError:
    return RequestError(RequestCode.BAD_REQUEST, message)


def _too_large(max_bytes: int) -> RequestError:
    return RequestError(RequestCode.PAYLOAD_TOO_LARGE, f"The body is larger than {max_bytes:,} bytes.")
