"""Types whose objects are the views of models/ themselves: Strawberry reads the fields off them, nothing is copied."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar, cast, get_args, get_origin, overload

import strawberry
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

V = TypeVar("V")
MADE = "made"


class Shows(Generic[V]):
    """
    `class Account(Node, Shows[AccountView])`: each field without a resolver is the view's attribute of that name.

    No object of the class itself is ever made, so its resolvers take `parent: strawberry.Parent[AccountView]`.
    """

    shown: ClassVar[type[Any]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        (base,) = (base for base in cls.__dict__["__orig_bases__"] if get_origin(base) is Shows)
        (cls.shown,) = get_args(base)

    @overload
    @classmethod
    def of(cls, view: V) -> Self: ...
    @overload
    @classmethod
    def of(cls, view: None) -> None: ...
    @classmethod
    def of(cls, view: V | None) -> Self | None:
        """The view itself, or none: for the type checker, which takes it for what it is shown as."""
        return cast(Self | None, view)

    @classmethod
    def of_all(cls, views: Sequence[V]) -> list[Self]:
        return cast(list[Self], views)

    @classmethod
    def is_type_of(cls, value: object, _: Any) -> bool:
        return isinstance(value, cls.shown)


def made(maker: Callable[[Any], Any], *, name: str | None = None, description: str | None = None) -> Any:
    """A field that a plain function makes of the object: `def initials(parent: strawberry.Parent[View]) -> str`."""
    return strawberry.field(resolver=maker, name=name, description=description, metadata={MADE: maker})


def shown_by(definition: StrawberryObjectDefinition) -> type[Any] | None:
    """The class of what it shows; None: it has objects of its own."""
    origin: type[Any] = definition.origin
    return origin.shown if issubclass(origin, Shows) else None


def maker_of(field: StrawberryField) -> Callable[[Any], Any] | None:
    """The function that makes it of the object; None: there is none."""
    maker: Callable[[Any], Any] | None = field.metadata.get(MADE)
    return maker
