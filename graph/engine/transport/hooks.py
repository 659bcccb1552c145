"""Extensions without the cost: Strawberry looks every hook up, and wraps it anew, four times for each operation.

Here a class of extensions is looked at once. Which hooks there are, and when they run, is as Strawberry has it.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack, asynccontextmanager
from contextlib import contextmanager as contextmanager_of
from functools import lru_cache
from inspect import isasyncgenfunction, isgeneratorfunction
from types import TracebackType
from typing import Any

from strawberry.extensions import SchemaExtension
from strawberry.extensions.runner import SchemaExtensionsRunner

Around = AbstractContextManager[None] | AbstractAsyncContextManager[None]


class Stage:
    """One hook of all extensions around one part of an operation."""

    __slots__ = ("_around", "_stack")

    def __init__(self, extensions: Sequence[SchemaExtension], hook: str) -> None:
        kinds: list[tuple[Any, Any]] = [(extension, type(extension)) for extension in extensions]
        makers = ((extension, _maker(kind, hook)) for extension, kind in kinds)
        self._around: list[Around] = [make(extension) for extension, make in makers if make is not None]
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> None:
        try:
            for context in self._around:
                if isinstance(context, AbstractContextManager):
                    self._stack.enter_context(context)
                else:
                    await self._stack.enter_async_context(context)
        except BaseException as error:  # Strawberry would leave those that have begun without an end
            await self._stack.__aexit__(type(error), error, error.__traceback__)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._around:
            await self._stack.__aexit__(kind, error, traceback)


@lru_cache(1_000)
def _maker(extension: Any, hook: str) -> Callable[[SchemaExtension], Around] | None:
    method: Any = getattr(extension, hook)
    if method is getattr(SchemaExtension, hook):
        return None
    if isgeneratorfunction(method):
        return contextmanager_of(method)
    assert isasyncgenfunction(method), f"{extension.__name__}.{hook} must yield once"
    return asynccontextmanager(method)


class Runner(SchemaExtensionsRunner):
    """For `async` execution, which is all that the edge does."""

    def operation(self) -> Any:
        return Stage(self.extensions, "on_operation")

    def validation(self) -> Any:
        return Stage(self.extensions, "on_validate")

    def parsing(self) -> Any:
        return Stage(self.extensions, "on_parse")

    def executing(self) -> Any:
        return Stage(self.extensions, "on_execute")
