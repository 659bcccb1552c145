"""Fields that lead from a row to other rows, read for all rows of a list in one go."""

from collections.abc import Callable
from typing import Any, get_args

import strawberry
from strawberry.types.field import StrawberryField

MANY = "relation"


def relation(many: Any = None, *, description: str | None = None) -> Any:
    """
    A field whose resolver answers for many rows: `async def many(rows, context)` gives their values in their order.

        @relation
        @staticmethod
        async def address(rows: Sequence["Toggles"], context: Context) -> list[EmailAddress]: ...

    Where the list is not compiled it is called for each row by itself, and the loaders put these together.
    """
    return _field(many, description) if many is not None else lambda many: _field(many, description)


def _field(wrapped: "staticmethod[Any, Any]", description: str | None) -> Any:
    many = wrapped.__func__

    async def resolver(self: Any, info: strawberry.Info) -> Any:
        (value,) = await many([self], info.context)
        return value

    resolver.__name__, resolver.__module__ = many.__name__, many.__module__
    resolver.__qualname__ = many.__qualname__
    resolver.__annotations__["return"] = get_args(many.__annotations__["return"])[0]
    return strawberry.field(resolver=resolver, description=description, metadata={MANY: many})


def many_of(field: StrawberryField) -> Callable[..., Any] | None:
    """The function that reads it for many rows; None: it is no relation."""
    many: Callable[..., Any] | None = field.metadata.get(MANY)
    return many
