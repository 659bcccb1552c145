"""Server-sent events: the distinct connections mode of the protocol of the npm package graphql-sse.

Lines end in LF, which every client reads (urql reads nothing else). A stream that ends without `complete` was cut: its
client connects again.
"""

from graph.engine.transport.media import SSE


class EventStream:
    """See graph.engine.transport.stream.Framing."""

    media_type = f"{SSE}; charset=utf-8"
    opening = b":\n\n"
    beat = b":\n\n"
    complete = b"event: complete\ndata: \n\n"

    def next(self, body: bytes) -> bytes:
        return b"event: next\ndata: " + body + b"\n\n"  # our JSON is one line

    def closed(self, errors: bytes, *, again: bool) -> bytes:
        return b"" if again else self.next(b'{"errors":' + errors + b"}") + self.complete
