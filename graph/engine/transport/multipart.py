"""Subscriptions over multipart HTTP, as Apollo Client and Router speak it (subscriptionSpec=1.0).

A part's end is the delimiter after it: each piece brings that along, so that a part is read when it comes and not when
the next one does. An error that ends the stream stands beside an empty `payload`.
"""

BOUNDARY = "graphql"


class Multipart:
    """See graph.engine.transport.stream.Framing."""

    media_type = f'multipart/mixed;boundary="{BOUNDARY}";subscriptionSpec=1.0'
    opening = b"--graphql"
    complete = b"--\r\n"

    def __init__(self) -> None:
        self.beat = _part(b"{}")

    def next(self, body: bytes) -> bytes:
        return _part(b'{"payload":' + body + b"}")

    def closed(self, errors: bytes, *, again: bool) -> bytes:
        return _part(b'{"payload":null,"errors":' + errors + b"}") + self.complete


def _part(data: bytes) -> bytes:
    return b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n" + data + b"\r\n--graphql"
