"""
Spans for OpenTelemetry, by OTLP over HTTP. Off, as by default, nothing of it is loaded, and nothing costs anything.

The only importer of OpenTelemetry (extra `otel`). A span says what was done, how long it took and how it ended; never
variables, values of SQL, or the texts of exceptions, which may quote them. What else OpenTelemetry reads from the
environment (OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS …) holds.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

PATH = "/v1/traces"  # which OTEL_EXPORTER_OTLP_ENDPOINT leaves out
STATEMENT = 2_000  # characters of a statement that are told
FAULTS = ("INTERNAL", "UNAVAILABLE")  # outcomes that are ours to mend
_provider: "TracerProvider | None" = None


def open_tracing(endpoint: str) -> None:
    """
    From now on, for the whole process, until `close_tracing`. `endpoint`: of the collector, as `http://host:4318`.

    To be called before the store is opened, whose connections tell their statements. Needs the extra `otel`.
    """
    global _provider
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    url = endpoint.rstrip("/")
    named = Resource.create({"service.name": "switchboard"}).merge(OTELResourceDetector().detect())
    _provider = TracerProvider(resource=named, shutdown_on_exit=False)
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(url if url.endswith(PATH) else url + PATH)))


async def close_tracing() -> None:
    """Sends what has not been sent yet; a collector that is away keeps nobody for long."""
    global _provider
    if _provider is not None:
        provider, _provider = _provider, None
        await asyncio.to_thread(provider.shutdown)


def is_on() -> bool:
    return _provider is not None


class Operation:
    """A span to be. `tell` it how the operation ended."""

    def __init__(self, span: "Span | None" = None) -> None:
        self._span = span

    def tell(self, name: str, outcome: str, attributes: Mapping[str, str | int | None]) -> None:
        """`outcome`: OK, or the code of what went wrong. Attributes that are None are left out."""
        if self._span is not None:
            from opentelemetry.trace import StatusCode

            self._span.update_name(name)
            self._span.set_attributes({key: value for key, value in attributes.items() if value is not None})
            if outcome in FAULTS:
                self._span.set_status(StatusCode.ERROR)


@contextmanager
def operation(headers: Mapping[str, str]) -> Iterator[Operation]:
    """One operation of a caller, who may bring the trace that it belongs to (`traceparent`, W3C Trace Context)."""
    if _provider is None:
        yield Operation()
        return
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    came_from = TraceContextTextMapPropagator().extract(headers)
    span = _provider.get_tracer("switchboard").start_span("operation", came_from, kind=trace.SpanKind.SERVER)
    with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        yield Operation(span)


async def watch(connection: asyncpg.Connection) -> None:
    """Its statements are told from now on, each as a child of the operation that sent it; those of no operation not."""
    connection.add_query_logger(_tell)


def _tell(sent: Any) -> None:
    from opentelemetry import trace

    operation = trace.get_current_span().get_span_context()
    if _provider is None or not operation.is_valid or not operation.trace_flags.sampled:
        return
    now = time.time_ns()
    statement = " ".join(sent.query.split())
    span = _provider.get_tracer("switchboard").start_span(
        statement.partition(" ")[0].upper(),
        kind=trace.SpanKind.CLIENT,
        start_time=now - int(sent.elapsed * 1e9),
        attributes={"db.system.name": "postgresql", "db.query.text": statement[:STATEMENT]},
    )
    if sent.exception is not None:
        span.set_attribute("error.type", type(sent.exception).__name__)
        span.set_status(trace.StatusCode.ERROR)
    span.end(now)
