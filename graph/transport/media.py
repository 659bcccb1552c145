"""Which of the two JSON media types an answer takes (GraphQL over HTTP, Accept)."""

from graph.transport.errors import RequestCode, RequestError

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"


def accepted(header: str | None) -> str:
    """The type that `Accept` likes best; without a wish `application/json`. Raises RequestError (406)."""
    if not header or not header.strip():
        return JSON
    likes = {offer: _quality(header, offer) for offer in (JSON, GRAPHQL_JSON)}
    # of two liked alike the newer one, but only for those who show by naming it that they know it
    newer = any(media == GRAPHQL_JSON for media, _ in map(_range, header.split(",")))
    best = max(likes, key=lambda offer: (likes[offer], (offer == GRAPHQL_JSON) is newer))
    if likes[best] <= 0:
        raise RequestError(RequestCode.NOT_ACCEPTABLE, f"Answers are `{GRAPHQL_JSON}` or `{JSON}`.")
    return best


def _quality(header: str, offer: str) -> float:
    """The most exact range decides (RFC 9110, 12.5.1)."""
    ranges = dict(map(_range, header.split(",")))
    for media in (offer, "application/*", "*/*"):
        if media in ranges:
            return ranges[media]
    return 0.0


def _range(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    weight = next((value[2:] for value in parameters if value.startswith("q=")), "1")
    try:
        return media, float(weight)
    except ValueError:
        return media, 0.0
