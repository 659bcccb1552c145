"""Tracebacks for the log: without what variables hold, and without the values that PostgreSQL quotes."""

from traceback import TracebackException

QUOTING = "\nDETAIL:"  # the row that a constraint refused, with all that is in it


def traceback_of(error: BaseException) -> str:
    """With its causes, as Python prints it."""
    traceback = TracebackException.from_exception(error)
    _without_values(traceback)
    return "".join(traceback.format())


def _without_values(traceback: TracebackException) -> None:
    traceback._str = traceback._str.partition(QUOTING)[0]  # type: ignore[attr-defined]  # the only place where it stands
    for cause in (traceback.__cause__, traceback.__context__, *(traceback.exceptions or ())):
        if cause is not None:
            _without_values(cause)
