"""Documents that are asked for by name: automatic persisted queries (Apollo), or a manifest that allows no others."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from graph.engine.transport.errors import RequestCode, RequestError
from graph.engine.transport.request import GraphQLRequest
from models.ground.mendable import Mendable

KEPT_BYTES = 4_000_000
ENTRY_BYTES = 250  # that each takes beside its text


class ManifestFault(Mendable):
    """The file is no manifest; says where and why."""


class Persisted(Protocol):
    """Where an operation's text comes from."""

    def text(self, request: GraphQLRequest) -> str:
        """Raises RequestError where there is none, or none that may run."""

    def ran(self, request: GraphQLRequest) -> None:
        """To be called once its document was found valid and within the limits."""


class AutomaticDocuments:
    """What clients sent once with its SHA-256, the latest `max_bytes` of it, for this process. A client that is told
    PERSISTED_QUERY_NOT_FOUND sends the text again, so that nothing is lost when one is dropped."""

    def __init__(self, max_bytes: int = KEPT_BYTES) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._documents: OrderedDict[str, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._documents)

    def text(self, request: GraphQLRequest) -> str:
        if request.document_id is None:
            return request.query
        if request.query:
            return _genuine(request.query, request.document_id)
        if request.document_id not in self._documents:
            # clients know this by its very words
            raise RequestError(RequestCode.PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
        self._documents.move_to_end(request.document_id)
        return self._documents[request.document_id]

    def ran(self, request: GraphQLRequest) -> None:
        if request.document_id is None or not request.query or request.document_id in self._documents:
            return
        self._documents[request.document_id] = request.query
        self.bytes += _bytes(request.query)
        while self.bytes > self.max_bytes:
            _, dropped = self._documents.popitem(last=False)
            self.bytes -= _bytes(dropped)


class Manifest:
    """Only these documents run, asked for by their id, by their SHA-256 or by their very text."""

    def __init__(self, documents: Mapping[str, str]) -> None:
        self._by_hash = {hash_of(text): text for text in documents.values()}
        self._by_id = {id_.removeprefix("sha256:"): text for id_, text in documents.items()}

    @classmethod
    def load(cls, path: Path, *, also: Mapping[str, str] | None = None) -> "Manifest":
        """A JSON object `{"<id or sha256>": "<document>"}`. `also`: what our own pages ask. Raises ManifestFault."""
        try:
            documents = json.loads(path.read_bytes())
        except OSError as error:
            raise ManifestFault(f"{path} cannot be read ({error.strerror}).") from None
        except ValueError:
            raise ManifestFault(f"{path} is not JSON in UTF-8.") from None
        if not isinstance(documents, dict) or not all(isinstance(text, str) for text in documents.values()):
            raise ManifestFault(f'{path} must be one JSON object: {{"<id or sha256>": "<document>"}}.')
        return cls({**(also or {}), **documents})

    def text(self, request: GraphQLRequest) -> str:
        id_ = hash_of(request.query) if request.query else request.document_id or ""
        text = self._by_hash.get(id_) or (None if request.query else self._by_id.get(id_))
        if text is None:
            message = "Only the documents of this server's manifest may run, and this is none of them."
            raise RequestError(RequestCode.PERSISTED_QUERY_NOT_IN_LIST, message)
        return text

    def ran(self, request: GraphQLRequest) -> None:
        """Nothing: the manifest is all there is."""


def _bytes(text: str) -> int:
    return len(text.encode()) + ENTRY_BYTES


def hash_of(text: str) -> str:
    return sha256(text.encode(errors="replace")).hexdigest()


def _genuine(text: str, document_id: str) -> str:
    if hash_of(text) != document_id:
        raise RequestError(RequestCode.BAD_REQUEST, "provided sha does not match query")  # Apollo's words
    return text
