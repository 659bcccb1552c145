"""When digests are due: at 07:00 on the firm's clocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from models.ground import clock, store
from models.time_zone import zone_of

AT = time(7)
ZONE = "f.time_zone"
"""SQL: the time zone of firm `f`, as the IANA names it."""


@dataclass(frozen=True, slots=True)
class Morning:
    """The last 07:00 that is past in a time zone: the day there, and the moment."""

    zone: str
    day: date
    at: datetime


def morning_in(zone: str) -> Morning:
    """Clocks that are put forward or back never bring 07:00 twice to one day, nor leave it out."""
    there = zone_of(zone)
    now = clock.now()
    today = now.astimezone(there).date()
    for day in (today, today - timedelta(days=1)):
        # compared as moments: on a wall clock an hour may come twice
        if (at := datetime.combine(day, AT, there).astimezone(now.tzinfo)) <= now:
            break
    return Morning(zone, day, at)


async def mornings() -> Sequence[Morning]:
    """Of all time zones that firms have."""
    zones = await store.rows(f"SELECT DISTINCT {ZONE} AS zone FROM firm f ORDER BY 1")
    return [morning_in(zone) for (zone,) in zones]
