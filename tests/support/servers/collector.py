"""A collector of OpenTelemetry: OTLP over HTTP on a free port of the loopback, in a thread. Fixture: `collector`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest


@dataclass(frozen=True, slots=True)
class Told:
    """A span as it came over the wire; ids in hexadecimal digits, `parent` empty: none."""

    name: str
    trace: str
    id: str
    parent: str
    failed: bool
    attributes: dict[str, Any]


@dataclass
class Collector:
    """`raw` is all that was sent, `service` who sent it."""

    url: str = ""
    service: str = ""
    raw: bytes = b""
    spans: list[Told] = field(default_factory=list)

    def take(self, path: str, body: bytes) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # slow

        assert path == "/v1/traces"
        self.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.service = _attributes(resource.resource.attributes)["service.name"]
            self.spans += [_told(span) for scope in resource.scope_spans for span in scope.spans]

    def one(self, name: str) -> Told:
        (found,) = [span for span in self.spans if span.name == name]
        return found

    def children(self, of: Told) -> list[Told]:
        return [span for span in self.spans if span.parent == of.id]


def _told(span: Any) -> Told:
    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
    return Told(span.name, *ids, failed=span.status.code == 2, attributes=_attributes(span.attributes))


def _attributes(pairs: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in pairs}


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.path, self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield collector
        server.shutdown()
        thread.join()
