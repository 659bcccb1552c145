"""DateTime and Cursor, as the API writes them."""

from datetime import UTC, datetime
from typing import NewType

from strawberry import scalar
from strawberry.types.scalar import ScalarDefinition

from graph.engine.transport import RequestCode, RequestError

Cursor = NewType("Cursor", str)


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03}Z"


def _read(text: object) -> datetime:
    """Raises RequestError, which reaches the client; a ValueError would be taken for a bug of ours."""
    try:
        instant = datetime.fromisoformat(text) if isinstance(text, str) else None
        if instant is not None and instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = "A DateTime is a text with its zone, such as 2026-11-23T09:00:00.000Z."
    raise RequestError(RequestCode.BAD_USER_INPUT, message)


SCALARS: dict[object, ScalarDefinition] = {
    datetime: scalar(
        name="DateTime",
        description="In UTC, with milliseconds: 2026-11-23T09:00:00.000Z.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=_written,
        parse_value=_read,
    ),
    Cursor: scalar(
        name="Cursor",
        description="A position in the firm's journal, opaque. Give it as `after` to any feed, or compare: the event"
        " with the `cursor` of your own mutation is its echo. Not a page cursor.",
        serialize=str,
        parse_value=str,
    ),
}


def cursor_at(position: int) -> Cursor:
    return Cursor(f"c{position}")


def position_of(cursor: str) -> int:
    """Raises RequestError where it is no cursor of a feed."""
    if cursor[:1] == "c" and cursor[1:].isdecimal() and cursor.isascii() and len(cursor) <= 19:
        return int(cursor[1:])
    raise RequestError(
        RequestCode.BAD_USER_INPUT, "This is not a cursor of a feed. Take one from a `cursor` or `feedCursor`."
    )
