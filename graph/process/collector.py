"""Python's garbage collector, told what a process of ours is like."""

import gc


def collect_rarely() -> None:
    """
    Once all is imported and opened: what is there now stays, so the collector looks at it no more, and at the rest a
    hundredth as often. A third of the slowest answers were the collector.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
