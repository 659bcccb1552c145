"""
Allowances per minute: full at first, spent at once or bit by bit, refilled evenly.

One number for each spender, forgotten once it is full again. The `limits` library, which counts attempts to sign in,
walks over all its keys with each hit: too slow for every operation of everybody.
"""

from collections.abc import Hashable
from datetime import UTC, datetime, timedelta
from math import ceil
from time import monotonic

from graph.engine.transport import RequestCode, RequestError

MINUTE = 60.0


class Allowances:
    """`amount` a minute for each. Refusals have this `code`, and call a spender `whose`, as in "a person"."""

    def __init__(self, whose: str, amount: int, code: RequestCode = RequestCode.LIMIT_EXCEEDED) -> None:
        self._whose, self._amount, self._code = whose, amount, code
        self._full_at: dict[Hashable, float] = {}  # all that is missing fills up by then
        self._sweep_at = monotonic() + MINUTE

    def check(self, spender: Hashable, cost: int) -> None:
        """Raises RequestError, with the time from when on there is enough for `cost`."""
        missing = self._missing(spender)
        if missing + cost > self._amount:
            raise self._refused(cost, missing)

    def spend(self, spender: Hashable, cost: int) -> None:
        now = monotonic()
        self._full_at[spender] = max(now, self._full_at.get(spender, now)) + cost / self._amount * MINUTE
        if now > self._sweep_at:
            self._full_at = {spender: full_at for spender, full_at in self._full_at.items() if full_at > now}
            self._sweep_at = now + MINUTE

    def _missing(self, spender: Hashable) -> float:
        full_at = self._full_at.get(spender)
        return 0 if full_at is None else max(0.0, full_at - monotonic()) * self._amount / MINUTE

    def _refused(self, cost: int, missing: float) -> RequestError:
        if cost > self._amount:
            words = f"This costs {cost:,}; {self._whose} may ask for {self._amount:,} a minute. Ask for less at once."
            return RequestError(self._code, words)
        seconds = ceil((missing + cost - self._amount) * MINUTE / self._amount)
        return RequestError(
            self._code,
            f"This costs {cost:,}; of the {self._amount:,} that {self._whose} may ask for in a minute "
            f"{int(self._amount - missing):,} are left. It is possible again in {seconds} seconds.",
            retry_at=datetime.now(UTC) + timedelta(seconds=seconds),
        )
