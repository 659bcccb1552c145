"""Firms one after the other: an error at one of them does not stop the others."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec

import structlog

from models.ground import store
from models.viewer import System

Given = ParamSpec("Given")
OfFirm = Callable[Concatenate[System, Given], Awaitable[int]]
log = structlog.get_logger("inbox_mail")


def by_itself(of_firm: OfFirm[Given]) -> OfFirm[Given]:
    """An error is logged, and 0 answered: the next look tries that firm again. Raises Away."""

    @wraps(of_firm)
    async def tried(by: System, /, *args: Given.args, **named: Given.kwargs) -> int:
        try:
            return await of_firm(by, *args, **named)
        except store.Away:
            raise
        except Exception as error:
            log.warning("inbox_mail.firm_failed", firm=str(by.firm_id), error=type(error).__name__)
            return 0

    return tried
