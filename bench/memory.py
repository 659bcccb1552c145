"""How much memory this process takes at its peak, from a moment on."""

import sys
from contextlib import suppress
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import psutil


def forget_peak() -> float:
    """What it takes now, in MB. `peak` counts from here where the system can do that (Linux), else from its start."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return float(psutil.Process().memory_info().rss) / 1e6


def peak() -> float:
    """In MB."""
    return getrusage(RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
