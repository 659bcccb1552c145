"""
Our connection to the database. It tells PostgreSQL whose request a transaction serves, for pg_stat_activity and, by
`%a`, its log; and it keeps no plan of what is to be planned each time.
"""

import re
from typing import Any

import asyncpg
import structlog

from models.ground.store.where import AFRESH

NAME = "switchboard"
ALONE = "switchboard-keys"
"""Of a process that wants to know whether another one is there (`alone`)."""
CHANNEL = "switchboard"
"""Where wake-ups go: the firm's id and its head, as in `0192… 1042`."""
SANE = re.compile(r"[A-Za-z0-9._-]{1,51}")  # PostgreSQL keeps 63 bytes of an application's name


class Connection(asyncpg.Connection):
    """
    Takes the request's id along with BEGIN, in the same message: 3 % of the smallest transaction (SET by itself 15 %).

    Reads outside a transaction are not named. An id in a comment makes a new text of each statement, which asyncpg
    prepares anew (2.3 times the time of a short read); the slow ones stand in our own log, with the id.
    """

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        if query == "BEGIN;" and (request_id := _request()):
            query = f"BEGIN; SET LOCAL application_name = '{NAME} {request_id}'"
        return await super().execute(query, *args, timeout=timeout)

    async def _get_statement(self, query: str, timeout: float | None, **how: Any) -> Any:
        # asyncpg's own, for want of a public way; the tests that count blocks fail where it is called no more
        if query.startswith(AFRESH):
            how["use_cache"] = False
        return await super()._get_statement(query, timeout, **how)  # type: ignore[misc]


def _request() -> str | None:
    """The id that the log has in its context."""
    sane = SANE.match(str(structlog.contextvars.get_contextvars().get("request_id", "")))
    return sane[0] if sane else None
