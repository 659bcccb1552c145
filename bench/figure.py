"""What a benchmark found: a number, what it shall be, and whether it is."""

import math
import os
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Figure:
    """`at_most` and `at_least` are the project's targets; a figure with neither is there to be looked at."""

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool | None:
        """None: nothing was promised."""
        if self.at_most is None and self.at_least is None:
            return None
        low = -math.inf if self.at_least is None else self.at_least
        return low <= self.value <= (math.inf if self.at_most is None else self.at_most)

    def __str__(self) -> str:
        target = ""
        if self.at_most is not None:
            target = f"≤ {self.at_most:g}"
        elif self.at_least is not None:
            target = f"≥ {self.at_least:g}"
        verdict = {None: "", True: "pass", False: "MISS"}[self.met]
        return f"  {self.name:<58} {self.value:>10,.2f} {self.unit:<14} {target:<8} {verdict}"


def best(figures: Iterable[float], *, of: Callable[[Iterable[float]], float] = min) -> float:
    """Of interleaved rounds: what a shared machine disturbed least."""
    return of(list(figures))


def percentile(values: Sequence[float], share: float) -> float:
    """`share` from 0 to 1, of the ordered values; the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def machine() -> str:
    """What the numbers depend on."""
    memory = psutil.virtual_memory().total / 2**30
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} × {_processor()}, {memory:.0f} GB, {platform.system()} {platform.release()},"
        f" Python {platform.python_version()}, load {load:.1f} at the start"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
