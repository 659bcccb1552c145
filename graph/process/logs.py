"""
What is logged, and how: JSON in production, for people in development; never variables, values of SQL or secrets.

A traceback goes as text, under `exception`: renderers that print local variables would leak what they hold.
"""

import logging
import sys
from typing import TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from models.ground.settings import Settings
from models.ground.tracebacks import traceback_of


def log_plainly(settings: Settings, *, to: TextIO = sys.stdout) -> None:
    """Sets logging up for the whole process; what libraries log comes in the same form, from WARNING up."""
    shape: list[Processor] = [_for_people(to)] if settings.development else [_in_order, _json]
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*common, _with_traceback, *shape],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(to),
    )
    _let_libraries_speak([*common, structlog.stdlib.add_logger_name], shape, to)


def _let_libraries_speak(common: list[Processor], shape: list[Processor], to: TextIO) -> None:
    handler = logging.StreamHandler(to)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _with_traceback,
                *shape,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # of peers that have gone, whoever wrote to them says more


_with_traceback = structlog.processors.ExceptionRenderer(lambda exc_info: traceback_of(exc_info[1]))


def _for_people(to: TextIO) -> structlog.dev.ConsoleRenderer:
    # its usual formatters print local variables
    return structlog.dev.ConsoleRenderer(
        colors=to.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )


def _in_order(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Puts first what a person looks for first."""
    first = {name: event.pop(name) for name in ("timestamp", "level", "event") if name in event}
    return {**first, **event}


def _json(_: WrappedLogger, __: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str).decode()
