"""What an answer may look like (GraphQL over HTTP, Accept): one of two kinds of JSON, or a stream."""

from collections.abc import Mapping
from dataclasses import dataclass

from graph.engine.transport.errors import RequestCode, RequestError

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
SSE = "text/event-stream"
MOST = 50  # ranges of `Accept` that are looked at
MULTIPART = "multipart/mixed;subscriptionspec=1.0"  # other multipart is for @defer, which is off


@dataclass(frozen=True, slots=True)
class Wish:
    """`plain`, `stream` or both. `streams`: queries and mutations too, since the client prefers the stream."""

    plain: str | None
    stream: str | None = None
    streams: bool = False


def accepted(header: str | None) -> Wish:
    """What `Accept` prefers; without one `application/json`. Raises RequestError (406)."""
    if not header or not header.strip():
        return Wish(JSON)
    named = dict(map(_range, header.split(",", MOST)[:MOST]))
    likes = {offer: _quality(named, offer) for offer in (JSON, GRAPHQL_JSON)}
    # of two liked alike the newer one, but only for those who show by naming it that they know it
    plain = max(likes, key=lambda offer: (likes[offer], (offer == GRAPHQL_JSON) is (GRAPHQL_JSON in named)))
    stream = max((SSE, MULTIPART), key=lambda offer: named.get(offer, 0.0))  # only who names one knows what to do
    liking = named.get(stream, 0.0)
    if max(likes[plain], liking) <= 0:
        raise RequestError(RequestCode.NOT_ACCEPTABLE, f"Answers are `{GRAPHQL_JSON}`, `{JSON}` or `{SSE}`.")
    return Wish(plain if likes[plain] > 0 else None, stream if liking > 0 else None, liking > likes[plain])


def _quality(ranges: Mapping[str, float], offer: str) -> float:
    """The most exact range decides (RFC 9110, 12.5.1)."""
    for media in (offer, "application/*", "*/*"):
        if media in ranges:
            return ranges[media]
    return 0.0


def _range(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    specs = (value for value in parameters if value.startswith("subscriptionspec="))
    if media == "multipart/mixed" and any("1.0" in spec for spec in specs):
        media = MULTIPART
    weight = next((value[2:] for value in parameters if value.startswith("q=")), "1")
    try:
        return media, min(1.0, max(0.0, float(weight)))
    except ValueError:
        return media, 0.0
