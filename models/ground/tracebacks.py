"""Tracebacks for the log: without what variables hold, and without the values that PostgreSQL quotes."""

from traceback import TracebackException

QUOTING = "\nDETAIL:"  # the row that a constraint refused, with all that is in it


def traceback_of(error: BaseException) -> str:
    """With its causes, as Python prints it."""
    told = TracebackException.from_exception(error)
    _without_values(told)
    return "".join(told.format())


def _without_values(told: TracebackException) -> None:
    told._str = told._str.partition(QUOTING)[0]  # type: ignore[attr-defined]  # the only place where it stands
    for other in (told.__cause__, told.__context__, *(told.exceptions or ())):
        if other is not None:
            _without_values(other)
