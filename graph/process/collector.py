"""Python's garbage collector, adapted to our processes."""

import gc


def collect_rarely() -> None:
    """
    Call it once all is imported and opened: what is there now is collected no more, and the rest a hundredth as often.
    A third of the slowest answers were the collector.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
